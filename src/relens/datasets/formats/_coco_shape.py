"""What a COCO annotation says of place and size, as our shapes; refuses numbers that are no shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from relens.datasets import rle
from relens.datasets.item import plain
from relens.vision.annotation import Annotation
from relens.vision.shapes import BadShape, Box, Mask, Polygon, Shape
from relens.vision.task import TASKS
from relens.vision.visible import is_flat

_AGREE = 2.0


def read(written: Mapping[str, Any], label: str, task: str) -> Annotation:
    """One annotation with its crowd flag and area. Raises BadShape or WrongShape."""
    crowd = written.get("iscrowd") in (1, True)
    if task == "classification":
        return Annotation(label, None, crowd, _area(written.get("area")))
    shape = _shape(written, task)
    if shape is None:
        raise BadShape("it has neither a bbox nor a segmentation")
    annotation = plain(Annotation(label, shape, crowd, _area(written.get("area"))))
    TASKS.get(task).check(annotation)
    return annotation


def has_outline(written: Mapping[str, Any]) -> bool:
    """Whether there is a segmentation; COCO writes an empty list where there is none."""
    return bool(written.get("segmentation"))


def has_place(written: Mapping[str, Any]) -> bool:
    return bool(written.get("bbox")) or has_outline(written)


def _shape(written: Mapping[str, Any], task: str) -> Shape:
    """The outline where there is one; the box where a detection set's box is not that of its outline, or the outline encloses nothing."""
    box = _box(written["bbox"], written.get("corners")) if written.get("bbox") else None
    if not has_outline(written):
        return box
    outline = _outline(written["segmentation"])
    if box is not None and task == "detection" and (is_flat(outline) or not _agree(box, outline.box())):
        return box
    return outline


def _agree(one: Box, other: Box) -> bool:
    return all(abs(a - b) <= _AGREE for a, b in zip(one.corners(), other.corners(), strict=True))


def _box(bbox: Any, corners: Any) -> Box:
    if not isinstance(bbox, list) or len(bbox) != 4:
        raise BadShape("its bbox is not a list of x, y, width, height")
    x, y, width, height = (_number(value, "bbox") for value in bbox)
    if not (width > 0 and height > 0):
        raise BadShape(f"its bbox {bbox} is empty or reversed: width and height must be above 0")
    found = Box(x, y, x + width, y + height)
    # Ours: x + width does not always give back the float that x2 was.
    if isinstance(corners, list) and len(corners) == 4:
        exact = Box(*(_number(value, "corners") for value in corners))
        if all(
            math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)
            for a, b in zip(exact.corners(), found.corners(), strict=True)
        ):
            return exact
    return found


def _outline(segmentation: Any) -> Polygon | Mask:
    if isinstance(segmentation, list):
        if not all(isinstance(ring, list) for ring in segmentation):
            raise BadShape("its segmentation is not a list of rings, each x, y, x, y, ...")
        return Polygon(tuple(tuple(_number(value, "segmentation") for value in ring) for ring in segmentation))
    size, counts = (
        (segmentation.get("size"), segmentation.get("counts")) if isinstance(segmentation, dict) else (None, None)
    )
    if not isinstance(size, list) or len(size) != 2 or not all(isinstance(side, int) for side in size):
        raise BadShape("its segmentation is neither rings nor run lengths with a size [height, width]")
    if isinstance(counts, str):
        return Mask(size[0], size[1], rle.decode(counts))
    if not isinstance(counts, list) or not all(isinstance(run, int) and not isinstance(run, bool) for run in counts):
        raise BadShape("its run lengths are neither whole numbers nor compressed text")
    return Mask(size[0], size[1], tuple(counts))


def _area(value: Any) -> float | None:
    """None where it is missing or no area: it is the dataset's opinion, and the shape has one of its own."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    area = _number(value, "area")
    return area if area > 0 else None


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadShape(f"its {where} has {str(value)[:40]!r} where a number must be")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadShape(f"its {where} has a number that is not finite")
    return number
