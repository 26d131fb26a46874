"""Reviewing by keyboard: drawing, undo, a network drop, and nothing lost over a reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Response, Route, expect

from relens.testing.tiny_models import classifier, detector
from tests.browser.world import Walker, until
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
IMAGES = 12


@pytest.fixture(scope="module")
def deployed(server: Server) -> Server:
    for name, onnx in (
        ("spotter", detector()),
        ("sorter", classifier()),
        ("glance", classifier()),
        ("herd", classifier()),
        *((name, detector()) for name in ("keeper", "teller", "undoer", "taker", "asker", "returner")),
    ):
        version = server.http.post(f"/api/v1/models/{name}/versions", files={"file": ("model.onnx", onnx)}).json()
        server.http.post("/api/v1/deployments", json={"name": name, "model_version": version["id"], "threshold": 0.3})
    return server


@pytest.fixture
def reviewer(deployed: Server, walker: Walker) -> Walker:
    walker.send("spotter", range(IMAGES))
    walker.open("/deployments/spotter/review")
    shown(walker.page)
    return walker


def verdicts(server: Server, deployment: str, status: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = server.http.get(
        f"/api/v1/deployments/{deployment}/verdicts", params={"status": status}
    ).json()["items"]
    return found


def shown(page: Page) -> None:
    """Nothing can be said of an image that is not there yet."""
    expect(page.locator("[data-shown=shown]")).to_be_visible()


def review(walker: Walker, deployment: str, more: str = "") -> None:
    walker.open(f"/deployments/{deployment}/review{more}")
    shown(walker.page)


def decided(page: Page, count: int) -> None:
    expect(page.get_by_text(f"{count} image{'s' if count > 1 else ''} this session").first).to_be_visible()


def test_ten_images_are_reviewed_by_keyboard_only(reviewer: Walker, page: Page) -> None:
    server = reviewer.server
    page.keyboard.press("Enter")
    decided(page, 1)
    until(lambda: len(verdicts(server, "spotter", "accepted")) == 1)

    boxes = page.get_by_label("Decision").get_by_role("listitem")
    expect(boxes).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="Save correction")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Accept", exact=False)).to_be_visible()
    expect(boxes).to_have_count(1)

    page.keyboard.press("2")
    stage = page.get_by_label("The image under review", exact=False).bounding_box()
    assert stage is not None
    page.keyboard.press("d")
    page.mouse.move(stage["x"] + stage["width"] * 0.7, stage["y"] + stage["height"] * 0.7)
    page.mouse.down()
    page.mouse.move(stage["x"] + stage["width"] * 0.8, stage["y"] + stage["height"] * 0.85, steps=4)
    page.mouse.up()
    expect(boxes).to_have_count(2)
    page.keyboard.press("Enter")
    decided(page, 2)
    until(lambda: len(verdicts(server, "spotter", "corrected")) == 1)
    annotations = verdicts(server, "spotter", "corrected")[0]["annotations"]
    assert isinstance(annotations, list)
    assert len(annotations) == 2
    assert annotations[1]["label"] == "green"
    assert all(0 <= side <= 96 for side in annotations[1]["box"])

    for count, key in enumerate(("n", "x", "s", "Enter"), 3):
        shown(page)
        page.keyboard.press(key)
        decided(page, count)
    until(lambda: len(verdicts(server, "spotter", "skipped")) == 1)
    assert len(verdicts(server, "spotter", "unusable")) == 1
    page.keyboard.press("Control+z")
    decided(page, 5)
    until(lambda: len(verdicts(server, "spotter", "accepted")) == 1)

    page.context.set_offline(True)
    for count in range(6, 11):
        shown(page)
        page.keyboard.press("Enter")
        decided(page, count)
    expect(page.get_by_text("The server cannot be reached.", exact=False).first).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    until(lambda: len(verdicts(server, "spotter", "accepted")) == 6)
    shown(page)
    page.keyboard.press("Enter")
    decided(page, 1)
    shown(page)
    page.keyboard.press("Enter")
    decided(page, 2)
    until(lambda: len(verdicts(server, "spotter", "accepted")) == 8)


def test_a_classification_is_settled_by_its_number(deployed: Server, walker: Walker, page: Page) -> None:
    ids = walker.send("sorter", range(3))
    walker.open("/deployments/sorter/review")
    shown(page)
    page.keyboard.press("Enter")
    decided(page, 1)
    shown(page)
    said = page.get_by_label("Decision").locator("[aria-pressed=true]").inner_text()
    page.get_by_label("Decision").locator("[aria-pressed=false]").first.click()
    decided(page, 2)
    until(lambda: sorted(walker.review_of(one) for one in ids) == ["accepted", "corrected", "pending"])
    assert said


def test_twenty_at_once_the_wrong_ones_are_corrected_after(deployed: Server, walker: Walker, page: Page) -> None:
    ids = walker.send("glance", range(30, 36))
    walker.open("/deployments/glance/review?mode=grid")
    tiles = page.get_by_label("Press what is wrong").get_by_role("button")
    expect(tiles).to_have_count(6)
    tiles.nth(1).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Accept 4, correct 2")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("What is it?")).to_be_visible()
    until(lambda: [walker.review_of(one) for one in ids].count("accepted") == 4)
    expect(page.get_by_text("2 images to review")).to_be_visible()


def test_images_that_arrive_meanwhile_wait_for_the_next_batch(deployed: Server, walker: Walker, page: Page) -> None:
    def refilled(answer: Response) -> bool:
        return "/herd/queue" in answer.url and len(answer.json()["items"]) == 6

    seen = walker.send("herd", range(80, 83))
    walker.open("/deployments/herd/review?mode=grid")
    tiles = page.get_by_label("Press what is wrong").get_by_role("button")
    expect(tiles).to_have_count(3)
    unseen = walker.send("herd", range(83, 86))
    for _ in range(2):  # The second answer is asked for after the first one was drawn.
        with page.expect_response(refilled):
            pass
    expect(tiles).to_have_count(3)
    page.keyboard.press("Enter")
    until(lambda: [walker.review_of(one) for one in seen] == ["accepted"] * 3)
    expect(tiles).to_have_count(3)
    expect(tiles.first).to_contain_text("scene-8")
    assert [walker.review_of(one) for one in unseen] == ["pending"] * 3


def test_what_somebody_else_decided_meanwhile_is_not_overwritten(deployed: Server, walker: Walker, page: Page) -> None:
    walker.send("spotter", range(60, 64))
    review(walker, "spotter")
    before = verdicts(deployed, "spotter", "skipped")
    page.keyboard.press("s")
    until(lambda: len(verdicts(deployed, "spotter", "skipped")) > len(before))
    shown(page)
    waiting = deployed.http.get("/api/v1/deployments/spotter/queue", params={"limit": 100, "hold": False}).json()
    for one in waiting["items"]:
        said = {"status": "unusable", "reason": "somebody else"}
        deployed.http.put(f"/api/v1/predictions/{one['id']}/verdict", json=said).raise_for_status()
    page.keyboard.press("Enter")
    expect(page.get_by_text("yours was not kept", exact=False)).to_be_visible()
    assert all(walker.review_of(one["id"]) == "unusable" for one in waiting["items"])
    # Looking at it forgets nothing of what was decided before.
    walker.press("Look at it")
    expect(page.get_by_text("yours was not kept", exact=False)).to_be_hidden()
    shown(page)
    page.keyboard.press("Control+z")
    until(lambda: len(verdicts(deployed, "spotter", "skipped")) == len(before))


def test_a_key_can_be_another_one(deployed: Server, walker: Walker, page: Page) -> None:
    walker.send("spotter", range(70, 72))
    review(walker, "spotter")
    page.keyboard.press("?")
    page.get_by_label("Key for: Skip for now").click()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("j")
    decided(page, 1)
    page.reload()
    expect(page.get_by_label("Decision").get_by_role("button", name="Skip")).to_contain_text("J")


def refuse(status: int) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, json={"detail": f"answered {status}"})


def is_settled(walker: Walker, prediction: str) -> bool:
    return walker.review_of(prediction) != "pending"


def test_a_decision_waits_for_the_token_and_is_sent_from_any_page(deployed: Server, walker: Walker, page: Page) -> None:
    """The outbox belongs to the browser: no tab, no page and no name of a deployment keeps it from sending."""
    [sent] = walker.send("keeper", range(100, 101))
    review(walker, "keeper")
    page.route("**/verdict", refuse(401))
    page.keyboard.press("Enter")
    expect(page.get_by_text("The server asks for its token.", exact=False)).to_be_visible()
    page.keyboard.press("Escape")
    deployed.http.patch("/api/v1/deployments/keeper", json={"name": "finder"}).raise_for_status()
    assert walker.review_of(sent) == "pending"
    page.unroute("**/verdict")
    walker.open("/models")
    until(lambda: walker.review_of(sent) == "accepted")


def test_what_the_server_fails_on_is_set_aside_and_holds_nothing_up(
    deployed: Server, walker: Walker, page: Page
) -> None:
    walker.send("teller", range(110, 113))
    review(walker, "teller")
    asked = deployed.http.get("/api/v1/deployments/teller/queue", params={"hold": False}).json()["items"]
    broken = asked[0]["id"]
    page.route(f"**/{broken}/verdict", refuse(500))
    for count in (1, 2, 3):
        shown(page)
        page.keyboard.press("Enter")
        decided(page, count)
    expect(page.get_by_text("1 decision could not be saved: answered 500", exact=False)).to_be_visible(timeout=30_000)
    assert [is_settled(walker, one["id"]) for one in asked] == [False, True, True]
    page.unroute(f"**/{broken}/verdict")
    page.get_by_role("button", name="Try again").click()
    until(lambda: is_settled(walker, broken))


def test_undo_never_reopens_what_somebody_else_said(deployed: Server, walker: Walker, page: Page) -> None:
    sent = walker.send("undoer", range(120, 121))[0]
    review(walker, "undoer")
    page.keyboard.press("Enter")
    until(lambda: is_settled(walker, sent))
    deployed.http.put(f"/api/v1/predictions/{sent}/verdict", json={"status": "unusable", "reason": "blurred"})
    page.keyboard.press("Control+z")
    expect(page.get_by_text("yours was not kept", exact=False)).to_be_visible()
    assert walker.review_of(sent) == "unusable"


def test_an_image_that_was_erased_does_not_keep_the_queue_from_coming(
    deployed: Server, walker: Walker, page: Page
) -> None:
    walker.send("taker", range(130, 132))
    review(walker, "taker", "?image=00000000-0000-7000-8000-000000000000")
    expect(page.get_by_text("The image that was asked for cannot be shown.", exact=False)).to_be_visible()


def test_who_comes_back_sees_the_image_at_once_unless_somebody_else_decided_it(
    deployed: Server, walker: Walker, page: Page
) -> None:
    sent = walker.send("returner", range(140, 144))
    review(walker, "returner")
    first = page.evaluate("localStorage['relens.in-hand']")
    assert first in sent
    tabs = page.get_by_label("Deployment", exact=True)
    tabs.get_by_role("link", name="Settings").click()
    expect(page.get_by_label("Settings", exact=True)).to_be_visible()
    held: list[Route] = []
    page.route("**/queue?*", lambda route: held.append(route))
    tabs.get_by_role("link", name="Review").click()
    shown(page)  # the server was asked, and has not answered
    until(lambda: bool(held))
    deployed.http.put(f"/api/v1/predictions/{first}/verdict", json={"status": "accepted"}).raise_for_status()
    page.unroute("**/queue?*")  # which lets go of those that wait
    until(lambda: page.evaluate("localStorage['relens.in-hand']") != first)
    shown(page)
    page.keyboard.press("x")
    until(lambda: len(verdicts(deployed, "returner", "unusable")) == 1)
    assert walker.review_of(first) == "accepted"


def test_an_image_that_cannot_be_fetched_at_present_is_waited_for(deployed: Server, walker: Walker, page: Page) -> None:
    """A network that is gone says nothing about the image: nobody is led to call it unusable."""
    sent = walker.send("taker", range(135, 136))
    page.route("**/api/v1/assets/**", lambda route: route.abort())
    walker.open(f"/deployments/taker/review?image={sent[0]}")
    expect(page.get_by_text("cannot be fetched at present", exact=False)).to_be_visible()
    page.keyboard.press("x")
    page.unroute("**/api/v1/assets/**")
    shown(page)
    assert walker.review_of(sent[0]) == "pending"


def test_the_keyboard_is_no_trap_and_a_held_key_decides_once(deployed: Server, walker: Walker, page: Page) -> None:
    walker.send("taker", range(140, 144))
    review(walker, "taker")
    page.keyboard.press("Tab")
    expect(page.locator("li[data-selected=true]")).to_be_visible()
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_text("Draw")
    page.keyboard.press("Enter")
    expect(focused).to_have_attribute("aria-pressed", "true")
    assert page.get_by_text("this session").count() == 0
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("Image", exact=True)).to_be_focused()
    page.keyboard.down("Enter")
    for _ in range(5):
        page.keyboard.down("Enter")
    decided(page, 1)
    page.keyboard.up("Enter")
    shown(page)
    page.keyboard.press("Alt+n")
    page.keyboard.press("x")
    decided(page, 2)
    until(lambda: len(verdicts(walker.server, "taker", "unusable")) == 1)


def test_a_box_is_drawn_moved_and_sized_by_the_keyboard_alone(deployed: Server, walker: Walker, page: Page) -> None:
    sent = walker.send("asker", range(150, 151))[0]
    review(walker, "asker")
    page.keyboard.press("n")
    until(lambda: walker.review_of(sent) == "corrected")
    expect(page.get_by_text("Everything is reviewed")).to_be_visible()
    page.keyboard.press("Control+z")
    shown(page)
    expect(page.get_by_label("Decision").get_by_text("None.", exact=False)).to_be_visible()
    for key in ("b", "3", "ArrowLeft", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    said: list[dict[str, Any]] = []

    def drawn() -> bool:
        said[:] = [one for found in verdicts(deployed, "asker", "corrected") for one in found["annotations"]]  # type: ignore[attr-defined]
        return bool(said)

    until(drawn)
    assert [one["label"] for one in said] == ["blue"]
    assert said[0]["box"] == [37, 27, 58, 40]


def test_a_question_is_asked_without_deciding_and_found_by_its_state(
    deployed: Server, walker: Walker, page: Page
) -> None:
    walker.send("asker", range(160, 161))
    review(walker, "asker")
    page.keyboard.press("q")
    page.get_by_role("textbox", name="Question").fill("Is the dent a scratch?")
    page.get_by_role("dialog").get_by_role("button", name="Ask").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    path = "/api/v1/deployments/asker/predictions"
    found = deployed.http.get(path, params={"query": 'question = "open"'}).json()["items"]
    assert [one["review"] for one in found] == ["pending"]
    expect(page.get_by_label("Decision")).to_contain_text("Is the dent a scratch?")
    page.keyboard.press("q")
    expect(page.get_by_role("dialog")).to_contain_text("Is the dent a scratch?")
    expect(page.get_by_role("button", name="Withdraw the question")).to_be_visible()
    walker.open(f"/deployments/asker/predictions/{found[0]['id']}")
    page.get_by_role("textbox", name="Answer").fill("A dent.")
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_text("Answered", exact=True)).to_be_visible()
    expect(page.get_by_text("A dent.")).to_be_visible()
    assert deployed.http.get(path, params={"query": "question = answered"}).json()["items"]
    assert not deployed.http.get(path, params={"query": "question = open"}).json()["items"]
