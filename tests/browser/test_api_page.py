"""The page of all addresses: its commands do what they say when they are pasted into a shell."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from relens.testing.images import DARK, make_jpeg
from relens.testing.tiny_models import detector
from tests.browser.world import Walker, coco_zip
from tests.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def watched(walker: Walker, page: Page) -> Page:
    """The page, once a deployment of this server has predicted."""
    here = walker.server.http
    if here.get("/api/v1/deployments/spotter").status_code == 404:
        version = here.post("/api/v1/models/spotter/versions", files={"file": ("model.onnx", detector())}).json()
        asked = {"name": "spotter", "model_version": version["id"], "threshold": 0.3}
        here.post("/api/v1/deployments", json=asked).raise_for_status()
        walker.send("spotter", range(4))
    page.goto("/system/api")
    expect(page.get_by_label("Search addresses")).to_be_visible()
    return page


def command(page: Page, method: str, path: str) -> str:
    """What the page offers for this address."""
    page.get_by_label("Search addresses").fill(f"{method.lower()} {path}")
    line = page.locator("details").filter(has=page.locator(f"summary code:text-is('{path}')"))
    line.locator("summary").click()
    text = line.get_by_label("Command").inner_text()
    line.locator("summary").click()
    return text


def pasted(text: str, folder: Path) -> Any:
    """What the address answered; curl fails on a refusal."""
    asked = ["sh", "-c", text.replace("curl", "curl -sS --fail-with-body", 1)]
    ran = subprocess.run(asked, cwd=folder, capture_output=True, check=False)
    assert ran.returncode == 0, f"{text}\n{ran.stdout.decode()}{ran.stderr.decode()}"
    return json.loads(ran.stdout)


def test_an_image_is_kept_by_the_command(watched: Page, tmp_path: Path) -> None:
    (tmp_path / "image.jpg").write_bytes(make_jpeg(DARK, (96, 64), seed=1))
    assert pasted(command(watched, "POST", "/api/v1/assets"), tmp_path)["width"] == 96


def test_a_dataset_is_imported_by_the_command(server: Server, watched: Page, tmp_path: Path) -> None:
    (tmp_path / "dataset.zip").write_bytes(coco_zip({"train": 3}))
    job = pasted(command(watched, "POST", "/api/v1/datasets/{name}/import"), tmp_path)
    assert server.job(job["id"])["state"] == "succeeded"


def test_reviews_of_another_tool_come_back_by_the_command(server: Server, watched: Page, tmp_path: Path) -> None:
    out = pasted(command(watched, "GET", "/api/v1/deployments/{deployment}/review-export"), tmp_path)
    for task in out:
        task["annotations"] = [{"result": one["result"]} for one in task.pop("predictions")]
    (tmp_path / "reviews.json").write_text(json.dumps(out))
    told = pasted(command(watched, "POST", "/api/v1/deployments/{deployment}/review-import"), tmp_path)
    assert len(told["lines"]) == len(out) > 0


def test_json_that_an_address_needs_is_in_its_command(watched: Page, tmp_path: Path) -> None:
    rule = pasted(command(watched, "POST", "/api/v1/deployments/{deployment}/alert-rules"), tmp_path)
    assert rule["metric"] == "latency"
    sent = pasted(command(watched, "POST", "/api/v1/deployments/{deployment}/predictions"), tmp_path)
    assert len(sent["items"]) == 1


def test_nothing_that_is_there_is_deleted_by_a_command_pasted_as_it_is(watched: Page) -> None:
    assert "/deployments/DEPLOYMENT?name=NAME" in command(watched, "DELETE", "/api/v1/deployments/{deployment}")
