"""Pascal VOC datasets as other tools lay them out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relens.datasets.formats import FORMATS, named_or_seen
from relens.datasets.found import FoundSet, NotADataset
from relens.vision.annotation import Annotation
from relens.vision.shapes import Box, Polygon


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def read(folder: Path) -> FoundSet:
    assert named_or_seen("auto", folder) is FORMATS.get("voc")
    return FORMATS.get("voc").read(folder)


def document(name: str, *objects: str) -> str:
    size = "<size><width>500</width><height>281</height><depth>3</depth></size>"
    return f"<annotation><folder>VOC2012</folder><filename>{name}</filename>{size}{''.join(objects)}</annotation>"


def box(label: str, corners: str, rest: str = "") -> str:
    names = zip(("xmin", "ymin", "xmax", "ymax"), corners.split(), strict=True)
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in names)
    return f"<object><name>{label}</name>{rest}<bndbox>{inner}</bndbox></object>"


def test_the_usual_layout_with_its_lists(tmp_path: Path) -> None:
    files = {
        "VOCdevkit/VOC2012/Annotations/a.xml": document("a.jpg", box("red cell", "104 78.5 375 183")),
        "VOCdevkit/VOC2012/Annotations/b.xml": document("b.jpg", box("bolt", "1 2 3 4", "<difficult>1</difficult>")),
        "VOCdevkit/VOC2012/Annotations/c.xml": document("c.jpg"),
        "VOCdevkit/VOC2012/ImageSets/Main/train.txt": "a\n",
        "VOCdevkit/VOC2012/ImageSets/Main/val.txt": "b\r\n",
        "VOCdevkit/VOC2012/ImageSets/Main/trainval.txt": "a\nb\n",
        "VOCdevkit/VOC2012/ImageSets/Main/bolt_train.txt": "a -1\n",
        **{f"VOCdevkit/VOC2012/JPEGImages/{name}.jpg": "x" for name in "abcd"},
    }
    found = read(lay(tmp_path, files))
    assert (found.task, found.labels, found.problems) == ("detection", ("bolt", "red cell"), ())
    there = {one.file_name: one for one in found.images}
    assert there["a.jpg"].annotations == (Annotation("red cell", Box(104, 78.5, 375, 183)),)
    assert (there["a.jpg"].width, there["a.jpg"].height) == (500, 281)
    assert there["b.jpg"].annotations[0].crowd
    assert [there[f"{name}.jpg"].split for name in "abc"] == ["train", "validation", None]
    assert found.notes == ("1 image has no XML file and is left out.",)


def test_images_beside_their_files_below_splits_and_outlines(tmp_path: Path) -> None:
    ring = "".join(f"<x{n}>{10 * n}</x{n}><y{n}>{5 * n * n}</y{n}>" for n in (1, 2, 3))
    files = {
        "train/a.xml": document("a.jpg", box("nut", "10 5 30 45", f"<polygon>{ring}</polygon>")),
        "train/a.jpg": "x",
        "test/b.xml": document("elsewhere.png"),
        "test/b.JPG": "x",
    }
    found = read(lay(tmp_path, files))
    assert found.task == "segmentation"
    assert [one.split for one in found.images] == ["test", "train"]
    assert found.images[1].annotations == (Annotation("nut", Polygon(((10, 5, 20, 20, 30, 45),))),)


def test_what_is_wrong_is_said_with_its_file(tmp_path: Path) -> None:
    files = {
        "Annotations/reversed.xml": document("reversed.jpg", box("a", "9 2 3 4")),
        "Annotations/word.xml": document("word.jpg", box("a", "x 2 3 4")),
        "Annotations/nowhere.xml": document("nowhere.jpg", "<object><name>a</name></object>"),
        "Annotations/nameless.xml": document("nameless.jpg", box(" ", "1 2 3 4")),
        "Annotations/gone.xml": document("gone.jpg"),
        "Annotations/broken.xml": "<annotation>\n<object>",
        "Annotations/bomb.xml": '<!DOCTYPE annotation [<!ENTITY a "b">]><annotation>&a;</annotation>',
        "Annotations/good.xml": document("good.jpg", box("a", "1 2 3 4")),
        **{f"JPEGImages/{name}.jpg": "x" for name in ("reversed", "word", "nowhere", "nameless", "good")},
    }
    found = read(lay(tmp_path, files))
    assert [one.file_name for one in found.images] == ["good.jpg"]
    assert found.left_out == len(found.problems) == 7
    said = {(one.file or "").removeprefix("Annotations/").removesuffix(".xml"): one.problem for one in found.problems}
    for name, words in {
        "reversed": "empty or reversed",
        "word": "where a number must be",
        "nowhere": "neither a bndbox",
        "nameless": "label",
        "gone": "no image 'gone.jpg'",
        "bomb": "entities",
    }.items():
        assert words in said[name], name
    assert next(one.line for one in found.problems if one.file == "Annotations/broken.xml") == 2


def test_a_folder_of_other_xml_is_no_dataset(tmp_path: Path) -> None:
    lay(tmp_path, {"a/x.xml": "<annotation", "b/y.xml": "<annotations/>"})
    with pytest.raises(NotADataset, match="no Pascal VOC file"):
        FORMATS.get("voc").read(tmp_path)


def test_encodings_and_sizes_that_cannot_be_read_are_problems_of_their_file(tmp_path: Path) -> None:
    files = {f"JPEGImages/{name}.jpg": "x" for name in ("chinese", "wide", "good", "hidden", "unheard")}
    files |= {
        "Annotations/good.xml": document("good.jpg", box("a", "1 2 3 4")),
        "Annotations/wide.xml": document("wide.jpg", box("a", "1 2 3 4")).replace(">500<", f">{'9' * 5000}<"),
        "Annotations/chinese.xml": '<?xml version="1.0" encoding="gb2312"?>' + document("chinese.jpg"),
        "Annotations/unheard.xml": '<?xml version="1.0" encoding="klingon"?>' + document("unheard.jpg"),
    }
    lay(tmp_path, files)
    bomb = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE annotation [<!ENTITY a "b">]>' + document("hidden.jpg")
    (tmp_path / "Annotations/hidden.xml").write_bytes(bomb.encode("utf-16"))
    found = read(tmp_path)
    assert [one.file_name for one in found.images] == ["good.jpg", "wide.jpg"]
    assert found.images[1].width is None
    said = {one.file: one.problem for one in found.problems}
    assert "UTF-8" in said["Annotations/chinese.xml"]
    assert "UTF-8" in said["Annotations/unheard.xml"]
    assert "entities" in said["Annotations/hidden.xml"]


def test_what_somebody_wrote_into_our_own_file_is_taken_as_far_as_it_can_be_kept(tmp_path: Path) -> None:
    side = {
        "labels": ["a"],
        "images": [{"path": "JPEGImages/a.jpg", "group": ["x"], "source": "s" * 400, "file_name": "b.jpg"}],
    }
    files = {"Annotations/a.xml": document("a.jpg", box("a", "1 2 3 4")), "JPEGImages/a.jpg": "x"}
    found = read(lay(tmp_path, files | {"relens.json": json.dumps(side)})).images[0]
    assert (found.file_name, found.group, found.source) == ("b.jpg", None, "s" * 300)
