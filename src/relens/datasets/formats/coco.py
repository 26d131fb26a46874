"""COCO: one or several JSON files with images, categories and annotations, and the image files beside them.

`images[].split`, `group` and `source` (or `domain`) are used when present; a file called train, val or test says the split
of its images. An annotation without a bbox and segmentation labels the whole image. Of other keys nothing is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from relens.datasets.formats import Entry, Format
from relens.datasets.formats._coco_file import CocoFile, open_file
from relens.datasets.formats._coco_read import Reading
from relens.datasets.formats._coco_shape import has_outline, has_place
from relens.datasets.formats._folders import children, is_split, top
from relens.datasets.found import FoundSet, NotADataset, Problem
from relens.datasets.item import Item
from relens.kit.errors import Invalid
from relens.vision.annotation import Annotation
from relens.vision.shapes import Mask, Polygon

_TASKS = {
    "classification": "classification",
    "image_classification": "classification",
    "detection": "detection",
    "object_detection": "detection",
    "segmentation": "segmentation",
    "instance_segmentation": "segmentation",
}


def looks_like(root: Path) -> bool:
    return any(_is_coco(path) for path in _annotation_files(top(root)))


def read(root: Path) -> FoundSet:
    """Everything the annotation files name, and every problem with its line. Raises NotADataset."""
    folder = top(root)
    problems: list[Problem] = []
    files = [opened for path in _annotation_files(folder) if (opened := open_file(path, folder, problems)) is not None]
    if not files:
        reason = f": {problems[0].file}: {problems[0].problem}" if problems else ""
        raise NotADataset(f"no COCO annotation file was found (annotations.json, or annotations/*.json){reason}")
    reading = Reading(folder.resolve(), _task(files), problems)
    images = [image for file in files for image in reading.images(file)]
    labels = reading.labels()
    if not labels:
        raise NotADataset(f"{files[0].name} has no usable categories: a dataset needs at least one label")
    return FoundSet(reading.task, labels, tuple(images), tuple(problems), reading.left_out)


def write(name: str, task: str, labels: Sequence[str], items: Sequence[Item]) -> Iterator[Entry]:
    """annotations.json and images/; crowd, area, polygons and run lengths as COCO writes them. Raises Invalid without sizes."""
    for item in items:
        if item.width is None or item.height is None:
            raise Invalid(f"the size of '{item.file_name}' is not known, and COCO needs it")
    return _entries(name, task, labels, items)


def _entries(name: str, task: str, labels: Sequence[str], items: Sequence[Item]) -> Iterator[Entry]:
    ids = {label: number for number, label in enumerate(labels, start=1)}
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, item in enumerate(items, start=1):
        images.append(_image(number, item))
        for annotation in item.annotations:
            place = {"id": len(annotations) + 1, "image_id": number, "category_id": ids[annotation.label]}
            annotations.append(place | _annotation(annotation))
    document = {
        "info": {"description": name, "task": task},
        "images": images,
        "categories": [{"id": number, "name": label} for label, number in ids.items()],
        "annotations": annotations,
    }
    yield Entry("annotations.json", data=_one_entry_per_line(document).encode())
    for item in items:
        yield Entry(f"images/{item.file_name}", asset=item.asset)


def _image(number: int, item: Item) -> dict[str, object]:
    written: dict[str, object] = {"id": number, "file_name": item.file_name, "width": item.width, "height": item.height}
    written |= {"split": item.split, "group": item.group}
    return written | ({"source": item.source} if item.source is not None else {})


def _annotation(annotation: Annotation) -> dict[str, object]:
    crowd = {"iscrowd": 1 if annotation.crowd else 0}
    shape = annotation.shape
    if shape is None:
        return crowd | ({"area": annotation.given_area} if annotation.given_area is not None else {})
    box = shape.box()
    written: dict[str, object] = crowd | {"bbox": [box.x1, box.y1, box.width, box.height], "area": annotation.area}
    if (box.x1 + box.width, box.y1 + box.height) != (box.x2, box.y2):
        written["corners"] = list(box.corners())
    if isinstance(shape, Polygon):
        written["segmentation"] = [list(ring) for ring in shape.rings]
    if isinstance(shape, Mask):
        written["segmentation"] = {"size": [shape.height, shape.width], "counts": list(shape.counts)}
    return written


def _one_entry_per_line(document: Mapping[str, Any]) -> str:
    """So that a report can name the line, and people can read and compare the file."""
    parts = []
    for key, value in document.items():
        if isinstance(value, list):
            entries = ",\n".join(json.dumps(entry, ensure_ascii=False, allow_nan=False) for entry in value)
            parts.append(f"{json.dumps(key)}: [\n{entries}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _task(files: Sequence[CocoFile]) -> str:
    """What the files say; otherwise what most of their annotations have: nothing, boxes, or outlines."""
    for file in files:
        info = file.value.get("info")
        said = info.get("task") if isinstance(info, dict) else None
        if isinstance(said, str) and said in _TASKS:
            return _TASKS[said]
    annotations = [entry for file in files for _, entry in file.entries("annotations") if isinstance(entry, dict)]
    placed = [entry for entry in annotations if has_place(entry)]
    if not placed:
        return "classification" if annotations else "detection"
    single = [entry for entry in placed if not entry.get("iscrowd")]
    return "segmentation" if single and all(has_outline(entry) for entry in single) else "detection"


def _annotation_files(folder: Path) -> list[Path]:
    """annotations.json alone if it is there; otherwise every JSON file at the top, in annotations/ and in split folders."""
    alone = folder / "annotations.json"
    if alone.is_file():
        return [alone]
    places = [
        folder,
        *(path for path in children(folder) if path.is_dir() and (path.name == "annotations" or is_split(path.name))),
    ]
    return [
        path for place in places for path in children(place) if path.suffix == ".json" and path.name != "relens.json"
    ]


def _is_coco(path: Path) -> bool:
    """By its keys, near the beginning or the end: reading a large file twice would be slow."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
        file.seek(max(0, path.stat().st_size - (1 << 16)))
        seen = head + file.read()
    if path.stat().st_size <= len(head):
        return b'"images"' in seen
    return b'"images"' in seen or b'"annotations"' in seen or b'"categories"' in seen


FORMAT = Format(
    "COCO",
    "annotations.json and images/",
    ("classification", "detection", "segmentation"),
    looks_like,
    read,
    write,
)
