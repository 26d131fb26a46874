"""From a version to a deployment that answers: the dialog, the way to Live, the commands as they are pasted, a failure and another try."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from relens.testing.images import make_jpeg
from relens.testing.tiny_models import classifier, detector
from tests.browser.test_accessible import found
from tests.browser.world import Walker, scene, until
from tests.server_process import Server, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
TOKEN = "it's a token of 28 characters"


def register(server: Server, name: str, onnx: bytes, **fields: str) -> None:
    answer = server.http.post(f"/api/v1/models/{name}/versions", files={"file": ("m.onnx", onnx)}, data=fields)
    answer.raise_for_status()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for its token."""
    with running(tmp_path_factory.mktemp("guarded") / "relens", RELENS_TOKEN=TOKEN) as started:
        started.http.headers["Authorization"] = f"Bearer {TOKEN}"
        yield started


@pytest.fixture
def guarded_page(browser: Browser, guarded: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=guarded.url)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_cookies(
        [{"name": "relens_token", "value": "it's%20a%20token%20of%2028%20characters", "url": guarded.url}]
    )
    yield context.new_page()
    context.close()


def test_the_dialog_shows_what_a_threshold_lets_through_and_leads_to_live(walker: Walker, page: Page) -> None:
    walker.import_dataset("scenes", {"train": 4, "validation": 8, "test": 4})
    data = walker.server.http.get("/api/v1/dataset-versions/scenes/1").json()["id"]
    register(walker.server, "spotter", detector(), dataset_version=data, advised_threshold="0.414")
    walker.open("/models/spotter/1")
    walker.press("Deploy")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_have_value("spotter")
    threshold = dialog.get_by_role("spinbutton", name="Confidence threshold")
    expect(threshold).to_have_value("0.41")
    expect(dialog.get_by_text("1.0 detection an image on 8 sample images that it was not trained on")).to_be_visible()
    threshold.fill("1")
    expect(dialog.get_by_text("0.0 detections an image on 8 sample images")).to_be_visible()
    threshold.fill("0.3")
    expect(dialog.get_by_text("a day from")).to_be_visible()
    dialog.get_by_text("Your own machines").click()
    expect(dialog.get_by_label("How to log a prediction")).to_contain_text("relens edge spotter")
    dialog.get_by_text("This Relens server").click()
    assert not found(page)
    threshold.fill("0.41")
    dialog.get_by_role("button", name="Deploy").click()

    steps = page.get_by_label("How far it is")
    expect(steps.get_by_role("listitem")).to_have_text(["Loading", "Warming up", "Live"])
    expect(page.get_by_role("banner").get_by_text("Live", exact=True)).to_be_visible()
    expect(steps.locator("[data-state=done]")).to_have_count(3)
    made = walker.server.http.get("/api/v1/deployments/spotter").json()
    assert (made["threshold"], made["settings"]["threshold_by"]) == (0.414, "advised"), (
        "what was left as advised nobody chose"
    )
    rules = page.get_by_role("group", name="Tell me when")
    expect(rules.get_by_role("checkbox").first).to_be_checked()
    offered = rules.get_by_role("checkbox").count()
    rules.get_by_role("checkbox").first.uncheck()
    rules.get_by_role("button", name=re.compile("^Add")).click()
    mine = walker.server.http.get
    until(lambda: len(mine("/api/v1/deployments/spotter/alert-rules").json()["items"]) == offered - 1)
    assert not found(page)
    walker.send("spotter", range(1))
    expect(page.get_by_text("1 image so far.")).to_be_visible()
    walker.press("Done")
    expect(steps).to_have_count(0)

    walker.open("/models/spotter/1")
    walker.press("Deploy")
    expect(dialog.get_by_label("Name")).to_have_value("spotter-2")


def test_a_failure_says_why_and_another_try_helps(walker: Walker, page: Page) -> None:
    register(walker.server, "broken", detector(note="broken"))
    artifact = walker.server.http.get("/api/v1/model-versions/broken/1").json()["artifact"]
    file = next(path for path in (walker.server.home / "files").rglob("*") if path.is_file() and artifact in str(path))
    aside = file.rename(file.with_name("aside"))
    walker.open("/models/broken/1")
    walker.press("Deploy")
    page.get_by_role("dialog").get_by_role("button", name="Deploy").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The champion could not be loaded")
    expect(page.get_by_label("How far it is").locator("[data-state=failed]")).to_have_text("Loading")
    aside.rename(file)
    alert.get_by_role("button", name="Try again now").click()
    expect(page.get_by_role("banner").get_by_text("Live", exact=True)).to_be_visible(timeout=10_000)
    expect(alert).to_have_count(0)


