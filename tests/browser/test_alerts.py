"""Alerts in a browser: one that fires is seen and acknowledged, a channel is tried, a suggested rule is one press, a rule is changed."""

from __future__ import annotations

import re
from threading import Event
from time import monotonic

import pytest
from playwright.sync_api import Page, expect

from relens.testing.tiny_models import detector
from tests.browser.world import Walker, scene
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def fired(server: Server) -> Server:
    """A deployment whose rule about latency holds from the first image on."""
    server.http.post("/api/v1/models/blobs/versions", files={"file": ("m.onnx", detector())}).raise_for_status()
    asked = {"name": "blobs", "model_version": "blobs/latest", "threshold": 0.3}
    server.http.post("/api/v1/deployments", json=asked).raise_for_status()
    for n in range(3):
        predict = f"/api/v1/deployments/blobs/predict?source=line-1&client_id={n}"
        server.http.post(predict, content=scene(n).data).raise_for_status()
    rule = {"metric": "latency", "operator": "above", "value": 0.0001, "min_count": 1, "severity": "critical"}
    server.http.post("/api/v1/deployments/blobs/alert-rules", json=rule).raise_for_status()
    deadline, pause = monotonic() + 120, Event()
    while not server.http.get("/api/v1/alerts").json()["items"]:
        assert monotonic() < deadline, "the rule holds and nothing fires"
        pause.wait(0.1)
    return server


def test_a_firing_alert_is_seen_opened_and_acknowledged(page: Page, fired: Server) -> None:
    page.goto("/alerts")
    row = page.get_by_role("row").filter(has_text="latency p95 of blobs")
    expect(row).to_contain_text("Firing")
    row.get_by_role("button", name="latency p95 of blobs").click()
    expect(page.get_by_text("Next step:")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="began at")).to_contain_text(" ms, ")
    row.get_by_role("button", name="Acknowledge").click()
    expect(row).to_contain_text("seen by")
    (alert,) = fired.http.get("/api/v1/alerts").json()["items"]
    assert alert["acknowledged_by"]
    row.get_by_label("Snooze").select_option(label="For 30 minutes")
    expect(page.get_by_text("Snoozed until")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="snoozed by")).to_contain_text(
        re.compile(r"until \w{3} \d+, \d{4}")
    )


def test_a_test_says_whether_it_arrived(page: Page, fired: Server) -> None:
    """One channel that works, and one whose address nobody listens at."""
    page.goto("/alerts")
    channels = page.locator("#channels")
    channels.get_by_role("button", name="Add a channel").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Kind").select_option(label="In app")
    dialog.get_by_label("Name").fill("The inbox")
    dialog.get_by_role("button", name="Save").click()
    expect(channels.get_by_text("The inbox")).to_be_visible()
    channels.get_by_role("button", name="Send a test").click()
    expect(channels.get_by_text("The inbox took the test message")).to_be_visible()
    page.reload()
    expect(page.get_by_text("a test message to The inbox")).to_be_visible()
    page.get_by_role("button", name="Seen").click()
    expect(page.get_by_text("a test message to The inbox")).to_have_count(0)
    settings = {"url": "http://127.0.0.1:9009/nobody?key=hush"}
    body = {"name": "Nobody", "kind": "webhook", "settings": settings}
    fired.http.post("/api/v1/channels", json=body).raise_for_status()
    page.reload()
    line = channels.locator("div").filter(has=page.get_by_text("Nobody", exact=True)).last
    expect(line).to_contain_text("http://127.0.0.1:9009/…")
    channels.get_by_role("button", name="Send a test").nth(1).click()
    expect(channels.get_by_text("did not answer").first).to_be_visible()
    expect(page.get_by_text("hush")).to_have_count(0)


def test_a_suggested_rule_is_one_press_and_any_rule_can_be_changed(walker: Walker, fired: Server) -> None:
    walker.open("/deployments/blobs/settings#alerts")
    alerts = walker.page.locator("#alerts")
    alerts.get_by_role("button", name="Add: No images").click()
    expect(alerts.get_by_text("Silence above 3 times the usual gap").first).to_be_visible()
    expect(alerts.get_by_role("button", name="Add: No images")).to_have_count(0)
    made = next(r for r in rules(fired) if r["metric"] == "silence")
    assert (made["value"], made["severity"]) == (3.0, "critical")
    alerts.get_by_role("button", name="Edit").nth(1).click()
    alerts.get_by_label("Number", exact=True).first.fill("5")
    alerts.get_by_label("For, in minutes").first.fill("10")
    alerts.get_by_role("button", name="Save").first.click()
    expect(alerts.get_by_text("Silence above 5 times the usual gap").first).to_be_visible()
    changed = next(r for r in rules(fired) if r["metric"] == "silence")
    assert (changed["value"], changed["for_s"], changed["severity"]) == (5.0, 600, "critical")


def rules(server: Server) -> list[dict[str, object]]:
    found: list[dict[str, object]] = server.http.get("/api/v1/deployments/blobs/alert-rules").json()["items"]
    return found
