"""The predictions page: a query typed with suggestions, mistakes shown where they are, many images decided at once and taken back."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, Route, expect

from relens.testing.tiny_models import detector
from tests.browser.world import Walker, until
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
PATH = "/deployments/spotter/predictions"


@pytest.fixture(scope="module")
def spotter(server: Server) -> Server:
    version = server.http.post("/api/v1/models/spotter/versions", files={"file": ("model.onnx", detector())}).json()
    for name in ("spotter", "watcher", "painter"):
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
    found.get_by_role("button", name="Review all").click()
    found.get_by_role("dialog").get_by_role("button", name="Skip", exact=True).focus()
    found.keyboard.press("a")
    found.keyboard.press("Escape")
    expect(found.get_by_role("dialog")).to_have_count(0)
    expect(chosen).to_contain_text("4 chosen")


def test_the_table_is_sorted_by_its_heads_and_enter_opens_an_image(found: Page) -> None:
    found.get_by_role("button", name="Table").click()
    found.get_by_role("button", name="Latency").click()
    expect(found.get_by_role("columnheader", name="Latency")).to_have_attribute("aria-sort", "descending")
    assert "sort=-latency" in found.url
    assert "view=table" in found.url
    # The head says at once what is asked for; until the server has answered, the rows lie as before.
    origin = found.url.partition("/deployments/")[0]
    slowest = found.request.get(f"{origin}/api/v1/deployments/spotter/predictions?sort=-latency&limit=1").json()
    first = found.get_by_role("gridcell").first
    expect(first.get_by_role("link").first).to_have_attribute("href", re.compile(slowest["items"][0]["id"]))
    first.focus()
    found.keyboard.press("ArrowDown")
    found.keyboard.press("Enter")
    expect(found.get_by_role("heading", name="Walk back")).to_be_visible()
    # As quick as keys can be: the next image is not drawn yet when its page is left.
    press = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))"
    found.evaluate(f"for (const key of ['ArrowRight', 'Escape']) {press}")
    expect(found.locator("[data-place]:focus")).to_have_attribute("data-place", "2")
    found.keyboard.press("ArrowUp")
    expect(found.locator("[data-place]:focus")).to_have_attribute("data-place", "1")


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


def test_what_somebody_else_reviewed_meanwhile_is_counted_and_stays(found: Page, walker: Walker) -> None:
    """The list on the page is as old as its last answer; what was decided since is not overwritten."""
    found.route(re.compile(r"/predictions\?"), lambda route: route.abort())
    newest = walker.server.http.get("/api/v1/deployments/spotter/predictions", params={"limit": 3}).json()["items"]
    path = f"/api/v1/predictions/{newest[1]['id']}/verdict"
    walker.server.http.put(path, json={"status": "corrected", "annotations": []}).raise_for_status()
    found.get_by_role("gridcell").first.focus()
    found.keyboard.press("Space")
    found.keyboard.press("Shift+ArrowRight")
    found.keyboard.press("Shift+ArrowRight")
    found.keyboard.press("a")
    chosen = found.get_by_role("region", name="Chosen images")
    expect(chosen).to_contain_text("2 images accepted. 1 image somebody else reviewed meanwhile stays as it was said.")
    assert walker.review_of(newest[1]["id"]) == "corrected"
    walker.server.http.put(f"/api/v1/predictions/{newest[0]['id']}/verdict", json={"status": "unusable"})
    chosen.get_by_role("button", name="Undo").click()
    expect(chosen).to_contain_text("1 image as before. 1 image somebody else")
    assert [walker.review_of(one["id"]) for one in newest] == ["unusable", "corrected", "pending"]
    walker.server.http.delete(path)
    walker.server.http.delete(f"/api/v1/predictions/{newest[0]['id']}/verdict")


def test_escape_leads_back_to_the_list_as_it_was(found: Page) -> None:
    found.goto(f'{PATH}?q=source+%3D+"line-2"&sort=taken_at&view=table')
    expect(found.get_by_role("gridcell")).to_have_count(4)
    found.get_by_role("gridcell").first.focus()
    found.keyboard.press("Enter")
    expect(found.get_by_role("heading", name="scene-8.jpg")).to_be_visible()
    found.keyboard.press("ArrowRight")
    expect(found.get_by_role("heading", name="scene-9.jpg")).to_be_visible()
    expect(found.get_by_role("link", name="Predictions")).to_have_attribute("href", re.compile("sort=taken_at"))
    found.keyboard.press("Escape")
    expect(found.get_by_role("gridcell")).to_have_count(4)
    assert "view=table" in found.url
    expect(found.get_by_label("Source")).to_have_value("line-2")


def test_a_comparison_that_was_stopped_does_not_come_back(spotter: Server, walker: Walker, page: Page) -> None:
    second = {"file": ("model.onnx", detector(note="second"))}
    spotter.http.post("/api/v1/models/spotter/versions", files=second).raise_for_status()
    [one] = walker.send("painter", range(40, 41))
    held: list[Route] = []
    page.route("**/replay", lambda route: held.append(route))
    walker.open(f"/deployments/painter/predictions/{one}")
    page.get_by_label("Answer with another version").select_option(label="spotter v2")
    expect(page.get_by_text("Asking…")).to_be_visible()
    page.get_by_role("button", name="Stop comparing").click()
    expect(page.get_by_text("Asking…")).to_have_count(0)
    page.unroute("**/replay")
    with suppress(Error):  # nobody waits for it any more
        held[0].continue_()
    page.get_by_label("Answer with another version").select_option(label="spotter v2")
    expect(page.get_by_text("spotter v2 would answer")).to_be_visible()
    page.reload()  # the address says what it is compared with
    expect(page.get_by_text("spotter v2 would answer")).to_be_visible()
    page.get_by_role("button", name="Stop comparing").click()
    expect(page.get_by_text("spotter v2 would answer")).to_have_count(0)
    assert "beside" not in page.url


def test_an_image_shows_its_look_alikes_its_history_and_why_it_could_not_be_reopened(
    spotter: Server, walker: Walker, page: Page
) -> None:
    *_, one = walker.send("painter", range(50, 54))
    spotter.http.put(f"/api/v1/predictions/{one}/verdict", json={"status": "unusable", "reason": "blurred"})
    walker.open(f"/deployments/painter/predictions/{one}")
    expect(page.get_by_role("heading", name="Look-alikes")).to_be_visible()
    expect(page.get_by_role("link", name="Open scene-", exact=False).first).to_be_visible()
    expect(page.get_by_text("blurred")).to_be_visible()
    page.route("**/verdict", lambda route: route.fulfill(status=403, json={"detail": "this needs a reviewer"}))
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("alert")).to_contain_text("This needs a reviewer")
    page.unroute("**/verdict")
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_text("Reopened")).to_be_visible()


def test_an_image_is_erased_once_its_name_is_typed(spotter: Server, walker: Walker, page: Page) -> None:
    [one] = walker.send("painter", range(60, 61))
    walker.open(f"/deployments/painter/predictions/{one}")
    page.get_by_role("button", name="Erase").click()
    erase = page.get_by_role("button", name="Erase for good")
    page.get_by_label("Type scene-60.jpg to erase it").fill("scene-6")
    expect(erase).to_be_disabled()
    page.get_by_label("Type scene-60.jpg to erase it").fill("scene-60.jpg")
    erase.click()
    expect(page.get_by_role("grid", name="Images")).to_be_visible()
    assert spotter.http.get(f"/api/v1/predictions/{one}").json()["keep_reason"] == "erased"
    # What is gone is neither an answer of nothing nor something to review.
    gone = page.get_by_role("gridcell").first
    expect(gone).to_contain_text("Erased")
    expect(gone).not_to_contain_text("found")
    walker.open(f"/deployments/painter/predictions/{one}")
    expect(page.get_by_text("A person erased this image", exact=False)).to_be_visible()


def test_what_a_query_finds_leaves_as_a_file(found: Page) -> None:
    found.get_by_label("Source").select_option("line-2")
    expect(found.get_by_role("gridcell")).to_have_count(4)
    found.get_by_role("button", name="Export").click()
    with found.expect_download() as download:
        found.get_by_role("link", name="JSON lines").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert [json.loads(line)["source"] for line in lines] == ["line-2"] * 4


def test_a_shadows_answer_stands_beside_the_champions(spotter: Server, walker: Walker, page: Page) -> None:
    mixed = {"file": ("model.onnx", detector(order=(1, 2, 0), note="shadow"))}
    version = spotter.http.post("/api/v1/models/spotter/versions", files=mixed).raise_for_status().json()
    role = {"role": "shadow", "model_version": version["id"]}
    spotter.http.post("/api/v1/deployments/watcher/roles", json=role).raise_for_status()
    at = iter(range(200, 400))

    def shadowed() -> bool:
        [sent] = walker.send("watcher", range(number := next(at), number + 1))
        found = spotter.http.get(f"/api/v1/predictions/{sent}/shadows").json()["items"]
        page.goto(f"/deployments/watcher/predictions/{sent}")
        return bool(found)

    until(shadowed)
    expect(page.get_by_text(f"{version['title']} as shadow")).to_be_visible()
    expect(page.get_by_role("heading", name="The shadow would answer")).to_be_visible()


def test_what_a_program_numbered_and_did_not_send_is_missed(spotter: Server, walker: Walker, page: Page) -> None:
    items = [
        {"client_id": f"n{n}", "asset": f"{n:064d}", "width": 9, "height": 9, "detections": [], "writer": "line-pc", "writer_seq": n}
        for n in (1, 2, 6)
    ]  # fmt: skip
    spotter.http.post("/api/v1/deployments/watcher/predictions", json={"items": items}).raise_for_status()
    path = "/api/v1/deployments/watcher/writers/line-pc"
    spotter.http.put(path, json={"sources": [{"last_seq": 9, "waiting": 3}]}).raise_for_status()
    walker.open("/deployments/watcher/predictions")
    expect(page.get_by_text("Of the last 24 hours 3 never arrived")).to_be_visible()
    page.get_by_role("button", name="Which").click()
    expect(page.get_by_role("dialog")).to_contain_text("line-pc missed 3 predictions")
    expect(page.get_by_role("dialog").get_by_role("cell", name="line-pc")).to_be_visible()


def test_an_image_that_is_not_here_says_why(page: Page, spotter: Server) -> None:
    said = {"width": 96, "height": 72, "detections": [], "client_id": "numbers only"}
    (line,) = spotter.http.post("/api/v1/deployments/painter/predictions", json=said).raise_for_status().json()["items"]
    page.goto(f"/deployments/painter/predictions/{line['id']}")
    expect(page.get_by_text("it was not sent, its deployment's image policy left it out")).to_be_visible()
