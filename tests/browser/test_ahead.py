"""The code of the other pages comes while nothing else is to be done, and is here when somebody goes there."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from relens.testing.tiny_models import detector
from tests.browser.world import Walker, until
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SAVES_DATA = "Object.defineProperty(navigator.connection, 'saveData', { get: () => true })"
PART = re.compile(r"/assets/(\w+Page)-[^/]*\.js$")


@pytest.fixture
def came(page: Page) -> list[str]:
    """The parts of the pages in the order in which they have come."""
    names: list[str] = []
    page.on("requestfinished", lambda asked: names.extend(PART.findall(asked.url)))
    return names


def link(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.get_by_role("navigation", name="Main").get_by_role("link", name=name)


def here(page: Page, came: list[str], part: str) -> bool:
    page.wait_for_timeout(50)
    return part in came


def test_a_page_is_drawn_without_the_network_when_its_link_is_pressed_for_the_first_time(
    page: Page, came: list[str]
) -> None:
    page.goto("/")
    until(lambda: here(page, came, "ApiPage"))  # the last of them
    page.route("**/assets/**", lambda route: route.abort())
    for name in ("Jobs", "Datasets", "Training runs"):
        link(page, name).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_nothing_comes_ahead_of_what_the_open_page_asks_for(
    server: Server, walker: Walker, page: Page, came: list[str]
) -> None:
    version = server.http.post("/api/v1/models/ahead/versions", files={"file": ("model.onnx", detector())}).json()
    server.http.post("/api/v1/deployments", json={"name": "ahead", "model_version": version["id"], "threshold": 0.3})
    walker.send("ahead", range(3))
    held: list[Route] = []
    for what in ("**/api/v1/jobs?**", "**/api/v1/assets/**"):
        page.route(what, lambda route: held.append(route))
        page.goto("/deployments/ahead/predictions")
        until(lambda: not page.wait_for_timeout(50) and bool(held))
        page.wait_for_timeout(1500)  # long enough for all of them
        assert set(came) == {"DeploymentPage", "PredictionsPage"}
        page.unroute(what)  # lets those go that are held
        until(lambda: here(page, came, "ApiPage"))  # the last of them: none comes late and counts as the next page's
        came.clear()
        held.clear()


def test_where_data_is_saved_only_the_page_comes_that_is_pointed_at(page: Page, came: list[str]) -> None:
    page.add_init_script(SAVES_DATA)
    page.goto("/")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    assert came == []
    link(page, "Jobs").hover()
    until(lambda: here(page, came, "JobsPage"))
    link(page, "Models").focus()
    until(lambda: here(page, came, "ModelsPage"))
    assert came == ["JobsPage", "ModelsPage"]


def test_a_style_sheet_that_did_not_come_ahead_comes_with_its_page(page: Page, came: list[str]) -> None:
    sheet = re.compile(r"/assets/JobsPage-[^/]*\.css$")
    page.route(sheet, lambda route: route.abort())
    with page.expect_event("requestfailed", lambda asked: bool(sheet.search(asked.url))):
        page.goto("/")
    page.unroute(sheet)
    with page.expect_response(sheet) as again:
        link(page, "Jobs").click()
    assert again.value.ok
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
