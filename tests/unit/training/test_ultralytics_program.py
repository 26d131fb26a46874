"""What the program writes for Ultralytics, without Ultralytics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from relens.training.ultralytics_program import text_of, write_classes, write_dataset


def test_images_that_differ_in_their_ending_alone_keep_labels_of_their_own_and_crowds_are_left_out(
    tmp_path: Path,
) -> None:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    (tmp_path / "dataset/images").mkdir(parents=True)
    for number, name in enumerate(("a.jpg", "a.png", "b.png")):
        (tmp_path / "dataset/images" / name).write_text(name)
        images.append({"id": number, "file_name": name, "width": 10, "height": 10, "split": "train"})
        annotations.append({"image_id": number, "category_id": number, "bbox": [0, 0, 10, 10]})
    annotations.append({"image_id": 0, "category_id": 2, "bbox": [0, 0, 9, 9], "iscrowd": 1})
    categories = [{"id": number, "name": label} for number, label in enumerate("xyz")]
    coco = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "dataset/annotations.json").write_text(json.dumps(coco))
    write_dataset(tmp_path, {"task": "detection", "labels": ["x", "y", "z"]})
    listed = [Path(line) for line in (tmp_path / "train.txt").read_text().splitlines()]
    assert [path.read_text() for path in listed] == ["a.jpg", "a.png", "b.png"]
    written = [text_of(path).read_text().splitlines() for path in listed]
    assert [[line.split()[0] for line in lines] for lines in written] == [["0"], ["1"], ["2"]]


def test_classified_images_lie_in_folders_in_the_order_of_their_labels(tmp_path: Path) -> None:
    (tmp_path / "dataset/images").mkdir(parents=True)
    labels = [f"label {number}" for number in range(12)]
    names = ("a.jpg", "a.png", "b.png")
    splits = ("train", "train", "validation")
    for name in names:
        (tmp_path / "dataset/images" / name).write_text(name)
    coco: dict[str, Any] = {
        "images": [{"id": n, "file_name": name, "split": splits[n]} for n, name in enumerate(names)],
        "annotations": [{"image_id": n, "category_id": c} for n, c in enumerate((11, 2, 11))],
        "categories": [{"id": number, "name": label} for number, label in enumerate(labels)],
    }
    (tmp_path / "dataset/annotations.json").write_text(json.dumps(coco))
    folder = write_classes(tmp_path, {"task": "classification", "labels": labels})
    found = sorted((*path.relative_to(folder).parts[:2], path.read_text()) for path in folder.glob("*/*/*"))
    assert found == [("train", "000002", "a.png"), ("train", "000011", "a.jpg"), ("val", "000011", "b.png")]
    assert sorted(path.name for path in (folder / "train").iterdir()) == [f"{number:06d}" for number in range(12)]
