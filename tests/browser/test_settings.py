"""The settings of a deployment: a threshold that is none is not kept, a rename changes the name only, what is put away comes back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from relens.testing.tiny_models import detector
from tests.browser.test_accessible import found
from tests.browser.world import Walker, until
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def deploy(server: Server, name: str) -> None:
    server.http.post("/api/v1/models/spotter/versions", files={"file": ("m.onnx", detector())}).raise_for_status()
    wish = {"name": name, "model_version": "spotter/1", "threshold": 0.3}
    server.http.post("/api/v1/deployments", json=wish).raise_for_status()


def now(server: Server, name: str) -> dict[str, Any]:
    return dict(server.http.get(f"/api/v1/deployments/{name}").json())


def test_a_threshold_that_is_none_cannot_be_saved(walker: Walker, page: Page) -> None:
    deploy(walker.server, "limits")
    walker.open("/deployments/limits/settings")
    card = page.locator("#threshold")
    number, save = card.get_by_role("spinbutton"), card.get_by_role("button", name="Save")
    for wrong in ("", "1.5", "-0.1"):
        number.fill(wrong)
        expect(save).to_be_disabled()
    number.fill("0.45")
    save.click()
    until(lambda: now(walker.server, "limits")["threshold"] == 0.45)


def test_a_rename_leaves_a_threshold_alone_that_changed_meanwhile(walker: Walker, page: Page) -> None:
    deploy(walker.server, "before")
    walker.open("/deployments/before/settings")
    expect(page.locator("#threshold").get_by_role("spinbutton")).to_have_value("0.3")
    walker.server.http.patch("/api/v1/deployments/before", json={"threshold": 0.6}).raise_for_status()
    general = page.locator("#general")
    general.get_by_label("Name").fill("after")
    general.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="after", exact=True)).to_be_visible()
    assert now(walker.server, "after")["threshold"] == 0.6
    expect(page.locator("#threshold").get_by_role("spinbutton")).to_have_value("0.6")
    walker.open("/deployments/before")
    expect(page.get_by_role("heading", name="after", exact=True)).to_be_visible()


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_and_what_was_typed_stays(
    walker: Walker, page: Page
) -> None:
    deploy(walker.server, "shared")
    walker.open("/deployments/shared/settings")
    card = page.locator("#threshold")
    number, save = card.get_by_role("spinbutton"), card.get_by_role("button", name="Save")
    number.fill("0.45")
    bob = {"X-Relens-Actor": "Bob"}
    walker.server.http.patch("/api/v1/deployments/shared", json={"threshold": 0.6}, headers=bob).raise_for_status()
    save.click()
    expect(card.get_by_text("Bob set threshold to 0.6, you saw 0.3")).to_be_visible()
    assert now(walker.server, "shared")["threshold"] == 0.6
    expect(number).to_have_value("0.45")
    assert not found(page)
    save.click()
    until(lambda: now(walker.server, "shared")["threshold"] == 0.45)

    drift = page.locator("#drift")
    hours, images = drift.get_by_label("After hours"), drift.get_by_label("With at least images")
    hours.fill("12")
    mixed = {"hours": 48, "images": 500}
    walker.server.http.put("/api/v1/deployments/shared/drift", json=mixed, headers=bob).raise_for_status()
    drift.get_by_role("button", name="Save").click()
    expect(drift.get_by_text("Bob set hours to 48, you saw 24")).to_be_visible()
    expect(hours).to_have_value("12")
    expect(images).to_have_value("500")
    drift.get_by_role("button", name="Save").click()
    until(lambda: drift_of(walker.server, "shared") == {"hours": 12, "images": 500})


def drift_of(server: Server, name: str) -> dict[str, Any]:
    settings = server.http.get(f"/api/v1/deployments/{name}/drift").json()["settings"]
    return {"hours": settings["hours"], "images": settings["images"]}


def test_what_is_put_away_says_so_and_comes_back(walker: Walker, page: Page) -> None:
    for name in ("old-line", "line-in-use"):
        deploy(walker.server, name)
    walker.open("/deployments/old-line/settings")
    walker.press("Archive")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Images, log, reviews, datasets and models stay")
    sure = dialog.get_by_role("button", name="Archive it")
    dialog.get_by_label("Type old-line to confirm").fill("old")
    expect(sure).to_be_disabled()
    dialog.get_by_label("Type old-line to confirm").fill("old-line")
    assert not found(page)
    sure.click()
    expect(page.get_by_text("it answers nobody")).to_be_visible()
    expect(page.get_by_role("button", name="Send images")).to_have_count(0)
    walker.open("/")
    expect(page.get_by_role("link", name="line-in-use").first).to_be_visible()
    expect(page.get_by_role("link", name="old-line")).to_have_count(0)
    walker.open("/system")
    page.get_by_role("button", name="Restore old-line").click()
    until(lambda: now(walker.server, "old-line")["archived_at"] is None)
    walker.open("/deployments/old-line")
    expect(page.get_by_role("banner").get_by_text("Live", exact=True)).to_be_visible()


def test_what_is_deleted_for_good_is_gone_and_its_name_is_free(walker: Walker, page: Page) -> None:
    deploy(walker.server, "mistake")
    walker.send("mistake", range(2))
    walker.server.http.post("/api/v1/deployments/mistake/archive").raise_for_status()
    walker.open("/deployments/mistake")
    walker.press("Delete for good")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This cannot be undone")
    dialog.get_by_label("Type mistake to confirm").fill("mistake")
    dialog.get_by_role("button", name="Delete it for good").click()
    job = page.get_by_role("row", name="Delete mistake for good")
    expect(job.get_by_text("Done", exact=True)).to_be_visible(timeout=30_000)
    job.get_by_role("button", name="Delete mistake for good").click()
    expect(page.get_by_text("erased", exact=True)).to_be_visible()
    assert not found(page)
    walker.open("/deployments/mistake")
    expect(page.get_by_role("heading", name="No deployment is called mistake")).to_be_visible()
    deploy(walker.server, "mistake")
