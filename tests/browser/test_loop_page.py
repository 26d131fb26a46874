"""The loop's page: past images answered again by another version, roles beside the champion, and a candidate that is bad on purpose."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from relens.testing.tiny_models import detector
from tests.browser.test_accessible import found
from tests.browser.world import WRONG, Walker, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def belt(walker: Walker) -> Walker:
    """A champion that is right, another version that mixes the labels up, and twelve answered images."""
    http = walker.server.http
    for onnx in (detector(note="right"), detector(order=WRONG)):
        http.post("/api/v1/models/belt/versions", files={"file": ("m.onnx", onnx)}).raise_for_status()
    if http.get("/api/v1/deployments/belt").status_code == 404:
        wish = {"name": "belt", "model_version": "belt/1", "threshold": 0.3, "settings": {"simulated": True}}
        http.post("/api/v1/deployments", json=wish).raise_for_status()
        walker.send("belt", range(12))
    return walker


def test_where_two_versions_differ_is_walked_through_image_by_image(belt: Walker, page: Page) -> None:
    belt.open("/deployments/belt/loop")
    page.get_by_label("Images to replay").fill("10")
    belt.press("Replay")
    expect(page.get_by_text("would answer 10 images of 10 differently")).to_be_visible(timeout=60_000)
    viewer = page.get_by_role("region", name="Where they differ")
    expect(viewer.get_by_text("1 of 10", exact=True)).to_be_visible()
    expect(viewer.get_by_text("belt v1 answered")).to_be_visible()
    expect(viewer.get_by_text("belt v2 would answer")).to_be_visible()
    expect(viewer.get_by_text(re.compile("(red|green|blue) → (red|green|blue)")).first).to_be_visible()
    viewer.focus()
    page.keyboard.press("ArrowRight")
    expect(viewer.get_by_text("2 of 10", exact=True)).to_be_visible()
    viewer.get_by_role("button", name=re.compile("^Gone")).click()
    expect(viewer.get_by_text("Nothing of this kind.")).to_be_visible()
    assert not found(page)
    page.reload()
    expect(page.get_by_text("would answer 10 images of 10 differently")).to_be_visible()


def test_a_canary_gets_its_share_and_is_stopped(belt: Walker, page: Page) -> None:
    def canary() -> tuple[object, float]:
        found = belt.server.http.get("/api/v1/deployments/belt").json()
        return (found["canary"] or {}).get("title"), found["canary_share"]

    belt.open("/deployments/belt/loop")
    belt.press("Give a version a role")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Canary", exact=True).click()
    dialog.get_by_label("Share of the images, in per cent").fill("25")
    assert not found(page)
    dialog.get_by_role("button", name="Make it canary").click()
    expect(page.get_by_text("answers 25 % of the images")).to_be_visible()
    assert canary() == ("belt v2", 0.25)
    page.get_by_label("Share of the canary").fill("0.5")
    page.get_by_role("main").get_by_role("button", name="Save").click()
    until(lambda: canary() == ("belt v2", 0.5))
    belt.press("Stop the canary")
    until(lambda: canary()[0] is None)


def test_a_candidate_that_is_bad_on_purpose_meets_the_gate(belt: Walker, page: Page) -> None:
    belt.import_dataset("belts", {"train": 4, "test": 24})
    data = belt.server.http.get("/api/v1/dataset-versions/belts/1").json()["id"]
    belt.server.http.put("/api/v1/deployments/belt/training-data", json={"dataset_version": data}).raise_for_status()
    feedback = {"dataset": "belts", "active": True}
    belt.server.http.put("/api/v1/deployments/belt/feedback-loop", json=feedback).raise_for_status()
    belt.open("/deployments/belt/loop")
    belt.press("Try a bad candidate")
    expect(page.get_by_text("does not replace")).to_be_visible(timeout=90_000)
    expect(page.get_by_role("heading", name=re.compile("belt-mixed-up v1 does not replace belt v1"))).to_be_visible()
    broken = page.get_by_role("region", name=re.compile("^Broken: "))
    broken.get_by_role("button", name=re.compile("Test image")).first.click()
    viewer = page.get_by_role("dialog", name="Broken")
    expect(viewer.get_by_role("img", name=re.compile("belt v1 answers: "))).to_be_visible(timeout=30_000)
    expect(viewer.get_by_role("img", name=re.compile("belt-mixed-up v1 answers: "))).to_be_visible(timeout=30_000)
    said = [one.get_attribute("alt") for one in viewer.get_by_role("img").all()]
    assert len({str(one).partition(": ")[2] for one in said}) == 2, said
    page.keyboard.press("ArrowRight")
    expect(viewer.get_by_text("2 of ")).to_be_visible()
    assert not found(page)
    page.keyboard.press("Escape")
    expect(broken.get_by_role("button").first).to_be_focused()
    assert belt.server.http.get("/api/v1/deployments/belt").json()["champion"]["title"] == "belt v1"
    assert not found(page)
    page.set_viewport_size({"width": 360, "height": 800})
    page.get_by_text("Label by label").click()
    expect(page.get_by_role("columnheader", name="Test objects")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_candidate_that_waits_beside_a_champion_of_before_is_judged_again(belt: Walker, page: Page) -> None:
    http = belt.server.http
    belt.import_dataset("switches", {"train": 4, "test": 24})
    files = {"file": ("m.onnx", detector(note="third"))}
    third = http.post("/api/v1/models/belt/versions", files=files).raise_for_status().json()
    wish = {"name": "switch", "model_version": "belt/2", "threshold": 0.3}
    http.post("/api/v1/deployments", json=wish).raise_for_status()
    http.put(
        "/api/v1/deployments/switch/feedback-loop", json={"dataset": "switches", "active": True}
    ).raise_for_status()
    http.post("/api/v1/deployments/switch/candidates", json={"model_version": "belt/1"}).raise_for_status()

    def applied() -> list[str]:
        return [one["applied"] for one in http.get("/api/v1/deployments/switch/decisions").json()["items"]]

    until(lambda: applied() == ["waiting"], 60)
    role = {"role": "champion", "model_version": third["id"], "reason": "by hand"}
    http.post("/api/v1/deployments/switch/roles", json=role).raise_for_status()
    belt.open("/deployments/switch/loop")
    expect(page.get_by_text(f"{third['title']} answers by now")).to_be_visible()
    expect(page.get_by_role("button", name="Make it champion")).to_have_count(0)
    assert not found(page)
    belt.press("Judge it again")
    until(lambda: len(applied()) == 2, 60)
