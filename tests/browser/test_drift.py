"""A camera goes bright: the page says so, and a person says that this is normal, and why."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from relens.testing.images import make_jpeg
from relens.testing.tiny_models import detector
from tests.browser.world import SIZE, Walker

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
BRIGHT = (190, 180, 160)


def test_what_plainly_differs_is_said_and_settled_with_a_reason(walker: Walker, page: Page) -> None:
    walker.open("/")
    walker.import_dataset("yard", {"train": 24, "validation": 12})
    walker.register("watcher", detector())
    walker.deploy("0.3")
    api = walker.server.http
    chosen = api.put("/api/v1/deployments/watcher/training-data", json={"dataset_version": "yard/1"}).raise_for_status()
    assert walker.server.job(chosen.json()["job"])["state"] == "succeeded"
    api.put("/api/v1/deployments/watcher/drift", json={"notice": 50}).raise_for_status()
    for n in range(60):
        bright = make_jpeg(BRIGHT, SIZE, seed=n)
        api.post("/api/v1/deployments/watcher/predict", content=bright, params={"source": "gate"}).raise_for_status()

    walker.open("/deployments/watcher")
    drift = page.locator("[data-metric=drift]")
    expect(drift.get_by_text("Not like the training data")).to_be_visible()
    expect(drift.get_by_role("status")).to_contain_text("60 images: ")
    expect(drift.get_by_role("status")).to_contain_text("14 windows")

    drift.get_by_role("button", name="This is normal").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="This is normal")).to_be_disabled()
    dialog.get_by_label("Why is it normal?").fill("the yard got new lamps")
    dialog.get_by_role("button", name="This is normal").click()
    expect(dialog).to_be_hidden()
    expect(drift.get_by_text("Not like the training data")).to_be_hidden()
    expect(drift.get_by_role("button", name="This is normal")).to_be_hidden()
    said = api.get("/api/v1/deployments/watcher/drift").json()["decisions"]
    assert [(one["verb"], one["reason"]) for one in said] == [("usual", "the yard got new lamps")]
