"""Every page draws itself, empty and filled, light and dark, wide and narrow, under a path prefix too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from relens.testing.tiny_models import detector
from tests.browser.world import Walker
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
PLACES = ("/", "/models", "/datasets", "/training", "/alerts", "/jobs", "/system", "/system/api")
INSIDE = ("", "/predictions", "/review", "/loop", "/settings")


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    """Fails when the server refuses something a page asks for."""
    refused: list[str] = []

    def look(response: Response) -> None:
        if response.status >= 400:
            refused.append(f"{response.status} {response.url}")

    page.on("response", look)
    yield page
    assert not refused, refused


def test_every_page_of_an_empty_server_says_how_to_begin(watched: Page) -> None:
    for place in PLACES:
        watched.goto(place)
        expect(watched.get_by_role("main")).to_be_visible()
        expect(watched.get_by_role("heading").first).to_be_visible()
    watched.goto("/jobs")
    expect(watched.get_by_text("No long work yet")).to_be_visible()


def test_every_page_of_a_deployment_is_drawn(watched: Page, server: Server) -> None:
    walker = Walker(watched, server)
    version = server.http.post("/api/v1/models/spotter/versions", files={"file": ("model.onnx", detector())}).json()
    server.http.post("/api/v1/deployments", json={"name": "spotter", "model_version": version["id"], "threshold": 0.3})
    first = walker.send("spotter", range(8))[0]
    inside = [f"/deployments/spotter{tab}" for tab in INSIDE]
    for scheme, width in (("light", 1440), ("dark", 360)):
        watched.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        watched.set_viewport_size({"width": width, "height": 900})
        for place in (*PLACES, "/models/spotter/1", *inside, f"/deployments/spotter/predictions/{first}"):
            watched.goto(place)
            expect(watched.get_by_role("heading").first).to_be_visible()
            expect(watched.locator("[aria-busy=true]")).to_have_count(0)
            sideways = watched.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert sideways <= 0, f"{place} scrolls sideways by {sideways} px at {width} px"


def test_filters_live_in_the_address_and_a_click_opens_the_image(watched: Page, server: Server) -> None:
    walker = Walker(watched, server)
    walker.send("spotter", range(20, 24), source="line-7")
    walker.open("/deployments/spotter/predictions")
    watched.get_by_label("Source").select_option("line-7")
    expect(watched.get_by_label("Query", exact=True)).to_have_value('source = "line-7"')
    assert "line-7" in watched.url
    cards = watched.get_by_role("main").locator("a[href*='/predictions/']")
    expect(cards).to_have_count(4)
    cards.first.click()
    expect(watched.get_by_role("heading", name="Walk back")).to_be_visible()
    watched.keyboard.press("Escape")
    expect(watched.get_by_label("Review")).to_be_visible()


def test_an_alert_rule_is_made_read_and_deleted(watched: Page, server: Server) -> None:
    watched.goto("/deployments/spotter/settings")
    alerts = watched.locator("#alerts")
    alerts.get_by_label("Metric").select_option(label="latency p95")
    alerts.get_by_label("Number").fill("250")
    alerts.get_by_role("button", name="Save").click()
    expect(alerts.get_by_text("Latency p95 above 250 ms")).to_be_visible()
    alerts.get_by_role("button", name="Delete").click()
    expect(alerts.get_by_text("Latency p95 above 250 ms")).to_have_count(0)


def test_everything_is_backed_up_by_one_press_while_the_server_answers(watched: Page) -> None:
    watched.goto("/system")
    watched.get_by_role("button", name="Back up now").click()
    bring = watched.get_by_role("button", name="Bring back…")
    bring.click()
    expect(watched.get_by_role("dialog").get_by_label("Commands that bring it back")).to_contain_text(
        "relens serve --home"
    )
    watched.keyboard.press("Escape")
    watched.get_by_role("button", name="Delete").click()
    watched.get_by_role("button", name="Delete it").click()
    expect(bring).to_have_count(0)


def test_runs_that_are_gone_are_said_to_be_gone_beside_those_that_are_compared(page: Page) -> None:
    page.goto("/training/compare?runs=no-such-run,nor-this")
    expect(page.get_by_text("no-such-run")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def test_on_a_narrow_screen_the_place_that_is_open_is_in_sight(watched: Page) -> None:
    watched.set_viewport_size({"width": 360, "height": 800})
    for place, name in (("/system", "System"), ("/deployments/spotter/settings", "Settings")):
        watched.goto(place)
        here = watched.locator("[aria-current=page]", has_text=name)
        expect(here).to_be_visible()
        box = here.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360, f"{name} lies outside"


def test_the_same_build_works_under_a_path_prefix(browser: Browser, server: Server) -> None:
    context = browser.new_context()
    page = context.new_page()

    def proxy(route, request) -> None:  # type: ignore[no-untyped-def]
        """A reverse proxy that serves Relens under /tools/relens/."""
        answer = server.http.request(request.method, request.url.split("/tools/relens", 1)[1] or "/")
        route.fulfill(
            status=answer.status_code, headers={"content-type": answer.headers["content-type"]}, body=answer.content
        )

    page.route("**/tools/relens/**", proxy)
    page.goto(f"{server.url}/tools/relens/deployments/spotter/predictions")
    expect(page.get_by_role("heading", name="spotter")).to_be_visible()
    page.get_by_role("link", name="Models", exact=True).click()
    expect(page).to_have_url(f"{server.url}/tools/relens/models")
    context.close()
