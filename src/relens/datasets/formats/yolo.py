"""YOLO: data.yaml with the names, images/ and labels/ with one text file for each image; boxes, or outlines for segmentation.

Numbers are shares of the upright image. Read are also Roboflow's train/images/, Darknet's obj.names and lists of files, and
labelImg's classes.txt. Classification in this family is a folder per label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from relens.datasets.formats import CannotWrite, Entry, Format
from relens.datasets.formats._folders import files_below, is_image, top
from relens.datasets.formats._names import image_path
from relens.datasets.formats._side import about, side_entry
from relens.datasets.formats._yolo_config import config_of, dump, has_names
from relens.datasets.formats._yolo_line import AsWritten, read_line, written
from relens.datasets.formats._yolo_read import Reading, label_file
from relens.datasets.found import FoundSet, NotADataset
from relens.datasets.item import Item
from relens.vision.annotation import Annotation
from relens.vision.shapes import Mask

_FOLDERS = {"train": "train", "validation": "val", "test": "test"}


def looks_like(root: Path) -> bool:
    folder = top(root)
    return has_names(folder) and any(label_file(path, folder) for path in files_below(folder) if is_image(path))


def read(root: Path) -> FoundSet:
    """Every image below the folder; one without a text file shows nothing. Raises NotADataset."""
    folder = top(root)
    config = config_of(folder)
    reading = Reading(folder, config)
    images = [found for path in files_below(folder) if is_image(path) and (found := reading.image(path))]
    if not reading.labelled:
        raise NotADataset(
            "no image has a YOLO text file: lay images/train/a.jpg and labels/train/a.txt side by side, and name the labels in data.yaml"
        )
    return FoundSet(
        reading.task(images), config.labels, tuple(images), tuple(reading.problems), reading.left_out, reading.notes()
    )


def write(name: str, task: str, labels: Sequence[str], items: Sequence[Item]) -> Iterator[Entry]:
    """data.yaml, images/, labels/, and relens.json. Raises CannotWrite for masks of pixels, crowds and whole images."""
    if task == "classification":
        raise CannotWrite("YOLO keeps classified images in a folder per label: export it as folder")
    for item in items:
        for annotation in item.annotations:
            if (lacking := _lacking(annotation, item)) is not None:
                raise CannotWrite(f"'{item.file_name}' has {lacking}, and YOLO cannot say that: export it as coco")
    return _entries(name, task, labels, items)


def _lacking(annotation: Annotation, item: Item) -> str | None:
    if annotation.crowd:
        return "a crowd"
    if annotation.shape is None or isinstance(annotation.shape, Mask):
        return "a mask of pixels" if annotation.shape is not None else "a label without a place"
    if item.width is None or item.height is None:
        return "no known size"
    return None if annotation.shape.box().inside(item.width, item.height) else "a shape outside the image"


def _entries(name: str, task: str, labels: Sequence[str], items: Sequence[Item]) -> Iterator[Entry]:
    index = {label: number for number, label in enumerate(labels)}
    taken: set[str] = set()
    paths = [image_path(f"images/{_FOLDERS[item.split]}", item, taken, stems=True) for item in items]
    texts = [
        [written(one, index[one.label], item.width or 1, item.height or 1) for one in item.annotations]
        for item in items
    ]
    used = dict.fromkeys(item.split for item in items)
    places = {_FOLDERS[split]: f"images/{_FOLDERS[split]}" for split in _FOLDERS if split in used}
    yield Entry("data.yaml", data=dump({**places, "nc": len(labels), "names": dict(enumerate(labels))}))
    sides = [
        about(item, path, _inexact(item, lines, labels)) for item, path, lines in zip(items, paths, texts, strict=True)
    ]
    yield side_entry(name, task, labels, sides)
    for item, path, lines in zip(items, paths, texts, strict=True):
        yield Entry(path, asset=item.asset)
        text = "labels/" + path.removeprefix("images/").rpartition(".")[0] + ".txt"
        yield Entry(text, data="".join(f"{line}\n" for line in lines).encode())


def _inexact(item: Item, lines: Sequence[str], labels: Sequence[str]) -> dict[int, Annotation]:
    """The annotations that their own line does not give back."""
    size = AsWritten(item.width or 1, item.height or 1, tuple(labels))
    return {
        place: one
        for place, (one, line) in enumerate(zip(item.annotations, lines, strict=True))
        if read_line(line, size) != one
    }


FORMAT = Format(
    "YOLO",
    "data.yaml, images/ and labels/ with a text file for each image",
    ("detection", "segmentation"),
    looks_like,
    read,
    write,
)
