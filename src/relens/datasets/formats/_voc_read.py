"""Reads Pascal VOC files; what cannot be right becomes a problem of its file, and its image is left out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

from relens.datasets.formats._folders import IMAGE_SUFFIXES, files_below, find, is_image, is_split
from relens.datasets.formats._side import read_side, sharpened
from relens.datasets.found import FoundImage, Problem
from relens.datasets.item import BadItem, Declared, UnknownSplit, declared, plain, safe_name
from relens.kit.errors import RelensError
from relens.vision.annotation import Annotation
from relens.vision.labels import LabelMap
from relens.vision.shapes import BadShape, Box, Polygon, Shape

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_LARGEST = 64 << 20
_NO_VOC = "this is no Pascal VOC file: it is empty, too large, or declares entities"


def annotation_files(folder: Path) -> Iterator[Path]:
    return (path for path in files_below(folder) if path.suffix.lower() == ".xml")


def is_annotation(path: Path) -> bool:
    with path.open("rb") as file:
        return re.search(rb"<annotation[\s>]", file.read(4096)) is not None


class Reading:
    """Goes through the files of one dataset. `described` counts those that are Pascal VOC, `left_out` images that cannot be imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.side = read_side(folder)
        self.problems: list[Problem] = []
        self.described = self.left_out = 0
        self._splits = _listed(folder)
        self._labels: set[str] = set()
        self._taken: set[Path] = set()

    def image(self, file: Path) -> FoundImage | None:
        """None where it is none of ours, or has a problem."""
        name = file.relative_to(self.folder).as_posix()
        try:
            root = _open(file)
            if root.tag != "annotation":
                return None
            self.described += 1
            path = self._image_of(root, file)
            said = self.side.of(path.relative_to(self.folder).as_posix())
            annotations = [self._annotation(one) for one in root.iter("object")]
            exact = [
                sharpened(said, place, one, lambda kept, one=one: (kept.shape, kept.crowd) == (one.shape, one.crowd))  # type: ignore[misc]
                for place, one in enumerate(annotations)
            ]
            return FoundImage(
                path=path,
                file_name=safe_name(str(said.get("file_name") or path.name)),
                width=_size(root, "width"),
                height=_size(root, "height"),
                split=self._split(file),
                group=said.get("group"),
                source=said.get("source"),
                annotations=tuple(exact),
                lines=(None,) * len(exact),
            )
        except (RelensError, Xml.ParseError) as error:
            self.problems.append(Problem(getattr(error, "position", (None,))[0], name, str(error)))
            self.left_out += 1
            return None

    def labels(self) -> tuple[str, ...]:
        return (*self.side.labels, *sorted(self._labels - set(self.side.labels)))

    def task(self, images: Sequence[FoundImage]) -> str:
        """What our own export says; otherwise outlines all through are segmentation."""
        if self.side.task in ("detection", "segmentation"):
            return str(self.side.task)
        shapes = [one.shape for image in images for one in image.annotations]
        return "segmentation" if shapes and all(isinstance(shape, Polygon) for shape in shapes) else "detection"

    def notes(self) -> tuple[str, ...]:
        others = sum(is_image(path) and path.resolve() not in self._taken for path in files_below(self.folder))
        if not others or self.left_out:
            return ()
        said = "1 image has no XML file and is" if others == 1 else f"{others:,} images have no XML file and are"
        return (f"{said} left out.",)

    def _image_of(self, root: Xml.Element, file: Path) -> Path:
        written = (root.findtext("filename") or "").strip()
        beside = file.parent
        above = [beside.parent / name for name in ("JPEGImages", "images", "Images")]
        places = [*above, beside, beside.parent, *(self.folder / name for name in ("JPEGImages", "images"))]
        names = [written] if written else []
        names += [
            file.stem + suffix for suffix in (Path(written).suffix, *sorted(IMAGE_SUFFIXES), ".JPG", ".PNG") if suffix
        ]
        for name in names:
            if is_image(Path(name)) and (path := find(places, safe_name(name), self.folder.resolve())) is not None:
                if path.resolve() in self._taken:
                    raise BadItem(f"the image '{name}' is described by another file too")
                self._taken.add(path.resolve())
                return path
        raise BadItem(f"there is no image '{written or file.stem}' beside it, nor in JPEGImages/ or images/")

    def _annotation(self, one: Xml.Element) -> Annotation:
        written = (one.findtext("name") or "").strip()
        label = self.side.written.get(written, written)
        LabelMap((label,))
        self._labels.add(label)
        crowd = (one.findtext("difficult") or "0").strip() == "1"
        return plain(Annotation(label, _shape(one), crowd))

    def _split(self, file: Path) -> Declared | None:
        if split := self._splits.get(file.stem):
            return split
        above = file.relative_to(self.folder).parts[:-1]
        return next((declared(part) for part in above if is_split(part)), None)


def _open(file: Path) -> Xml.Element:
    data = file.read_bytes() if file.stat().st_size <= _LARGEST else b""
    if not data:
        raise BadItem(_NO_VOC)
    try:
        return Xml.fromstring(data, Xml.XMLParser(target=_NoEntities()))
    except (LookupError, ValueError) as error:
        raise BadItem(f"the encoding it names cannot be read: save it as UTF-8 ({error})") from error


class _NoEntities(Xml.TreeBuilder):
    """Entities can unfold without end, and no labelling tool writes any."""

    def doctype(self, *_said: object) -> None:
        """Called by the parser in whatever encoding the file is written."""
        raise BadItem(_NO_VOC)


def _shape(one: Xml.Element) -> Shape:
    rings = [ring for polygon in one.findall("polygon") if (ring := _ring(polygon))]
    if rings:
        return Polygon(tuple(rings))
    box = one.find("bndbox")
    if box is None:
        raise BadShape("an object has neither a bndbox nor a polygon")
    corners = [_number(box.findtext(name), name) for name in _CORNERS]
    if corners[0] >= corners[2] or corners[1] >= corners[3]:
        raise BadShape(f"a bndbox ({', '.join(f'{value:g}' for value in corners)}) is empty or reversed")
    return Box(*corners)


def _ring(polygon: Xml.Element) -> tuple[float, ...]:
    """x1, y1, x2, y2, ... in the order of their numbers."""
    found = {child.tag: _number(child.text, child.tag) for child in polygon}
    count = sum(tag.startswith("x") for tag in found)
    try:
        return tuple(found[f"{axis}{number}"] for number in range(1, count + 1) for axis in "xy")
    except KeyError as error:
        raise BadShape(f"a polygon lacks {error.args[0]}") from error


def _number(text: str | None, where: str) -> float:
    try:
        value = float(text or "")
    except ValueError as error:
        raise BadShape(f"{where} is {(text or '').strip()[:20]!r}, where a number must be") from error
    if not math.isfinite(value):
        raise BadShape(f"{where} is not finite")
    return value


def _size(root: Xml.Element, name: str) -> int | None:
    text = (root.findtext(f"size/{name}") or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 else None


def _listed(folder: Path) -> dict[str, Declared]:
    """What ImageSets/Main says, by stem. trainval.txt says nothing of its own; a list of one label has other names."""
    found: dict[str, Declared] = {}
    for path in files_below(folder):
        if path.suffix.lower() != ".txt" or path.parent.name != "Main":
            continue
        try:
            split = declared(path.stem)
        except UnknownSplit:
            continue
        for line in path.read_text(encoding="utf-8-sig", errors="replace").split("\n"):
            if line.strip():
                found[line.rstrip("\r")] = split
    return found
