"""Detections as the log keeps them: JSON text, written and read many thousand times a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pydantic_core

from relens.vision.columns import Columns
from relens.vision.prediction import Detection
from relens.vision.shapes import Box


def to_text(detections: Sequence[Detection]) -> str:
    """What `from_text` reads."""
    return pydantic_core.to_json([_plain(one) for one in detections]).decode()


def same(one: str, other: str) -> bool:
    """Whether two texts say the same: numbers may be written in several ways."""
    return one == other or pydantic_core.from_json(one) == pydantic_core.from_json(other)


def from_text(text: str) -> tuple[Detection, ...]:
    """What `to_text` wrote."""
    return tuple(map(_read, pydantic_core.from_json(text)))


class Said:
    """What is written of one line. It is read when somebody asks: of most lines nobody ever asks for the detections one by one.

    `detections`: what `text` says, where that is at hand.
    """

    __slots__ = ("_columns", "_detections", "_text")

    def __init__(self, text: str, detections: tuple[Detection, ...] | None = None) -> None:
        self._text = text
        self._columns: Columns | None = None
        self._detections = detections

    def detections(self) -> tuple[Detection, ...]:
        if self._detections is None:
            self._detections = from_text(self._text)
        return self._detections

    def columns(self) -> Columns:
        if self._columns is None:
            self._columns = _side_by_side(pydantic_core.from_json(self._text))
        return self._columns

    @staticmethod
    def read_columns(several: Sequence[Said]) -> None:
        """Of many lines at once, which is quicker than one by one."""
        fresh = [one for one in several if one._columns is None]
        for one, found in zip(fresh, pydantic_core.from_json(f"[{','.join([s._text for s in fresh])}]"), strict=True):
            one._columns = _side_by_side(found)


def _side_by_side(written: list[dict[str, Any]]) -> Columns:
    return Columns(
        [one["label"] for one in written], [one["confidence"] for one in written], [_corners(one) for one in written]
    )


def _corners(one: dict[str, Any]) -> Sequence[float] | None:
    if len(one) <= 3:
        box: list[float] | None = one["box"]
        return box
    shape = Detection.from_json(one).shape
    return None if shape is None else [*shape.box().corners()]


def _read(one: dict[str, Any]) -> Detection:
    """Box or whole image without a detour, for they are what is written nearly always."""
    if len(one) > 3:
        return Detection.from_json(one)
    box = one["box"]
    return Detection(one["label"], one["confidence"], None if box is None else Box(*box))


def _plain(detection: Detection) -> dict[str, object]:
    shape = detection.shape
    if type(shape) is not Box:
        return detection.to_json()
    # Nearly all there are. Numbers of numpy become Python's.
    box = [float(shape.x1), float(shape.y1), float(shape.x2), float(shape.y2)]
    return {"label": detection.label, "confidence": float(detection.confidence), "box": box}
