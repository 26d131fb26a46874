"""Several people, many images, other tools: second looks, blind checks, everything a query finds, files out and back, and another threshold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from relens.testing.tiny_models import detector
from tests.browser.test_review import decided, review, shown
from tests.browser.world import Walker, until
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
ALICE = {"X-Relens-Actor": "alice"}


@pytest.fixture(scope="module")
def deployed(server: Server) -> Server:
    for name in ("second", "blind", "crowd", "travel", "draft", "level", "adding", "shared", "halves"):
        version = server.http.post(f"/api/v1/models/{name}/versions", files={"file": ("model.onnx", detector())}).json()
        server.http.post("/api/v1/deployments", json={"name": name, "model_version": version["id"], "threshold": 0.3})
    return server


def put(server: Server, path: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = server.http.put(f"/api/v1{path}", json=body, **more)
    assert answer.is_success, answer.text
    return dict(answer.json())


def test_a_second_look_is_blind_to_the_first_and_changes_nothing(deployed: Server, walker: Walker, page: Page) -> None:
    put(deployed, "/deployments/second/review-team", {"second_share": 1.0})
    (one,) = walker.send("second", range(1))
    put(deployed, f"/predictions/{one}/verdict", {"status": "unusable", "reason": "secret"}, headers=ALICE)
    review(walker, "second")
    expect(page.get_by_text("Second look", exact=True)).to_be_visible()
    expect(page.get_by_text("secret")).to_have_count(0)
    page.keyboard.press("Enter")
    team = "/api/v1/deployments/second/review-team"
    until(lambda: deployed.http.get(team).json()["seeing"]["disputed"] == 1)
    assert walker.review_of(one) == "unusable"
    page.keyboard.press("Control+z")
    until(lambda: deployed.http.get(team).json()["seeing"]["wanted"] == 1)
    shown(page)
    page.keyboard.press("x")
    until(lambda: deployed.http.get(team).json()["seeing"]["agreement"]["count"] == 1)
    page.get_by_role("button", name="Team", exact=True).click()
    expect(page.get_by_text("of 1 second look", exact=False)).to_be_visible()


def test_what_others_have_at_hand_is_not_called_reviewed(deployed: Server, walker: Walker, page: Page) -> None:
    walker.send("shared", range(3))
    queue = "/api/v1/deployments/shared/queue"
    held = deployed.http.get(queue, params={"limit": 2}, headers=ALICE).json()["items"]
    assert len(held) == 2
    review(walker, "shared")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Other people have the rest")).to_be_visible()
    expect(page.get_by_text("2 images still wait and are given to others", exact=False)).to_be_visible()
    for one in held:
        put(deployed, f"/predictions/{one['id']}/verdict", {"status": "accepted"}, headers=ALICE)
    expect(page.get_by_text("Everything is reviewed")).to_be_visible()


def test_of_a_short_queue_half_is_left_to_others(deployed: Server, walker: Walker, page: Page) -> None:
    """What one person is given, nobody else is for ten minutes."""
    walker.send("halves", range(30))
    review(walker, "halves")
    queue = "/api/v1/deployments/halves/queue"
    held = deployed.http.get(queue, params={"limit": 30}, headers=ALICE).json()["items"]
    assert len(held) == 15
    for count in range(1, 16):
        shown(page)
        page.keyboard.press("Enter")
        decided(page, count)
    expect(page.get_by_text("15 images still wait and are given to others", exact=False)).to_be_visible()


def test_a_blind_check_is_drawn_first_and_compared_then(deployed: Server, walker: Walker, page: Page) -> None:
    put(deployed, "/deployments/blind/review-queue", {"random_share": 1.0})
    put(deployed, "/deployments/blind/review-team", {"blind_share": 1.0})
    (one,) = walker.send("blind", range(1))
    review(walker, "blind")
    boxes = page.get_by_label("Decision").get_by_role("listitem")
    expect(page.get_by_text("Blind", exact=True)).to_be_visible()
    expect(page.get_by_text("None. Drag on the image to draw one.")).to_be_visible()
    held: list[Route] = []
    page.route("**/blind-look", lambda route: held.append(route))
    with page.expect_request("**/blind-look"):
        page.keyboard.press("Enter")
    page.keyboard.press("b")
    expect(boxes).to_have_count(1)
    held[0].continue_()
    expect(page.get_by_text("The answer also has 1 shape", exact=False)).to_be_visible()
    expect(boxes).to_have_count(2)
    page.wait_for_function("localStorage.getItem('relens.draft')?.split('label').length === 3")
    page.reload()
    expect(boxes).to_have_count(2)
    assert walker.review_of(one) == "pending"
    page.keyboard.press("Enter")
    decided(page, 1)
    until(lambda: walker.review_of(one) == "corrected")
    seeing = deployed.http.get("/api/v1/deployments/blind/review-team").json()["seeing"]
    assert (seeing["overlooked"]["count"], seeing["overlooked"]["of"]) == (1, 1)


def test_everything_a_query_finds_is_reviewed_at_once_and_taken_back(
    deployed: Server, walker: Walker, page: Page
) -> None:
    ids = walker.send("crowd", range(8), source="line-1")
    other = walker.send("crowd", range(20, 22), source="line-2")
    walker.open("/deployments/crowd/predictions?q=source%20%3D%20line-1")
    page.get_by_role("button", name="Review all").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("8 waiting images")).to_be_visible()
    dialog.get_by_role("button", name="Accept 8").click()
    expect(dialog.get_by_text("8 images reviewed.")).to_be_visible()
    assert {walker.review_of(one) for one in ids} == {"accepted"}
    assert {walker.review_of(one) for one in other} == {"pending"}
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_text("8 images wait again.")).to_be_visible()
    assert {walker.review_of(one) for one in ids} == {"pending"}


def test_a_queue_travels_to_another_tool_and_back(deployed: Server, walker: Walker, page: Page) -> None:
    ids = walker.send("travel", range(3))
    review(walker, "travel")
    page.get_by_role("button", name="Review in another tool").click()
    dialog = page.get_by_role("dialog")
    with page.expect_download() as begun:
        dialog.get_by_role("link", name="Download the file").click()
    tasks = json.loads(begun.value.path().read_text())
    assert {task["data"]["relens_prediction"] for task in tasks} == set(ids)
    for task in tasks[:2]:
        task["annotations"] = [{"was_cancelled": False, "result": task["predictions"][0]["result"]}]
    put(
        deployed, f"/predictions/{tasks[0]['data']['relens_prediction']}/verdict", {"status": "unusable"}, headers=ALICE
    )
    file = {"name": "back.json", "mimeType": "application/json", "buffer": json.dumps(tasks).encode()}
    dialog.get_by_label("File exported by Label Studio").set_input_files(file)  # type: ignore[arg-type]
    expect(dialog.get_by_text("1 review would be taken")).to_be_visible()
    expect(dialog.get_by_text("alice made it 'unusable' meanwhile", exact=False)).to_be_visible()
    dialog.get_by_role("button", name="Take 1 review").click()
    expect(dialog.get_by_text("1 review taken")).to_be_visible()
    assert sorted(map(walker.review_of, ids)) == ["accepted", "pending", "unusable"]


def test_what_is_drawn_survives_a_reload(deployed: Server, walker: Walker, page: Page) -> None:
    walker.send("draft", range(2))
    review(walker, "draft")
    boxes = page.get_by_label("Decision").get_by_role("listitem")
    expect(boxes).to_have_count(1)
    page.keyboard.press("b")
    expect(boxes).to_have_count(2)
    until(lambda: bool(page.evaluate("localStorage.getItem('relens.draft')")))
    page.reload()
    shown(page)
    expect(boxes).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(boxes).to_have_count(1)


def test_another_threshold_is_looked_at_before_it_is_saved(deployed: Server, walker: Walker, page: Page) -> None:
    walker.send("level", range(6))
    walker.open("/deployments/level/settings")
    card = page.locator("#threshold")
    expect(card.get_by_text("images", exact=False).first).to_be_visible()
    card.get_by_role("spinbutton", name="Confidence threshold").fill("0.99")
    expect(card.get_by_text("would be answered otherwise", exact=False)).to_be_visible()
    card.get_by_role("slider", name="Threshold on the curves", exact=False).press("ArrowLeft")
    expect(card.get_by_role("spinbutton", name="Confidence threshold")).to_have_value("0.98")
    card.get_by_role("button", name="Save").click()
    until(lambda: deployed.http.get("/api/v1/deployments/level").json()["threshold"] == 0.98)


def test_a_missing_label_is_added_while_reviewing(deployed: Server, walker: Walker, page: Page) -> None:
    (one,) = walker.send("adding", range(1))
    review(walker, "adding")
    page.keyboard.press("Tab")
    page.keyboard.press("/")
    page.keyboard.type("dent")
    expect(page.get_by_role("button", name="Add “dent”", exact=False)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Decision").get_by_role("listitem").get_by_text("dent", exact=True)).to_be_visible()
    page.get_by_label("Image", exact=True).focus()
    page.keyboard.press("Enter")
    until(lambda: walker.review_of(one) == "corrected")
    said = deployed.http.get(f"/api/v1/predictions/{one}/verdict").json()["annotations"]
    assert [found["label"] for found in said] == ["dent"]
