"""The predictions page: a query typed with suggestions, mistakes shown where they are, many images decided at once and taken back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from relens.testing.tiny_models import detector
from tests.browser.world import Walker
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
PATH = "/deployments/spotter/predictions"


@pytest.fixture(scope="module")
def spotter(server: Server) -> Server:
    version = server.http.post("/api/v1/models/spotter/versions", files={"file": ("model.onnx", detector())}).json()
    for name in ("spotter", "watcher"):
        server.http.post("/api/v1/deployments", json={"name": name, "model_version": version["id"], "threshold": 0.3})
    return server


@pytest.fixture
def found(spotter: Server, walker: Walker) -> Page:
    """The page with twelve images, four of them from line-2."""
    walker.send("spotter", range(8), source="line-1")
    walker.send("spotter", range(8, 12), source="line-2")
    walker.open(PATH)
    expect(walker.page.get_by_role("gridcell")).to_have_count(12)
    return walker.page


def test_a_query_is_typed_with_suggestions_and_kept(found: Page) -> None:
    bar = found.get_by_label("Query", exact=True)
    bar.press_sequentially("sou")
    expect(found.get_by_role("listbox").get_by_role("option", name="source")).to_be_visible()
    bar.press("ArrowDown")
    bar.press("Enter")
    expect(bar).to_have_value("source ")
    bar.press_sequentially('= "line-2"')
    bar.press("Escape")
    bar.press("Enter")
    expect(found.get_by_role("gridcell")).to_have_count(4)
    expect(found.get_by_label("Source")).to_have_value("line-2")
    found.reload()
    expect(found.get_by_role("gridcell")).to_have_count(4)
    found.get_by_role("button", name="Saved queries").click()
    found.get_by_role("button", name="Save this query").click()
    found.get_by_role("button", name="Clear the query").click()
    expect(found.get_by_role("gridcell")).to_have_count(12)
    found.get_by_role("button", name="Saved queries").click()
    found.get_by_role("button", name='source = "line-2"', exact=True).click()
    expect(found.get_by_role("gridcell")).to_have_count(4)


def test_a_mistake_is_shown_where_it_is(found: Page) -> None:
    bar = found.get_by_label("Query", exact=True)
    bar.fill('source = "line-1" and labl = "red"')
    bar.press("Enter")
    expect(found.get_by_role("alert")).to_contain_text("did you mean 'label'")
    expect(found.locator("u")).to_have_text("labl")
    expect(bar).to_have_attribute("aria-invalid", "true")


def test_many_images_are_decided_at_once_by_keyboard_and_taken_back(found: Page, walker: Walker) -> None:
    first = found.get_by_role("gridcell").first
    first.focus()
    found.keyboard.press("Space")
    found.keyboard.press("Shift+ArrowRight")
    found.keyboard.press("Shift+ArrowRight")
    chosen = found.get_by_role("region", name="Chosen images")
    expect(chosen).to_contain_text("3 chosen")
    found.keyboard.press("x")
    found.get_by_label("Reason").fill("Too dark")
    found.keyboard.press("Enter")
    expect(chosen).to_contain_text("3 images marked unusable")
    path = "/api/v1/deployments/spotter/verdicts"
    said = walker.server.http.get(path, params={"status": "unusable"}).json()["items"]
    assert [one["reason"] for one in said] == ["Too dark"] * 3
    chosen.get_by_role("button", name="Undo").click()
    expect(chosen).to_contain_text("as before")
    assert walker.server.http.get(path, params={"status": "unusable"}).json()["items"] == []


def test_nothing_of_the_last_query_can_be_chosen_for_the_next(found: Page) -> None:
    held: list[Route] = []
    found.route(re.compile(r"/predictions\?.*line-2"), lambda route: held.append(route))
    grid, chosen = found.get_by_role("grid", name="Images"), found.get_by_role("region", name="Chosen images")
    found.get_by_role("gridcell").first.focus()
    found.keyboard.press("Space")
    expect(chosen).to_contain_text("1 chosen")
    found.get_by_label("Source").select_option("line-2")
    expect(grid).to_have_attribute("aria-busy", "true")
    expect(chosen).to_have_count(0)
    found.get_by_role("gridcell").first.focus()
    found.keyboard.press("Control+a")
    found.keyboard.press("x")
    expect(found.get_by_role("checkbox").first).to_be_disabled()
    expect(chosen).to_have_count(0)
    for route in held:
        route.continue_()
    expect(found.get_by_role("gridcell")).to_have_count(4)
    expect(grid).to_have_attribute("aria-busy", "false")
    expect(chosen).to_have_count(0)
    found.get_by_role("gridcell").first.focus()
    found.keyboard.press("Control+a")
    expect(chosen).to_contain_text("4 chosen")


def test_the_table_is_sorted_by_its_heads_and_enter_opens_an_image(found: Page) -> None:
    found.get_by_role("button", name="Table").click()
    found.get_by_role("button", name="Latency").click()
    expect(found.get_by_role("columnheader", name="Latency")).to_have_attribute("aria-sort", "descending")
    assert "sort=-latency" in found.url
    assert "view=table" in found.url
    found.get_by_role("gridcell").first.focus()
    found.keyboard.press("ArrowDown")
    found.keyboard.press("Enter")
    expect(found.get_by_role("heading", name="Walk back")).to_be_visible()


def test_the_keyboard_stays_with_its_image_when_new_ones_arrive(spotter: Server, walker: Walker, page: Page) -> None:
    walker.send("watcher", range(12))
    walker.open("/deployments/watcher/predictions?view=table")
    expect(page.get_by_role("gridcell")).to_have_count(12)
    page.get_by_role("gridcell").first.focus()
    here = page.locator("[data-place]:focus")
    expect(here).to_contain_text("scene-11.jpg")
    walker.send("watcher", range(12, 14))
    expect(page.get_by_role("gridcell")).to_have_count(14)
    expect(here).to_contain_text("scene-11.jpg")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="scene-11.jpg")).to_be_visible()
