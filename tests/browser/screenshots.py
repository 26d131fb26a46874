"""Draws every page, light and dark, wide and narrow, into screenshots/: to be looked at.

python -m tests.browser.screenshots [URL]      a running server, or a small world of its own
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Error, sync_playwright

from relens.testing.tiny_models import detector
from tests.browser.chromium import chromium
from tests.browser.world import Walker
from tests.server_process import Server, running

WHERE = Path("screenshots")
OUTSIDE = ("/", "/models", "/datasets", "/training", "/alerts", "/jobs", "/system", "/system/api")
INSIDE = ("", "/predictions", "/predictions?view=table", "/review", "/review?mode=grid", "/loop", "/settings")
SIZES = (("wide", 1440), ("narrow", 360))


def places(url: str) -> list[str]:
    """Every kind of page that this server has something for."""
    with httpx.Client(base_url=f"{url}/api/v1") as http:
        found = list(OUTSIDE)
        for deployment in http.get("/deployments").json()["items"][:1]:
            base = f"/deployments/{deployment['name']}"
            found += [base + tab for tab in INSIDE]
            for one in http.get(f"{base}/predictions", params={"limit": 1}).json()["items"]:
                found.append(f"{base}/predictions/{one['id']}")
        for model in http.get("/models").json()["items"][:1]:
            found += [f"/models/{model['name']}", f"/models/{model['name']}/{model['versions']}"]
        for dataset in http.get("/datasets").json()["items"][:1]:
            found += [f"/datasets/{dataset['name']}", f"/datasets/{dataset['name']}/{dataset['versions']}"]
        for run in http.get("/training-runs").json()["items"][:1]:
            found.append(f"/training/{run['id']}")
    return found


def draw(browser: Browser, url: str) -> int:
    """Writes one file per page, scheme and width; how many."""
    done = 0
    for scheme in ("light", "dark"):
        for size, width in SIZES:
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,  # type: ignore[arg-type]
                base_url=url,
            )
            page = context.new_page()
            for place in places(url):
                page.goto(place)
                page.get_by_role("heading").first.wait_for()
                page.wait_for_function("!document.querySelector('[aria-busy=true]')")  # skeletons
                with suppress(Error):  # a page that asks again and again is never idle
                    page.wait_for_load_state("networkidle", timeout=3_000)
                name = place.strip("/").replace("/", " ").replace("?", " ") or "home"
                page.screenshot(path=WHERE / f"{name} {scheme} {size}.png", full_page=True)
                done += 1
            context.close()
    return done


def small_world(server: Server, browser: Browser) -> None:
    """A model, a deployment and some images."""
    version = server.http.post("/api/v1/models/spotter/versions", files={"file": ("model.onnx", detector())}).json()
    server.http.post("/api/v1/deployments", json={"name": "spotter", "model_version": version["id"], "threshold": 0.3})
    page = browser.new_page()
    walker = Walker(page, server)
    for line in (1, 2, 3):
        walker.send("spotter", range(20 * line, 20 * line + 20), source=f"line-{line}")
    page.close()


def main() -> None:
    WHERE.mkdir(exist_ok=True)
    with ExitStack() as stack:
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=chromium(), args=["--no-sandbox"]
        )
        if len(sys.argv) > 1:
            url = sys.argv[1].rstrip("/")
        else:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "relens"
            server = stack.enter_context(running(home))
            small_world(server, browser)
            url = server.url
        print(f"{draw(browser, url)} pictures in {WHERE}/")
        browser.close()


if __name__ == "__main__":
    main()
