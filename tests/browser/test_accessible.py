"""axe finds nothing serious on any page, light and dark, on a desk and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from relens.testing.tiny_models import classifier, detector
from tests.browser.world import Walker
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
OUTSIDE = ("/", "/models", "/models/spotter/1", "/datasets", "/training", "/alerts", "/jobs", "/system", "/system/api")
INSIDE = ("", "/predictions", "/predictions?view=table", "/review", "/review?mode=grid", "/loop", "/settings")
DIALOGS = {
    "/models": "Register a model",
    "/models/spotter/1": "Deploy",
    "/training": "Start a run",
    "/alerts": "Add a channel",
}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}


def found(page: Page) -> list[str]:
    """The serious ones, each with the first place it was seen."""
    page.add_script_tag(path=AXE)
    result = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{one['id']}: {one['help']}, {len(one['nodes'])} times, first {one['nodes'][0]['html'][:160]}"
        for one in result["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def on_a_phone(page: Page) -> list[str]:
    desk = page.viewport_size
    assert desk is not None
    page.set_viewport_size({"width": 360, "height": 780})
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    said = found(page)
    page.set_viewport_size(desk)
    return said


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_on_any_page(server: Server, walker: Walker, page: Page, scheme: str) -> None:
    if not AXE.is_file():
        pytest.skip("the pages' libraries are not installed: run `npm ci` in web/")
    for name, onnx in (("spotter", detector()), ("sorter", classifier())):
        version = server.http.post(f"/api/v1/models/{name}/versions", files={"file": ("model.onnx", onnx)}).json()
        wish = {"name": f"{name}-{scheme}", "model_version": version["id"], "threshold": 0.3}
        server.http.post("/api/v1/deployments", json=wish).raise_for_status()
        first = walker.send(f"{name}-{scheme}", range(4))[0]
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    inside = [f"/deployments/spotter-{scheme}{tab}" for tab in INSIDE]
    more = [f"/deployments/sorter-{scheme}/review", f"/deployments/sorter-{scheme}/predictions/{first}"]
    wrong = {}
    for place in (*OUTSIDE, *inside, *more):
        page.goto(place)
        expect(page.get_by_role("heading").first).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        if said := found(page):
            wrong[place] = said
        if scheme == "light" and (said := on_a_phone(page)):
            wrong[f"{place} on a phone"] = said
        if question := DIALOGS.get(place):
            page.get_by_role("button", name=question, exact=True).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            if said := found(page):
                wrong[f"{place}: {question}"] = said
    assert not wrong, "\n".join(f"{place}\n  " + "\n  ".join(said) for place, said in wrong.items())
