"""Every address gives a page: also one that no page has, and also behind a proxy that lets Relens live under a prefix."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from relens.testing.tiny_models import detector
from tests.browser.test_accessible import found
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
PREFIX = "/tools/relens"


@pytest.fixture
def under_a_prefix(server: Server) -> Iterator[str]:
    """The address of a proxy that takes the prefix away before it hands on, as nginx's `proxy_pass http://relens/;` does."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith(PREFIX + "/"):
                self.send_error(404)
                return
            answer = httpx.get(server.url + self.path.removeprefix(PREFIX), headers={"Host": self.headers["Host"]})
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("content-type", "text/plain"))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{proxy.server_port}{PREFIX}"
    proxy.shutdown()
    proxy.server_close()


@pytest.mark.parametrize(
    "address", ["/nothing", "/nothing/of/the/sort", "/nothing/", "/deployment/x", "/models/a/1/2/3", "/a%2Fb/c"]
)
def test_an_address_that_no_page_has_says_so_and_leads_on(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    assert not found(page)
    page.get_by_role("link", name="Go to deployments").click()
    expect(page).to_have_url("/")


def test_a_mistyped_page_is_guessed(page: Page) -> None:
    page.goto("/dataset")
    page.get_by_role("link", name="/datasets", exact=True).click()
    expect(page.get_by_role("heading", name="Datasets", exact=True)).to_be_visible()


def test_every_page_works_under_a_prefix(server: Server, page: Page, under_a_prefix: str) -> None:
    version = server.http.post("/api/v1/models/spotter/versions", files={"file": ("model.onnx", detector())}).json()
    server.http.post("/api/v1/deployments", json={"name": "spotter", "model_version": version["id"]}).raise_for_status()
    page.goto(f"{under_a_prefix}/deployments/spotter/settings")
    expect(page.get_by_role("heading", name="spotter")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Models").click()
    expect(page).to_have_url(f"{under_a_prefix}/models")
    page.get_by_role("link", name="spotter", exact=True).click()
    page.get_by_role("link", name="spotter v1").click()
    expect(page).to_have_url(f"{under_a_prefix}/models/spotter/1")
    page.reload()
    expect(page.get_by_role("heading", name="spotter v1")).to_be_visible()
    page.goto(f"{under_a_prefix}/nothing/here")
    page.get_by_role("link", name="Go to deployments").click()
    expect(page).to_have_url(re.compile(f"{under_a_prefix}/?$"))


def test_a_file_of_an_older_build_is_missing_and_not_a_page(server: Server) -> None:
    assert server.http.get("/assets/index-of-long-ago.js").status_code == 404


def test_a_page_of_a_deployment_that_is_not_there_yet_does_not_flicker(server: Server, page: Page) -> None:
    """Each look at the server takes a while, as it does while a model trains beside it; what the page says stays meanwhile."""
    looks: list[str] = []

    def slowly(route: Route) -> None:
        looks.append(route.request.url)
        page.wait_for_timeout(200)
        route.continue_()

    page.route("**/deployments/later/overview", slowly)
    page.goto("/deployments/later")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.evaluate(
        """() => { window.gone = 0; new MutationObserver(() => { if (!document.querySelector("h1")) window.gone += 1; })
        .observe(document.body, {childList: true, subtree: true}); }"""
    )
    seen = len(looks)
    while len(looks) < seen + 2:
        page.wait_for_timeout(100)
    page.wait_for_timeout(300)
    assert page.evaluate("window.gone") == 0


def test_a_page_that_the_server_did_not_send_says_so_and_comes_when_it_is_asked_again(page: Page) -> None:
    page.route(re.compile("/assets/JobsPage|/api/v1/me"), lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Jobs").click()
    expect(page.get_by_text("The server did not send it")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("The server did not send it")).to_be_visible()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_the_menu_says_of_which_place_a_page_is(page: Page) -> None:
    here = page.get_by_role("navigation", name="Main").locator("[aria-current=page]")
    for address, place in (
        ("/deployments/none/loop", "Deployments"),
        ("/models/none/1", "Models"),
        ("/", "Deployments"),
    ):
        page.goto(address)
        expect(here).to_have_text(place)
