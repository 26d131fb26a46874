"""YOLO datasets as other tools lay them out."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from relens.datasets.formats import FORMATS, named_or_seen
from relens.datasets.found import FoundSet, NotADataset
from relens.kit.errors import Invalid
from relens.vision.annotation import Annotation
from relens.vision.shapes import Box, Polygon


def lay(folder: Path, files: dict[str, str], images: tuple[str, ...]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name in images:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        written = io.BytesIO()
        Image.new("RGB", (100, 50)).save(written, "PNG")
        (folder / name).write_bytes(written.getvalue())
    return folder


def read(folder: Path) -> FoundSet:
    assert named_or_seen("auto", folder) is FORMATS.get("yolo")
    return FORMATS.get("yolo").read(folder)


ROBOFLOW = {
    "data.yaml": "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 2\nnames: ['red cell', no]\nroboflow:\n  license: MIT\n",
    "README.roboflow.txt": "hello",
    "train/labels/a.txt": "1 0.5 0.5 0.2 0.4\n",
    "valid/labels/b.txt": "0 0.1 0.1 0.1 0.1\n",
    "test/labels/c.txt": "",
}


def test_roboflow_lays_splits_above_images_and_labels(tmp_path: Path) -> None:
    found = read(lay(tmp_path, ROBOFLOW, ("train/images/a.png", "valid/images/b.png", "test/images/c.png")))
    assert (found.task, found.labels, found.problems, found.notes) == ("detection", ("red cell", "no"), (), ())
    there = {one.file_name: (one.split, one.annotations) for one in found.images}
    assert there["a.png"] == ("train", (Annotation("no", Box(40, 15, 60, 35)),))
    assert there["b.png"][0] == "validation"
    assert there["c.png"] == ("test", ())


def test_a_path_and_numbered_names_as_ultralytics_writes_them(tmp_path: Path) -> None:
    config = "path: ../datasets/coco8 # dataset root dir\ntrain: images/train # images\nval: images/val\ntest: # optional\nnames:\n  0: bolt\n  1: nut\ndownload: |\n  echo hi\n"
    files = {"data.yaml": config, "labels/train/a.txt": "1 0.1 0.1 0.9 0.1 0.9 0.9\n"}
    found = read(lay(tmp_path, files, ("images/train/a.png", "images/val/b.png")))
    assert found.task == "segmentation"
    assert found.images[0].annotations == (Annotation("nut", Polygon(((10, 5, 90, 5, 90, 45),))),)
    assert [one.split for one in found.images] == ["train", "validation"]
    assert found.notes == ("1 image has no text file: nothing is to be found there.",)


def test_one_folder_for_two_splits_says_nothing_of_either(tmp_path: Path) -> None:
    files = {"data.yaml": "train: images\nval: images\nnames: [a]\n", "labels/x.txt": "0 .5 .5 .1 .1\n"}
    assert [one.split for one in read(lay(tmp_path, files, ("images/x.png",))).images] == [None]


def test_of_two_splits_inside_each_other_the_nearest_folder_says_it_and_each_image_counts_once(tmp_path: Path) -> None:
    files = {"data.yaml": "train: images\nval: images/val\nnames: [a]\n", "labels/x.txt": "0 .5 .5 .1 .1\n"}
    files["labels/val/y.txt"] = files["labels/x.txt"]
    found = read(lay(tmp_path, files, ("images/x.png", "images/val/y.png")))
    assert [(one.file_name, one.split) for one in found.images] == [("y.png", "validation"), ("x.png", "train")]


def test_a_text_file_as_long_as_nobody_writes_them_is_told_and_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relens.datasets.formats._folders.LONGEST_TEXT", 1 << 20)
    files = {
        "data.yaml": "names: [a]\n",
        "images/x.txt": "0 .5 .5 .1 .1\n" * 100_000,
        "images/y.txt": "0 .5 .5 .1 .1\n",
    }
    found = FORMATS.get("yolo").read(lay(tmp_path, files, ("images/x.png", "images/y.png")))
    assert [one.file_name for one in found.images] == ["y.png"]
    assert found.left_out == 1
    assert "'x.txt' has 1 MiB" in found.problems[0].problem
    (tmp_path / "data.yaml").unlink()
    (tmp_path / "classes.txt").write_text("a\n" * 600_000)
    with pytest.raises(Invalid, match=r"'classes\.txt' has 1 MiB"):
        FORMATS.get("yolo").read(tmp_path)


def test_lists_of_images_say_the_split(tmp_path: Path) -> None:
    files = {
        "obj.names": "a\nb\n",
        "train.txt": "data/obj/x.png\n",
        "test.txt": "/home/somebody/obj/y.png\n",
        "data/obj/x.txt": "0 .5 .5 .1 .1\n",
        "data/obj/y.txt": "1.0 .5 .5 .1 .1\n",
    }
    found = read(lay(tmp_path, files, ("data/obj/x.png", "data/obj/y.png")))
    assert [(one.split, one.annotations[0].label) for one in found.images] == [("train", "a"), ("test", "b")]


def test_what_is_wrong_is_said_with_its_file_and_line(tmp_path: Path) -> None:
    files = {
        "classes.txt": "a\nb\n",
        "notes.json": '{"categories": [{"id": 0, "name": "a"}]}',
        "labels/good.txt": "0 .5 .5 .1 .1\n\n1 .5 .5 .1 .1",
        "labels/pixels.txt": "0 .5 .5 .1 .1\n0 50 25 10 10\n",
        "labels/label.txt": "2 .5 .5 .1 .1\n",
        "labels/word.txt": "0 .5 x .1 .1\n",
        "labels/odd.txt": "0 .5 .5 .1\n",
        "labels/flat.txt": "0 .5 .5 0 .1\n",
    }
    found = read(
        lay(tmp_path, files, tuple(f"images/{name}.png" for name in ("good", "pixels", "label", "word", "odd", "flat")))
    )
    assert [one.file_name for one in found.images] == ["good.png"]
    assert found.left_out == 5
    said = {(one.file, one.line): one.problem for one in found.problems}
    assert "shares of its width and height" in said["labels/pixels.txt", 2]
    assert "begin at 0" in said["labels/label.txt", 1]
    assert "'x' stands where a number must be" in said["labels/word.txt", 1]
    assert "a box has 4" in said["labels/odd.txt", 1]
    assert "above 0" in said["labels/flat.txt", 1]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("names: [a, a]\n", "twice"),
        ("names: [a]\nkpt_shape: [17, 3]\n", "poses"),
        ("names: {0: a, 2: b}\n", "nothing names"),
        ("x: &x [a, a]\nnames: [*x, *x]\n", "nothing names"),
        ("x: &x [a, a]\nnames: {0: *x}\n", "nothing names"),
    ],
)
def test_names_that_are_none_are_refused(tmp_path: Path, config: str, said: str) -> None:
    lay(tmp_path, {"data.yaml": config, "labels/x.txt": "0 .5 .5 .1 .1\n"}, ("images/x.png",))
    with pytest.raises(NotADataset, match=said):
        FORMATS.get("yolo").read(tmp_path)
