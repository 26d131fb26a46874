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
from relens.demo.stream import Stream

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


def _declare(*splits: str | None) -> Edit:
    def edit(written: dict[str, Any]) -> None:
        for number, image in enumerate(written["images"]):
            image["split"] = splits[number % len(splits)]

    return edit


def _names(stream: Stream) -> dict[str, set[str]]:
    parts = {part: {e.file_name for e in getattr(stream, part)} for part in ("train", "gate", "report")}
    return parts | {"production": {a.name for a in stream.production}}


def test_what_is_declared_stays_where_it_is_when_a_part_is_missing(tmp_path: Path) -> None:
    stream = read_folder(_folder(tmp_path, edit=_declare("train", "production")))
    found = _names(stream)
    assert found["production"] == {f"{number}.jpg" for number in range(1, 40, 2)}
    assert all(int(Path(name).stem) % 2 == 0 for part in ("train", "gate", "report") for name in found[part])
    assert [len(found[part]) for part in ("train", "gate", "report")] == [14, 3, 3]
    assert "no holdout in images[].split: cut out of train here, near-duplicates together" in stream.notes


def test_images_that_declare_nothing_become_the_part_that_is_missing_or_are_said_to_be_left_out(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    arriving = read_folder(_folder(tmp_path / "one", edit=_declare("train", "valid", "test", None)))
    assert _names(arriving)["production"] == {f"{number}.jpg" for number in range(3, 40, 4)}
    assert "images without a split became production: 10" in arriving.notes
    whole = read_folder(_folder(tmp_path / "other", edit=_declare("train", "production", "test", "spare")))
    assert "images left out because they declare no split that is known: 10" in whole.notes


def test_no_image_to_report_on_is_one_that_is_learned_from(tmp_path: Path) -> None:
    folder = _folder(tmp_path, edit=_declare("train", "production", "holdout", "holdout"))
    for copy in (2, 6):
        (folder / "images" / f"{copy}.jpg").write_bytes((folder / "images" / f"{copy - 2}.jpg").read_bytes())
    found = _names(stream := read_folder(folder))
    assert not {"2.jpg", "6.jpg"} & set.union(*found.values())
    assert "holdout images left out because train or production has the same ones: 2" in stream.notes


def test_every_part_has_its_share_of_a_rare_label(tmp_path: Path) -> None:
    def edit(written: dict[str, Any]) -> None:
        for annotation in written["annotations"]:
            annotation["category_id"] = 2 if annotation["image_id"] < 10 else 1

    stream = read_folder(_folder(tmp_path, count=100, edit=edit, boxes=False))
    rare = {part: len([n for n in names if int(Path(n).stem) < 10]) for part, names in _names(stream).items()}
    assert (rare["train"], rare["production"], rare["gate"], rare["report"]) == (5, 3, 1, 1)


def test_images_on_one_plain_ground_are_no_one_scene(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    for number, path in enumerate(sorted((folder / "images").iterdir())):
        plain = Image.new("RGB", (320, 240), "white")
        plain.paste("black", (5 * number, 100, 5 * number + 6, 104))
        plain.save(path)
    assert [len(part) for part in _names(read_folder(folder)).values()] == [20, 4, 4, 12]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (lambda written: written["categories"][0].pop("id"), "'id' is missing"),
        (lambda written: written["images"][3].pop("file_name"), "'file_name' is missing"),
        (lambda written: written["annotations"].append(7), "not a COCO file"),
        (lambda written: written["annotations"][0].update(category_id=[1]), "not a COCO file"),
        (lambda written: written.update(images=written["images"][:7]), "7 usable images"),
    ],
)
def test_an_odd_file_is_refused_in_a_sentence(tmp_path: Path, odd: Edit, said: str) -> None:
    with pytest.raises(BadFolder, match=said):
        read_folder(_folder(tmp_path, edit=odd))


def test_sizes_are_those_of_the_images_whatever_the_file_says(tmp_path: Path) -> None:
    def edit(written: dict[str, Any]) -> None:
        for image in written["images"]:
            image.pop("width")
            image["height"] = 4000
        written["annotations"][0]["bbox"] = [-0.5, 2, 99, 99]

    stream = read_folder(_folder(tmp_path, edit=edit))
    whole = next((e for e in (*stream.train, *stream.gate, *stream.report) if e.file_name == "0.jpg"), None)
    annotations = whole.annotations if whole else stream.truth("0.jpg") or ()
    assert [a.shape.box().corners() for a in annotations if a.shape is not None] == [(0, 2, 32, 24)]
