"""The walk the product exists for, by mouse and keyboard: register, deploy, save, predict, review, and the version changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from relens.testing.tiny_models import COLOURS, detector
from tests.browser.world import WRONG, Walker, scene, trainer_command

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_from_an_empty_server_to_a_version_that_came_from_reviews(walker: Walker, page: Page, tmp_path: Path) -> None:
    walker.open("/")
    expect(page.get_by_role("heading", name="Use your own model")).to_be_visible()

    walker.import_dataset("blobs", {"train": 12, "validation": 6, "test": 24})
    walker.register("spotter", detector(order=WRONG))
    walker.deploy("0.3")
    expect(page.get_by_role("heading", name="spotter")).to_be_visible()
    expect(page.locator("[data-metric=drift]")).to_contain_text("training data")
    expect(page.locator("[data-metric=volume]")).to_contain_text("No predictions")

    save_the_settings(walker, page, trainer_command(tmp_path))

    walker.press("Dashboard", "link")
    walker.send("spotter", range(16))
    expect(page.locator("[data-metric=volume]")).to_contain_text("16")

    review_until_it_retrains(page)

    walker.press("Loop", "link")
    expect(page.get_by_text("may replace").first).to_be_visible(timeout=90_000)
    expect(page.get_by_text("Promoted").first).to_be_visible()
    expect(page.get_by_role("banner").get_by_role("link", name="spotter v2")).to_be_visible()
    answer = walker.server.http.post("/api/v1/deployments/spotter/predict", content=scene(99).data).json()
    assert answer["model_version"]["title"] == "spotter v2"
    assert answer["detections"][0]["label"] == scene(99).label

    walk_back_and_compare(walker, page, answer["id"])
    roll_back(walker, page)


def save_the_settings(walker: Walker, page: Page, command: str) -> None:
    walker.press("Settings", "link")
    data = page.locator("#training-data")
    data.get_by_role("button", name="Save").click()
    expect(data.get_by_text("Ready", exact=True)).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Pipeline").locator("[data-state=on]", has_text="Feedback loop")).to_be_visible()

    training = page.locator("#continuous-training")
    training.get_by_role("switch", name="Train by itself").check()
    training.get_by_label("After this many added images").fill("6")
    training.get_by_label("Trainer").select_option("command")
    training.get_by_role("textbox", name="Command").fill(command)
    training.get_by_role("button", name="Save").click()
    expect(training.get_by_text("Saved", exact=True)).to_be_visible()

    deployment = page.locator("#continuous-deployment")
    deployment.get_by_label("Make it champion").check()
    deployment.get_by_role("button", name="Save").click()
    expect(deployment.get_by_role("status")).to_have_text("Saved")


def review_until_it_retrains(page: Page) -> None:
    """The champion names every colour one too far: each box gets the right label, by its number or by a press."""
    page.get_by_role("navigation", name="Deployment").get_by_role("link", name="Review").click()
    for done in range(14):
        box = page.get_by_label("Decision").get_by_role("listitem")
        expect(box).to_have_count(1)
        said = box.locator("span").inner_text()
        right = COLOURS[WRONG.index(COLOURS.index(said))]
        if done % 2:
            page.keyboard.press("Tab")
            page.keyboard.press(str(COLOURS.index(right) + 1))
            page.keyboard.press("Enter")
        else:
            box.get_by_role("button").first.click()
            page.get_by_role("radio", name=right).click()
            page.get_by_role("button", name="Save correction").click()
        expect(page.get_by_text(f"{done + 1} image{'s' if done else ''} this session").first).to_be_visible()


def walk_back_and_compare(walker: Walker, page: Page, prediction: str) -> None:
    walker.open(f"/deployments/spotter/predictions/{prediction}")
    expect(page.get_by_text("Reviews", exact=True)).to_be_visible()
    page.get_by_label("Answer with another version").select_option(label="spotter v1")
    expect(page.get_by_text("spotter v1 would answer")).to_be_visible()


def roll_back(walker: Walker, page: Page) -> None:
    walker.open("/deployments/spotter/loop")
    walker.press("Roll back")
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("banner").get_by_role("link", name="spotter v1")).to_be_visible()
