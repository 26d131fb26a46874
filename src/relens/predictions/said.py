"""Detections as other programs write them: labels by name or index, shapes in pixels or as shares of the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relens.datasets import rle
from relens.kit.errors import Invalid
from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Polygon, Shape, shape_from_json

MOST = 3000


class BadPrediction(Invalid):
    """Something about a prediction that keeps it out of the log."""


def detections(
    written: Any, labels: Sequence[str], scale: tuple[int, int], size: tuple[int, int]
) -> tuple[Detection, ...]:
    """The most confident first. `scale` turns what was written into pixels; `size` is the image's (width, height)."""
    if not written:
        return ()
    if not isinstance(written, list) or len(written) > MOST:
        raise BadPrediction(f"detections is a list of at most {MOST:,}")
    found = [_detection(one, labels, scale, size) for one in written]
    found.sort(key=_confidence, reverse=True)
    return tuple(found)


def _confidence(detection: Detection) -> float:
    return detection.confidence


def _detection(written: Any, labels: Sequence[str], scale: tuple[int, int], size: tuple[int, int]) -> Detection:
    if not isinstance(written, dict):
        raise BadPrediction("a detection is an object: {label, confidence, box}")
    confidence = written.get("confidence")
    if type(confidence) is not float and (isinstance(confidence, bool) or not isinstance(confidence, int | float)):
        raise BadPrediction("a detection needs a confidence between 0 and 1")
    label = written.get("label")
    if label is None:
        index = written.get("index")
        if type(index) is not int or not 0 <= index < len(labels):
            raise BadPrediction(f"a detection needs a label, or an index from 0 to {len(labels) - 1}")
        label = labels[index]
    elif type(label) is not str or len(label) > 200:
        raise BadPrediction("a label is a text of at most 200 letters")
    shape = shape_from_json(_run_lengths(written))
    if shape is not None:
        shape = _placed(shape, scale, size)
    return Detection(label, float(confidence), shape)


def _run_lengths(written: dict[str, Any]) -> dict[str, Any]:
    """COCO's compressed run lengths, where a mask comes in them, as numbers."""
    mask = written.get("rle")
    if isinstance(mask, dict) and isinstance(mask.get("counts"), str):
        return {**written, "rle": {**mask, "counts": rle.decode(mask["counts"])}}
    return written


def _placed(shape: Shape, scale: tuple[int, int], size: tuple[int, int]) -> Shape:
    """In pixels; a box that reaches over the edge ends at the edge, as the image does."""
    if scale != (1, 1):
        shape = _scaled(shape, scale)
    if isinstance(shape, Box):
        width, height = size
        if shape.x1 >= 0 and shape.y1 >= 0 and shape.x2 <= width and shape.y2 <= height:
            return shape
        if shape.x1 >= width or shape.y1 >= height or shape.x2 <= 0 or shape.y2 <= 0:
            raise BadPrediction(f"the box {shape.corners()} lies outside its image of {width} x {height} pixels")
        return shape.clipped(width, height)
    return shape


def _scaled(shape: Shape, scale: tuple[int, int]) -> Shape:
    x, y = scale
    if isinstance(shape, Box):
        return Box(shape.x1 * x, shape.y1 * y, shape.x2 * x, shape.y2 * y)
    if isinstance(shape, Polygon):
        return Polygon(tuple(tuple(v * (x, y)[i % 2] for i, v in enumerate(ring)) for ring in shape.rings))
    raise BadPrediction("a mask is never normalised")
