"""The dashboard by mouse and keyboard: every choice is in the address, and every number leads to its images."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from relens.testing.tiny_models import detector
from tests.browser.world import WRONG, Walker, scene
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
HERE = "/deployments/watched"
API = "/api/v1/deployments/watched"


@pytest.fixture(autouse=True)
def patient(page: Page) -> None:
    """A whole dashboard is more than most pages; a busy machine needs longer for it."""
    page.set_default_timeout(40_000)
    expect.set_options(timeout=40_000)


@pytest.fixture(scope="module")
def watched(server: Server) -> Server:
    """Three cameras: one that sent its last image hours ago, one by day, one tagged; a few images are reviewed."""
    server.http.post("/api/v1/models/spotter/versions", files={"file": ("m.onnx", detector(order=WRONG))})
    wish = {"name": "watched", "model_version": "spotter/latest", "threshold": 0.3}
    server.http.post("/api/v1/deployments", json=wish).raise_for_status()
    now = datetime.now(UTC)
    for n in range(36):
        taken, source = now - timedelta(minutes=3 * (n % 12)), f"line-{1 + n // 12}"
        if source == "line-3":
            taken -= timedelta(hours=30)
        params: dict[str, str] = {"source": source, "taken_at": taken.isoformat(), "client_id": str(n)}
        if source == "line-2":
            params["tags"] = "night"
        server.http.post(f"{API}/predict", content=scene(n).data, params=params).raise_for_status()
    for line in server.http.get(f"{API}/predictions", params={"limit": 6}).json()["items"]:
        server.http.put(f"/api/v1/predictions/{line['id']}/verdict", json={"status": "accepted"}).raise_for_status()
    return server


def opened(page: Page, search: str = "") -> None:
    page.goto(f"{HERE}{search}")
    expect(tile(page, "volume").locator("canvas")).to_be_visible()


def tile(page: Page, metric: str) -> Locator:
    return page.locator(f"[data-metric={metric}]").first


def query_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query)["q"][0]


def found(server: Server, query: str) -> int:
    counted = server.http.get(f"{API}/predictions/count", params={"query": query}).raise_for_status()
    return int(counted.json()["count"])


def test_each_choice_is_in_the_address_and_survives_a_reload(page: Page, watched: Server) -> None:
    opened(page)
    expect(tile(page, "volume")).to_contain_text("36")
    page.get_by_label("Source", exact=True).select_option("line-2")
    expect(tile(page, "volume")).to_contain_text("12")
    page.get_by_label("Tag").select_option("night")
    page.get_by_label("Label", exact=True).select_option("red")
    page.get_by_role("group", name="Time range").get_by_role("button", name="24 hours").click()
    asked = parse_qs(urlsplit(page.url).query)
    assert {name: asked[name] for name in ("source", "tag", "label", "range")} == {
        "source": ["line-2"], "tag": ["night"], "label": ["red"], "range": ["24h"],
    }  # fmt: skip
    page.reload()
    expect(page.get_by_label("Tag")).to_have_value("night")
    expect(tile(page, "volume")).to_contain_text("12")
    page.get_by_role("button", name="Clear filters").click()
    expect(tile(page, "volume")).to_contain_text("24")


def test_a_range_of_ones_own_is_chosen_on_ones_own_clock(browser: Browser, watched: Server) -> None:
    context = browser.new_context(
        base_url=watched.url, timezone_id="Asia/Kolkata", viewport={"width": 1440, "height": 900}
    )
    page = context.new_page()
    opened(page)
    page.get_by_role("button", name="Custom…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("GMT+5:30")
    dialog.get_by_label("From").fill("2026-03-01T05:30:00")
    dialog.get_by_label("To").fill("2026-03-01T04:30:00")
    expect(dialog.get_by_role("alert")).to_contain_text("ends before it begins")
    expect(dialog.get_by_role("button", name="Show this range")).to_be_disabled()
    dialog.get_by_label("To").fill("2026-03-01T06:30:00")
    expect(dialog).to_contain_text("2026-03-01 00:00:00 UTC")
    dialog.get_by_role("button", name="Show this range").click()
    expect(page).to_have_url(re.compile(r"from=2026-03-01T00%3A00%3A00"))
    expect(tile(page, "volume")).to_contain_text("No predictions")
    chip = page.get_by_role("button", name=re.compile("Mar 1.*5:30"))
    assert "2026-03-01 00:00:00 UTC" in str(chip.get_attribute("title"))
    chip.click()
    expect(tile(page, "volume")).to_contain_text("36")
    context.close()


def test_dragging_zooms_every_chart_and_back_zooms_out(page: Page, watched: Server) -> None:
    opened(page, "?range=24h")
    expect(tile(page, "volume")).to_contain_text("24")
    chart = tile(page, "volume").locator(".u-over")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 8, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40, steps=6)
    page.mouse.up()
    expect(page).to_have_url(re.compile("from=.*to="))
    expect(tile(page, "latency")).to_contain_text("No predictions")
    page.go_back()
    expect(tile(page, "volume")).to_contain_text("24")


def test_a_click_on_a_point_opens_the_images_it_counts(page: Page, watched: Server) -> None:
    opened(page, "?source=line-2")
    chart = tile(page, "volume").locator(".u-over")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 60)
    page.mouse.click(box["x"] + box["width"] - 3, box["y"] + 60)
    expect(page).to_have_url(re.compile("/predictions"))
    query = query_of(page)
    assert "line-2" in query
    assert 0 < found(watched, query) <= 12


def test_a_chart_is_walked_and_opened_by_keyboard(page: Page, watched: Server) -> None:
    opened(page)
    walk = page.get_by_role("slider", name="Images over time")
    walk.focus()
    page.keyboard.press("End")
    expect(walk).to_have_attribute("aria-valuetext", re.compile(r"Images \d+"))
    told = int(re.findall(r"Images (\d+)", str(walk.get_attribute("aria-valuetext")))[0])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/predictions"))
    assert found(watched, query_of(page)) == told


def test_a_stretch_is_chosen_by_keyboard(page: Page, watched: Server) -> None:
    opened(page, "?range=7d")
    page.get_by_role("slider", name="Images over time").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("from=.*to="))


def test_every_canvas_has_a_table_that_leads_to_the_images(page: Page, watched: Server) -> None:
    opened(page)
    volume = tile(page, "volume")
    volume.hover()
    volume.get_by_role("button", name="Volume as a table").click()
    rows = volume.get_by_role("row")
    expect(rows.first).to_contain_text("Time")
    shown = [int(cell) for cell in volume.get_by_role("cell").all_inner_texts()]
    assert sum(shown) == 36
    with page.expect_download() as kept:
        volume.get_by_role("button", name="CSV", exact=True).click()
    text = kept.value.path().read_text()
    assert text.startswith("Time,Images")
    assert " UTC," in text
    rows.nth(1).get_by_role("link").click()
    expect(page).to_have_url(re.compile("/predictions"))
    assert found(watched, query_of(page)) == shown[0]


def test_a_cell_of_the_heatmap_opens_the_images_with_something_there(page: Page, watched: Server) -> None:
    opened(page)
    heat = page.get_by_role("slider", name="Where answers lie in the image")
    heat.focus()
    page.keyboard.press("ArrowRight")
    said = str(heat.get_attribute("aria-valuetext"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/predictions"))
    assert "detection" in query_of(page)
    assert found(watched, query_of(page)) == int(said.split()[0])


def test_bars_cells_and_labels_lead_to_what_they_count(page: Page, watched: Server) -> None:
    opened(page)
    for link in (
        tile(page, "estimates").page.locator("[data-metric=detection_report] td a").first,
        page.locator("[data-metric=label_distribution] a").first,
        tile(page, "box_size").locator("li a").first,
        tile(page, "image_size").locator("li a").first,
    ):
        there = str(link.get_attribute("href"))
        assert found(watched, parse_qs(urlsplit(there).query)["q"][0]) > 0
    assert tile(page, "box_size").locator("[data-opens=true]").count() > 0
    assert tile(page, "image_statistics").locator("[data-opens=true]").count() > 0
    cell = page.get_by_role("link", name=re.compile(r"images: true \w+, answered"))
    count = int(cell.first.inner_text())
    cell.first.click()
    expect(page).to_have_url(re.compile("/predictions"))
    assert 0 < found(watched, query_of(page)) <= count


def test_a_dead_camera_stays_in_sight_and_says_since_when(page: Page, watched: Server) -> None:
    opened(page, "?range=1h")
    row = page.get_by_role("region", name="Sources").get_by_role("row").nth(1)
    expect(row).to_contain_text("line-3")
    expect(row).to_contain_text("silent since 1 day ago")
    expect(row).to_contain_text("none")
    page.get_by_role("button", name="line-1").click()
    expect(page).to_have_url(re.compile("source=line-1"))


def test_each_metric_says_what_it_is_in_a_picture(page: Page, watched: Server) -> None:
    opened(page)
    page.get_by_role("button", name="What Latency means").click()
    note = page.get_by_role("note", name="Latency")
    expect(note).to_contain_text("half are answered within 10 ms")
    expect(note.locator("svg")).to_be_visible()
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    names = [
        about.get_attribute("aria-label")
        for about in page.get_by_role("button", name=re.compile("^What .* means$")).all()
    ]
    for name in names:
        page.get_by_role("button", name=str(name), exact=True).first.click()
        expect(page.get_by_role("note").locator("figure svg")).to_be_visible()
        page.keyboard.press("Escape")
    assert len(names) >= 18


def test_the_dashboard_fits_a_phone(browser: Browser, watched: Server) -> None:
    context = browser.new_context(base_url=watched.url, viewport={"width": 360, "height": 740})
    page = context.new_page()
    for place in (HERE, "/", "/alerts"):
        page.goto(place)
        expect(page.get_by_role("heading").first).to_be_visible()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, place
    context.close()


def test_what_needs_a_person_stands_on_the_first_page(walker: Walker, page: Page, watched: Server) -> None:
    rule = {"metric": "latency", "operator": "above", "value": 0.0001, "min_count": 1, "severity": "critical"}
    made = watched.http.post(f"{API}/alert-rules", json=rule).raise_for_status().json()
    walker.open("/")
    row = page.get_by_role("row").filter(has_text="watched")
    expect(row).to_contain_text("36")
    expect(row.get_by_role("img", name=re.compile("Median latency"))).to_be_visible()
    expect(row.get_by_role("link", name="1 open alert")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Needs a look 1").click()
    expect(row).to_be_visible()
    row.get_by_role("link", name="1 open alert").click()
    expect(page).to_have_url(re.compile(r"/alerts\?deployment="))
    expect(page.get_by_text("latency p95 of watched").first).to_be_visible()
    rules = page.locator("#rules")
    expect(rules).to_contain_text("Latency p95 above 0.0001 ms")
    rules.get_by_role("switch").uncheck()
    page.get_by_role("button", name="History").click()
    expect(page).to_have_url(re.compile("state=all"))
    expect(page.get_by_role("row").filter(has_text="latency p95 of watched")).to_contain_text("Over")
    watched.http.delete(f"/api/v1/alert-rules/{made['id']}").raise_for_status()


def test_a_tile_without_numbers_says_what_the_images_lack(page: Page, watched: Server) -> None:
    """Answered elsewhere, by a program that says nothing of its latency and found nothing."""
    wish = {"name": "elsewhere", "model_version": "spotter/latest", "threshold": 0.3}
    watched.http.post("/api/v1/deployments", json=wish).raise_for_status()
    said = {"width": 96, "height": 72, "detections": []}
    watched.http.post("/api/v1/deployments/elsewhere/predictions", json=said).raise_for_status()
    page.goto("/deployments/elsewhere")
    expect(tile(page, "latency")).to_contain_text("No prediction in this window says how long it took")
    expect(tile(page, "confidence")).to_contain_text("Nothing reached the threshold")
    expect(tile(page, "image_statistics")).to_contain_text("came without their pictures")
