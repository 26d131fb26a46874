"""A user's folder becomes a stream."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from relens.demo.coco_folder import BadFolder, read_folder

Edit = Callable[[dict[str, Any]], None]


def _folder(tmp_path: Path, count: int = 40, edit: Edit = lambda written: None, boxes: bool = True) -> Path:
    (tmp_path / "images").mkdir()
    chance = np.random.default_rng(1)
    images, annotations = [], []
    for number in range(count):
        out = io.BytesIO()
        Image.fromarray(chance.integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(out, "JPEG")
        (tmp_path / "images" / f"{number}.jpg").write_bytes(out.getvalue())
        images.append({"id": number, "file_name": f"{number}.jpg", "width": 32, "height": 24})
        entry: dict[str, Any] = {"id": number, "image_id": number, "category_id": 1 + number % 2}
        annotations.append(entry | {"bbox": [1, 2, 10, 12]} if boxes else entry)
    written = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
    }
    edit(written)
    (tmp_path / "annotations.json").write_text(json.dumps(written))
    return tmp_path


def test_without_splits_it_cuts_half_to_train_and_keeps_parts_apart(tmp_path: Path) -> None:
    stream = read_folder(_folder(tmp_path))
    parts = [
        {e.file_name for e in stream.train},
        {e.file_name for e in stream.gate},
        {e.file_name for e in stream.report},
        {a.name for a in stream.production},
    ]
    assert [len(part) for part in parts] == [20, 4, 4, 12]
    assert len(set.union(*parts)) == 40


def test_near_duplicates_are_never_on_two_sides(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    for copy in range(0, 30, 2):
        (folder / "images" / f"{copy + 1}.jpg").write_bytes((folder / "images" / f"{copy}.jpg").read_bytes())
    stream = read_folder(folder)
    side = {e.file_name: part for part in ("train", "gate", "report") for e in getattr(stream, part)}
    side |= {a.name: "production" for a in stream.production}
    assert all(side[f"{copy}.jpg"] == side[f"{copy + 1}.jpg"] for copy in range(0, 30, 2))


def test_given_splits_and_order_of_arrival_are_used(tmp_path: Path) -> None:
    def edit(written: dict[str, Any]) -> None:
        for number, image in enumerate(written["images"]):
            image["split"] = ("train", "production", "holdout", "production")[number % 4]
            image["seq"] = 1000 - number

    stream = read_folder(_folder(tmp_path, edit=edit))
    assert {int(Path(e.file_name).stem) % 4 for e in stream.train} == {0}
    assert [a.name for a in stream.production[:3]] == ["39.jpg", "37.jpg", "35.jpg"]
    assert abs(len(stream.gate) - len(stream.report)) <= 1


def test_truth_is_given_for_production_only(tmp_path: Path) -> None:
    stream = read_folder(_folder(tmp_path))
    assert stream.truth(stream.production[0].name)
    assert stream.truth(stream.train[0].file_name) is None


def test_without_boxes_it_is_a_classification(tmp_path: Path) -> None:
    stream = read_folder(_folder(tmp_path, boxes=False))
    assert stream.task == "classification"
    assert all(e.annotations[0].shape is None for e in stream.train)


def test_masks_without_boxes_become_boxes(tmp_path: Path) -> None:
    def edit(written: dict[str, Any]) -> None:
        for annotation in written["annotations"]:
            del annotation["bbox"]
            annotation["segmentation"] = [[2, 3, 9, 3, 9, 8]]

    stream = read_folder(_folder(tmp_path, edit=edit))
    assert stream.task == "detection"
    shape = stream.train[0].annotations[0].shape
    assert shape is not None
    assert shape.box().corners() == (2, 3, 9, 8)


def test_broken_images_and_empty_boxes_are_left_out_and_said(tmp_path: Path) -> None:
    def edit(written: dict[str, Any]) -> None:
        written["annotations"][5]["bbox"] = [3, 3, 0, 4]

    folder = _folder(tmp_path, edit=edit)
    (folder / "images" / "7.jpg").write_bytes(b"no image")
    stream = read_folder(folder)
    assert len(stream.notes) == 3
    everything = [e.file_name for e in (*stream.train, *stream.gate, *stream.report)] + [
        a.name for a in stream.production
    ]
    assert "7.jpg" not in everything
    assert "5.jpg" in everything


def test_a_file_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"x")
    inside = tmp_path / "set"
    inside.mkdir()

    def edit(written: dict[str, Any]) -> None:
        written["images"][0]["file_name"] = "../secret.jpg"

    stream = read_folder(_folder(inside, edit=edit))
    assert "images left out because they cannot be used: 1" in stream.notes


def test_a_folder_that_is_no_dataset_is_refused_with_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(BadFolder, match=r"annotations\.json"):
        read_folder(tmp_path)
