"""Dialogs by keyboard and on a phone; what is dropped with the mouse; menus that give the keyboard back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from relens.testing.tiny_models import detector
from tests.browser.test_review import shown
from tests.browser.world import Walker, coco_zip
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

DIALOGS = {
    "/training": ["Start a run"],
    "/alerts": ["Add a channel"],
    "/models": ["Register a model"],
    "/models/lamp/1": ["Deploy"],
    "/deployments/lamp": ["Send images", "Custom…"],
    "/deployments/lamp/review": ["Team", "Review in another tool", "What comes next", "Keys"],
    "/deployments/lamp/settings": ["Archive"],
}


@pytest.fixture(scope="module")
def lamp(server: Server) -> Server:
    version = server.http.post("/api/v1/models/lamp/versions", files={"file": ("model.onnx", detector())}).json()
    server.http.post("/api/v1/deployments", json={"name": "lamp", "model_version": version["id"], "threshold": 0.3})
    return server


@pytest.mark.parametrize("path", DIALOGS)
def test_a_dialog_takes_the_keyboard_and_gives_it_back(lamp: Server, walker: Walker, page: Page, path: str) -> None:
    walker.send("lamp", range(2))
    walker.open(path)
    if path.endswith("/review"):
        # The image takes the keyboard as it appears.
        shown(page)
    for name in DIALOGS[path]:
        opener = page.get_by_role("button", name=name, exact=True).first
        expect(opener).to_be_enabled()
        opener.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(page.locator("[role=dialog]:focus, [role=dialog] :focus")).to_have_count(1)
        expect(dialog.get_by_role("button", name="Close", exact=True)).not_to_be_focused()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(opener).to_be_focused()


def test_the_keyboard_begins_at_the_first_field_and_where_it_is_sure_at_what_does_nothing(
    lamp: Server, walker: Walker, page: Page
) -> None:
    walker.open("/training")
    walker.press("Start a run")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("input, select, textarea").first).to_be_focused()
    walker.open("/models/lamp/1")
    walker.press("Deploy")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    walker.send("lamp", range(2))
    walker.open("/deployments/lamp/review")
    shown(page)
    walker.press("What comes next")  # its fields come later
    expect(dialog.get_by_role("slider")).to_be_focused()
    walker.open("/system")
    walker.press("Back up now")
    walker.press("Delete")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Delete", exact=True)).to_have_count(1)


def test_what_the_server_refuses_is_in_sight_on_a_phone(browser: Browser, lamp: Server) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, base_url=lamp.url)
    page = context.new_page()
    page.goto("/models/lamp/1")
    page.get_by_role("button", name="Deploy", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("lamp")
    dialog.get_by_role("button", name="Deploy").click()
    refused = dialog.get_by_text("There is a deployment 'lamp' already", exact=False)
    expect(refused).to_be_in_viewport(ratio=1)
    box, frame = refused.bounding_box(), dialog.get_by_role("button", name="Deploy").bounding_box()
    assert box is not None
    assert frame is not None
    assert box["y"] + box["height"] <= frame["y"], "it lies behind the buttons"
    context.close()


def test_a_zip_is_dropped_on_the_page_and_imported(walker: Walker, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "dropped.zip"
    file.write_bytes(coco_zip({"train": 4, "test": 2}))
    walker.open("/datasets")
    place = page.get_by_text("Drop a zip or a folder here").bounding_box()
    assert place is not None
    mouse = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        at = {"x": place["x"] + 10, "y": place["y"] + 5}
        mouse.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})
    walker.press("Import")
    expect(page.get_by_role("link", name="dropped v1")).to_be_visible()


def test_the_menu_of_saved_queries_gives_the_keyboard_back(lamp: Server, walker: Walker, page: Page) -> None:
    walker.open("/deployments/lamp/predictions?q=label+%3D+red")
    star = page.get_by_role("button", name="Saved queries")
    star.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save this query").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Forget this query")).to_have_count(0)
    expect(star).to_be_focused()


def test_a_chip_is_seen_on_a_chosen_line(lamp: Server, walker: Walker, page: Page) -> None:
    walker.send("lamp", range(3))
    walker.open("/deployments/lamp/predictions")
    page.get_by_text("Table", exact=True).click()
    line = page.locator("[role=gridcell]").first
    line.focus()
    page.keyboard.press("Space")
    expect(line).to_have_attribute("aria-selected", "true")
    ground = line.evaluate("(line) => getComputedStyle(line).backgroundColor")
    chip = line.get_by_text("To review")
    assert chip.evaluate("(chip) => getComputedStyle(chip).backgroundColor") not in (ground, "rgba(0, 0, 0, 0)")
