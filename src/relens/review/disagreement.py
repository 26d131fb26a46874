"""Disagreement: how far a shadow's answer to an image is from the champion's; where they differ, a review tells the two apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from relens.metrics.matching import iou_matrix
from relens.vision.shapes import Shape

_SAME_PLACE = 0.5


class Placed(Protocol):
    """What a version or a person said of one thing."""

    @property
    def label(self) -> str: ...
    @property
    def shape(self) -> Shape: ...


def disagreement(one: Sequence[Placed], other: Sequence[Placed]) -> float:
    """How many answers of either have no counterpart in the other: the same label, and the same place (IoU ≥ 0.5) where there is one."""
    labels = {found.label for found in (*one, *other)}
    return float(sum(_of_label(*([f for f in some if f.label == label] for some in (one, other))) for label in labels))


def _of_label(one: list[Placed], other: list[Placed]) -> int:
    boxes, others = (
        [found.shape.box().corners() for found in some if found.shape is not None] for some in (one, other)
    )
    if not boxes or not others:
        return len(boxes) + len(others) + abs((len(one) - len(boxes)) - (len(other) - len(others)))
    overlap = iou_matrix(boxes, others)
    paired = 0
    free = set(range(len(others)))
    for row in overlap:
        best = max(free, key=lambda place: row[place], default=None)
        if best is not None and row[best] >= _SAME_PLACE:
            free.discard(best)
            paired += 1
    return len(boxes) + len(others) - 2 * paired
