"""Detections as the log keeps them: JSON text, written and read many thousand times a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pydantic_core

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
