"""One image as a Pascal VOC file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as Xml

from relens.datasets.item import Item
from relens.vision.annotation import Annotation
from relens.vision.shapes import Polygon

# What XML has no way to say, and what readers of XML change on the way.
_UNSAYABLE = re.compile("[^\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|^\\s+|\\s+$")


def label_names(labels: Sequence[str]) -> dict[str, str]:
    """How each label is written: as it is where XML can, no two alike."""
    names: dict[str, str] = {}
    taken = set(labels)
    for label in labels:
        name, number = _UNSAYABLE.sub("_", label), 2
        while name != label and name in taken:
            name, number = f"{_UNSAYABLE.sub('_', label)}~{number}", number + 1
        taken.add(name)
        names[label] = name
    return names


def document(item: Item, file_name: str, names: Mapping[str, str]) -> bytes:
    root = Xml.Element("annotation")
    _say(root, "folder", "JPEGImages")
    _say(root, "filename", file_name)
    size = Xml.SubElement(root, "size")
    for name, value in (("width", item.width), ("height", item.height), ("depth", 3)):
        _say(size, name, str(value))
    outlines = any(isinstance(one.shape, Polygon) for one in item.annotations)
    _say(root, "segmented", "1" if outlines else "0")
    for annotation in item.annotations:
        _object(root, annotation, names[annotation.label])
    Xml.indent(root)
    written: bytes = Xml.tostring(root, encoding="utf-8")
    return written + b"\n"


def _object(root: Xml.Element, annotation: Annotation, name: str) -> None:
    made = Xml.SubElement(root, "object")
    _say(made, "name", name)
    _say(made, "pose", "Unspecified")
    _say(made, "truncated", "0")
    _say(made, "difficult", "1" if annotation.crowd else "0")
    assert annotation.shape is not None
    box = Xml.SubElement(made, "bndbox")
    for corner, value in zip(("xmin", "ymin", "xmax", "ymax"), annotation.shape.box().corners(), strict=True):
        _say(box, corner, _number(value))
    if isinstance(annotation.shape, Polygon):
        for ring in annotation.shape.rings:
            polygon = Xml.SubElement(made, "polygon")
            for place, value in enumerate(ring):
                _say(polygon, f"{'xy'[place % 2]}{place // 2 + 1}", _number(value))


def _say(above: Xml.Element, name: str, text: str) -> None:
    Xml.SubElement(above, name).text = text


def _number(value: float) -> str:
    """Whole where it is whole: many readers take nothing else."""
    return str(int(value)) if value == int(value) else repr(value)
