"""Pascal VOC: one XML file for each image in Annotations/, the images in JPEGImages/, the splits in ImageSets/Main/.

Corners are taken as they stand, as labelling tools write them. An outline is a `polygon` in its object, as Roboflow writes it; a
`difficult` object is a crowd here: neither counts in an evaluation. Classified images go into a folder per label instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from relens.datasets.formats import CannotWrite, Entry, Format
from relens.datasets.formats._folders import top
from relens.datasets.formats._names import image_path
from relens.datasets.formats._side import about, side_entry
from relens.datasets.formats._voc_read import Reading, annotation_files, is_annotation
from relens.datasets.formats._voc_write import document, label_names
from relens.datasets.found import FoundSet, NotADataset
from relens.datasets.item import Item
from relens.vision.annotation import Annotation
from relens.vision.shapes import Mask

_LISTS = {"train": "train", "validation": "val", "test": "test"}


def looks_like(root: Path) -> bool:
    return any(is_annotation(path) for path in annotation_files(top(root)))


def read(root: Path) -> FoundSet:
    """Every image that an XML file describes. Raises NotADataset."""
    folder = top(root)
    reading = Reading(folder)
    images = [found for path in annotation_files(folder) if (found := reading.image(path)) is not None]
    if not reading.described:
        raise NotADataset(
            "no Pascal VOC file was found: lay Annotations/a.xml and JPEGImages/a.jpg side by side"
            + (f" ({reading.problems[0].file}: {reading.problems[0].problem})" if reading.problems else "")
        )
    labels = reading.labels()
    if not labels:
        raise NotADataset("no object in the XML files has a name: a dataset needs at least one label")
    return FoundSet(
        reading.task(images), labels, tuple(images), tuple(reading.problems), reading.left_out, reading.notes()
    )


def write(name: str, task: str, labels: Sequence[str], items: Sequence[Item]) -> Iterator[Entry]:
    """Annotations/, JPEGImages/, ImageSets/Main/ and relens.json. Raises CannotWrite for masks of pixels and whole images."""
    if task == "classification":
        raise CannotWrite("Pascal VOC is for boxes and outlines: export classified images as folder")
    for item in items:
        if item.width is None or item.height is None:
            raise CannotWrite(f"the size of '{item.file_name}' is not known, and Pascal VOC needs it")
        if any(one.shape is None or isinstance(one.shape, Mask) for one in item.annotations):
            raise CannotWrite(
                f"'{item.file_name}' has a mask of pixels, and Pascal VOC cannot say that: export it as coco"
            )
    return _entries(name, task, labels, items)


def _entries(name: str, task: str, labels: Sequence[str], items: Sequence[Item]) -> Iterator[Entry]:
    names = label_names(labels)
    taken: set[str] = set()
    paths = [image_path("JPEGImages", item, taken, stems=True) for item in items]
    for split, file in _LISTS.items():
        stems = [Path(path).stem for path, item in zip(paths, items, strict=True) if item.split == split]
        if stems:
            yield Entry(f"ImageSets/Main/{file}.txt", data="".join(f"{stem}\n" for stem in stems).encode())
    sides = [about(item, path, _with_areas(item)) for path, item in zip(paths, items, strict=True)]
    yield side_entry(
        name, task, labels, sides, {written: label for label, written in names.items() if label != written}
    )
    for path, item in zip(paths, items, strict=True):
        yield Entry(path, asset=item.asset)
        yield Entry(f"Annotations/{Path(path).stem}.xml", data=document(item, Path(path).name, names))


def _with_areas(item: Item) -> Mapping[int, Annotation]:
    return {place: one for place, one in enumerate(item.annotations) if one.given_area is not None}


FORMAT = Format(
    "Pascal VOC",
    "Annotations/ with an XML file for each image, and JPEGImages/",
    ("detection", "segmentation"),
    looks_like,
    read,
    write,
)
