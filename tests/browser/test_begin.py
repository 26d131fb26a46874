"""What a server says before it has a deployment, and what it says of time to somebody whose clock goes wrong."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from relens.testing.tiny_models import detector
from tests.browser.world import Walker, trainer_command, until
from tests.server_process import Server, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
STORY = "One camera darkens: look at what has moved."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("home") / "relens") as started:
        yield started


def test_the_demo_is_offered_until_something_has_begun(
    server: Server, walker: Walker, page: Page, tmp_path: Path
) -> None:
    demo = page.get_by_text("relens demo", exact=True)
    walker.open("/")
    expect(demo).to_be_visible()
    walker.import_dataset("parts", {"train": 6, "validation": 3, "test": 3})
    walker.open("/")
    expect(page.get_by_role("heading", name="Use your own model")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(demo).to_have_count(0)
    wish = {
        "trainer": "command",
        "model": "finder",
        "dataset_version": "parts/latest",
        "parameters": {"command": trainer_command(tmp_path)},
    }
    server.http.post("/api/v1/training-runs", json=wish).raise_for_status()
    expect(page.get_by_role("heading", name="Training finder")).to_be_visible()
    walker.press("Look at it", "link")
    expect(page.get_by_role("heading", name="Training finder", level=1)).to_be_visible()


@pytest.mark.parametrize("wrong_by", [timedelta(minutes=-10), timedelta(minutes=10)])
def test_a_clock_that_goes_wrong_takes_nothing_that_runs_for_stopped(
    server: Server, page: Page, wrong_by: timedelta
) -> None:
    name = f"told{wrong_by.days}"
    version = server.http.post(f"/api/v1/models/{name}/versions", files={"file": ("model.onnx", detector())}).json()
    story = {
        "station": "watch",
        "sentence": STORY,
        "page": "#drift",
        "over": False,
        "at": datetime.now(UTC).isoformat(),
    }
    wish = {"name": name, "model_version": version["id"], "threshold": 0.3, "settings": {"story": story}}
    server.http.post("/api/v1/deployments", json=wish).raise_for_status()
    Walker(page, server).send(name, range(1))
    page.clock.install(time=datetime.now(UTC) + wrong_by)
    page.goto(f"/deployments/{name}")
    told = page.get_by_label("What is happening")
    expect(told).to_contain_text(STORY)
    page.clock.run_for(12_000)
    expect(told).to_contain_text(STORY)
    expect(page.get_by_role("banner").locator("time").last).to_have_text(re.compile(r"^(just now|\d+ s ago)$"))


def test_a_chip_stands_close_to_a_short_name(server: Server, page: Page) -> None:
    version = server.http.post("/api/v1/models/ab/versions", files={"file": ("model.onnx", detector())}).json()
    server.http.post("/api/v1/deployments", json={"name": "ab", "model_version": version["id"], "threshold": 0.3})
    page.goto("/deployments/ab")
    written = page.get_by_role("heading", level=1).locator("span").bounding_box()
    chip = page.get_by_role("banner").get_by_text("Live", exact=True).bounding_box()
    assert written is not None
    assert chip is not None
    assert chip["x"] - (written["x"] + written["width"]) < 28


def test_the_names_of_boxes_can_be_read_on_a_phone(server: Server, walker: Walker, page: Page) -> None:
    version = server.http.post("/api/v1/models/near/versions", files={"file": ("model.onnx", detector())}).json()
    server.http.post("/api/v1/deployments", json={"name": "near", "model_version": version["id"], "threshold": 0.3})
    (image,) = walker.send("near", range(1))
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        walker.open(f"/deployments/near/predictions/{image}")
        name = page.get_by_role("main").locator("svg text").first
        expect(name).to_be_visible()
        box = name.bounding_box()
        assert box is not None
        assert 11 <= box["height"] <= 18, f"{box['height']:.1f} px at {width} px"


def test_the_open_place_stays_in_sight_when_a_count_comes_beside_another(
    server: Server, walker: Walker, page: Page
) -> None:
    walker.import_dataset("waiting", {"train": 6, "validation": 3, "test": 3})
    wish = {
        "trainer": "command",
        "model": "waiting",
        "dataset_version": "waiting/latest",
        "parameters": {"command": f"{sys.executable} -c 'import time; time.sleep(60)'"},
    }
    run = server.http.post("/api/v1/training-runs", json=wish).raise_for_status().json()
    until(lambda: server.http.get(f"/api/v1/training-runs/{run['id']}").json()["state"] == "running")
    page.set_viewport_size({"width": 360, "height": 800})
    held: list[Route] = []
    page.route("**/api/v1/jobs?**", lambda route: held.append(route))
    page.goto("/system")
    here = page.get_by_role("navigation", name="Main").get_by_role("link", name="System")
    expect(here).to_be_in_viewport(ratio=1)
    page.unroute("**/api/v1/jobs?**")  # lets it go
    expect(page.get_by_role("navigation", name="Main").get_by_title("1 running")).to_have_count(1)
    expect(here).to_be_in_viewport(ratio=1)
    server.http.post(f"/api/v1/training-runs/{run['id']}/cancel").raise_for_status()
