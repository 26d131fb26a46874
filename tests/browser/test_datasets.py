"""Datasets by hand: a folder is dropped in, labels are renamed, versions compared, and what cannot be deleted says why."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.world import Walker, coco_zip

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def unpacked(folder: Path, data: bytes) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        packed.extractall(folder)
    return folder


def drop(onto: Locator, path: Path) -> None:
    """A real drop with the mouse, as from the desktop."""
    box = onto.bounding_box()
    assert box is not None
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    carried = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    session = onto.page.context.new_cdp_session(onto.page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **at, "data": carried})


def test_a_folder_is_imported_as_it_lies_and_its_labels_are_renamed(walker: Walker, tmp_path: Path) -> None:
    page = walker.page
    walker.open("/datasets")
    zone = page.get_by_text("Drop a zip or a folder here").locator("..")
    blobs = unpacked(tmp_path / "blobs here", coco_zip({"train": 8, "test": 4, "production": 3}))
    drop(page.get_by_role("heading", name="Datasets"), blobs / "annotations.json")
    drop(zone, unpacked(tmp_path / "mistaken", coco_zip({"train": 1})))
    expect(page.get_by_label("Name")).to_have_value("mistaken")
    drop(page.get_by_text("mistaken: 2 files").locator(".."), blobs)
    expect(page.get_by_text("blobs here: 16 files")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("blobs-here")
    page.get_by_label("Name").fill("patches")
    walker.press("Import")
    expect(page.get_by_text("3 images are set apart as production")).to_be_visible()
    assert len(page.context.pages) == 1, "what was dropped beside the place for it opened a page"
    walker.press("patches v1", "link")
    page.get_by_label("Choose red", exact=True).check()
    walker.press("Rename…")
    page.get_by_label("New name").fill("scarlet")
    expect(page.get_by_text("becomes scarlet in")).to_be_visible()
    walker.press("Make version 2")
    expect(page.get_by_role("heading", name="patches v2")).to_be_visible()
    expect(page.get_by_text("labels changed: red renamed to scarlet")).to_be_visible()
    walker.press("What changed", "link")
    expect(page.get_by_text("no label any more")).to_be_visible()
    walker.press("Datasets", "link")


def test_problems_of_one_kind_are_one_line_and_the_rest_can_be_imported(walker: Walker) -> None:
    page = walker.page
    walker.open("/datasets")
    page.get_by_label("Zip file to import").set_input_files(
        {"name": "odd.zip", "mimeType": "application/zip", "buffer": coco_zip({"train": 6, "somewhere": 5})}
    )
    walker.press("Import")
    expect(page.get_by_text("the split 'somewhere' is not known")).to_have_count(2)
    expect(page.get_by_text("and 2 more")).to_be_visible()
    walker.press("Import the 6 images that are in order")
    walker.press("odd v1", "link")
    expect(page.get_by_role("heading", name="odd v1")).to_be_visible()


def test_a_dataset_is_deleted_only_when_its_name_is_typed(walker: Walker) -> None:
    page = walker.page
    for name in ("spare", "needed"):
        walker.import_dataset(name, {"train": 6})
    walker.open("/datasets/spare")
    walker.press("Archive or delete…")
    delete = page.get_by_role("button", name="Delete every version")
    expect(delete).to_be_disabled()
    page.get_by_label("To delete it for good, type spare").fill("spare")
    delete.click()
    expect(page).to_have_url("/datasets")
    expect(page.get_by_role("link", name="needed").first).to_be_visible()
    expect(page.get_by_role("link", name="spare")).to_have_count(0)
