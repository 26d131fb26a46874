"""Each key of the review as the sheet behind "?" says it; outlines corner by corner; going on where one left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from relens.testing.tiny_models import COLOURS, classifier, detector, segmenter
from tests.browser.test_review import decided, review, shown, verdicts
from tests.browser.world import Walker, until
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
TWELVE = (*COLOURS, "amber", "brown", "coral", "cyan", "gold", "grey", "lilac", "olive", "tartan")


@pytest.fixture(scope="module")
def deployed(server: Server) -> Server:
    for name, onnx in (
        ("twelve", detector(TWELVE)),
        ("clash", detector()),
        ("again", detector()),
        ("outline", segmenter()),
        ("whole", classifier()),
    ):
        version = server.http.post(f"/api/v1/models/{name}/versions", files={"file": ("model.onnx", onnx)}).json()
        server.http.post("/api/v1/deployments", json={"name": name, "model_version": version["id"], "threshold": 0.3})
    return server


def test_each_key_does_what_the_sheet_says(deployed: Server, walker: Walker, page: Page) -> None:
    walker.send("twelve", range(3))
    review(walker, "twelve")
    image = page.get_by_label("Image", exact=True)
    boxes = page.get_by_label("Decision").get_by_role("listitem")
    chosen = page.locator("li[data-selected=true]")
    for key, tool in (("h", "Hide"), ("l", "Hide names"), ("d", "Draw")):
        button = page.get_by_role("toolbar").get_by_role("button", name=tool, exact=True)
        page.keyboard.press(key)
        expect(button).to_have_attribute("aria-pressed", "true")
        page.keyboard.press(key)
        expect(button).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Tab")
    expect(chosen).to_contain_text("red")
    page.keyboard.press("/")
    page.keyboard.type("tart")
    page.keyboard.press("Enter")
    expect(chosen).to_contain_text("tartan")
    # Typing is over: the keyboard stands on the image, and Tab goes on from there.
    expect(image).to_be_focused()
    page.keyboard.press("0")
    expect(chosen).to_contain_text("lilac")
    page.keyboard.press("Delete")
    expect(boxes).to_contain_text("None.")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(chosen).to_contain_text("tartan")
    page.keyboard.press("Control+Shift+z")
    expect(chosen).to_contain_text("lilac")
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)
    page.keyboard.press("q")
    page.keyboard.type("Is it lilac?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(image).to_be_focused()
    page.keyboard.press("Enter")
    decided(page, 1)
    until(lambda: len(verdicts(deployed, "twelve", "corrected")) == 1)
    assert [one["label"] for one in verdicts(deployed, "twelve", "corrected")[0]["annotations"]] == ["lilac"]  # type: ignore[attr-defined]


def test_a_key_that_was_taken_from_another_action_is_no_longer_shown_there(
    deployed: Server, walker: Walker, page: Page
) -> None:
    ids = walker.send("clash", range(20, 22))
    review(walker, "clash")
    page.keyboard.press("?")
    page.get_by_label("Key for: Save", exact=False).click()
    page.keyboard.press("n")
    expect(page.get_by_label("Key for: Nothing here", exact=False)).to_have_text("no key")
    page.get_by_label("Key for: Next box", exact=False).click()
    page.keyboard.press("j")
    expect(page.get_by_role("dialog").locator("div", has_text="Previous box").last).to_contain_text("ShiftJ")
    page.keyboard.press("Escape")
    decision = page.get_by_label("Decision")
    expect(decision.get_by_role("button", name="Accept")).to_contain_text("N")
    expect(decision.get_by_role("button", name="Nothing here").locator("kbd")).to_have_count(0)
    page.keyboard.press("n")
    decided(page, 1)
    until(lambda: "accepted" in map(walker.review_of, ids))
    page.keyboard.press("?")
    page.get_by_role("button", name="Back to the usual keys").click()
    expect(page.get_by_label("Key for: Nothing here", exact=False)).to_have_text("N")


def test_the_sheet_shows_only_keys_that_mean_something_there(deployed: Server, walker: Walker, page: Page) -> None:
    walker.send("whole", range(3))
    sheet = page.get_by_role("dialog", name="Keys")
    review(walker, "whole")
    page.keyboard.press("?")
    expect(sheet).to_contain_text("That label, and on to the next image")
    expect(sheet).not_to_contain_text("box")
    page.keyboard.press("Escape")
    walker.open("/deployments/whole/review?mode=grid")
    first = page.locator("[data-tile='0']")
    expect(first).to_be_focused()
    page.keyboard.press("?")
    expect(sheet).to_contain_text("Accept all that are not marked")
    expect(sheet).not_to_contain_text("label")
    page.keyboard.press("Escape")
    expect(first).to_be_focused()
    page.keyboard.press("Space")
    expect(first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    until(lambda: len(verdicts(deployed, "whole", "accepted")) == 2)


def test_an_outline_is_drawn_corner_by_corner_and_its_last_corner_taken_back(
    deployed: Server, walker: Walker, page: Page
) -> None:
    walker.send("outline", range(1))
    review(walker, "outline")
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    expect(page.get_by_label("Decision").get_by_text("corner by corner", exact=False)).to_be_visible()
    stage = page.get_by_label("The image under review", exact=False).bounding_box()
    assert stage is not None

    def press(x: float, y: float) -> None:
        page.mouse.click(stage["x"] + stage["width"] * x, stage["y"] + stage["height"] * y)

    for corner in ((0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.9, 0.9)):
        press(*corner)
    page.keyboard.press("Control+z")
    # The last corner is gone, and nothing that was done before: the deleted outline is still deleted.
    expect(page.get_by_label("Decision").get_by_text("corner by corner", exact=False)).to_be_visible()
    press(0.3, 0.6)
    page.keyboard.press("Enter")
    expect(page.locator("li[data-selected=true]")).to_have_count(1)
    page.keyboard.press("Enter")
    until(lambda: len(verdicts(deployed, "outline", "corrected")) == 1)
    said = verdicts(deployed, "outline", "corrected")[0]["annotations"]
    assert isinstance(said, list)
    assert len(said) == 1
    assert len(said[0]["polygon"][0]) == 8
    assert said[0]["polygon"][0][4] < 70


def otherwise(route: Route) -> None:
    """What the server has, the last first: asked anew it may well put another image in front."""
    answer = route.fetch()
    found = answer.json()
    route.fulfill(response=answer, json={**found, "items": found["items"][::-1]})


def test_a_person_goes_on_where_they_left_with_what_was_drawn(deployed: Server, walker: Walker, page: Page) -> None:
    for number in range(6):
        walker.send("again", range(40 + number, 41 + number), source=f"belt-{number}")
    review(walker, "again")
    boxes = page.get_by_label("Decision").get_by_role("listitem")
    origin = page.get_by_label("Decision").get_by_text("belt-", exact=False)
    page.keyboard.press("Enter")
    decided(page, 1)
    shown(page)
    left = origin.inner_text().split(" ")[0]
    page.keyboard.press("b")
    expect(boxes).to_have_count(2)
    until(lambda: bool(page.evaluate("localStorage.getItem('relens.draft')")))
    until(lambda: len(verdicts(deployed, "again", "accepted")) == 1)
    page.route("**/queue?*", otherwise)
    page.reload()
    shown(page)
    expect(origin).to_contain_text(left)
    expect(boxes).to_have_count(2)