@pytest.mark.parametrize(("model", "onnx"), [("boxes", detector()), ("whole", classifier())])
def test_every_command_works_as_it_is_pasted(
    guarded: Server, guarded_page: Page, tmp_path: Path, model: str, onnx: bytes
) -> None:
    register(guarded, model, onnx)
    (tmp_path / "images").mkdir()
    for name in ("image.jpg", "images/one.jpg"):
        (tmp_path / name).write_bytes(scene(1).data)
    for target in ("server", "external"):
        wish = {"name": f"{model}-{target}", "model_version": f"{model}/1", "target": target, "threshold": 0.1}
        guarded.http.post("/api/v1/deployments", json=wish).raise_for_status()
        guarded_page.goto(f"/deployments/{model}-{target}/settings")
        code = guarded_page.locator("#code")
        for way in code.get_by_label("Way").get_by_role("button").all():
            before = images_of(guarded, f"{model}-{target}")
            way.click()
            expect(code.locator("pre")).not_to_contain_text(TOKEN)
            code.get_by_role("button", name="Copy").click()
            paste(guarded_page.evaluate("navigator.clipboard.readText()"), way.inner_text(), tmp_path)
            # What is logged is counted a moment later.
            until(lambda: images_of(guarded, f"{model}-{target}") > before)  # noqa: B023 - waited for right here
            assert images_of(guarded, f"{model}-{target}") == before + 1, way.inner_text()


def images_of(server: Server, deployment: str) -> int:
    return int(server.http.get(f"/api/v1/deployments/{deployment}/overview").json()["predictions"])


def paste(text: str, way: str, folder: Path) -> None:
    """As a person would, where `pip install relens` is done already."""
    bin_ = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "HOME": str(folder)}
    if way == "Python":
        command = [sys.executable, "-c", text]
    else:
        once = text.replace("pip install relens", "true").replace("--folder images", "--folder images --once")
        command = ["bash", "-e", "-c", once]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


def test_an_image_is_tried_where_it_lies_and_the_threshold_slides(walker: Walker, page: Page) -> None:
    register(walker.server, "tried", detector())
    wish = {"name": "tried", "model_version": "tried/1", "threshold": 0.1}
    walker.server.http.post("/api/v1/deployments", json=wish).raise_for_status()
    page.goto("/deployments/tried")
    expect(page.get_by_role("banner").get_by_text("Live", exact=True)).to_be_visible()
    walker.press("Send images")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("switch").uncheck()
    dialog.get_by_label("Images to send").set_input_files(
        {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": scene(3).data}
    )
    picture = dialog.get_by_role("img", name="Your image: 1 detection")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.src.startsWith('blob:') && image.complete && image.naturalWidth > 0")
    expect(dialog.locator("figure svg rect")).not_to_have_count(0)
    dialog.get_by_label("Show from this confidence on").fill("1")
    expect(dialog.get_by_text("Nothing above the threshold")).to_be_visible()
    assert images_of(walker.server, "tried") == 0
    dialog.get_by_label("Images to send").set_input_files(
        {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no image"}
    )
    expect(dialog.get_by_role("alert")).to_contain_text("broken.jpg")
    assert not found(page)


def test_the_camera_is_answered_frame_by_frame_and_a_frame_is_kept_on_demand(walker: Walker, page: Page) -> None:
    register(walker.server, "watching", classifier())
    wish = {"name": "watching", "model_version": "watching/1"}
    walker.server.http.post("/api/v1/deployments", json=wish).raise_for_status()
    page.context.grant_permissions(["camera"], origin=walker.server.url)
    page.goto("/deployments/watching")
    expect(page.get_by_role("banner").get_by_text("Live", exact=True)).to_be_visible()
    walker.press("Send images")
    walker.press("Use the camera")
    expect(page.get_by_role("dialog").get_by_role("img", name=re.compile("^Your image: "))).to_be_visible()
    assert images_of(walker.server, "watching") == 0
    walker.press("Take this image")
    until(lambda: images_of(walker.server, "watching") == 1)


def test_a_picture_that_is_no_image_spoils_nothing(walker: Walker, page: Page) -> None:
    """The version's own page tries without a deployment, and logs nothing."""
    register(walker.server, "apart", detector(note="apart"))
    page.goto("/models/apart/1")
    card = page.locator("#try")
    expect(card.get_by_role("switch")).to_have_count(0)
    card.get_by_label("Images to send").set_input_files(
        [
            {"name": "no.jpg", "mimeType": "image/jpeg", "buffer": b"no"},
            {"name": "yes.jpg", "mimeType": "image/jpeg", "buffer": make_jpeg(size=(96, 64), seed=1)},
        ]
    )
    expect(card.get_by_role("alert")).to_contain_text("no.jpg")
    expect(card.get_by_role("img", name=re.compile("^Your image: "))).to_be_visible()
