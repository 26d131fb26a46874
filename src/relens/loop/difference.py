"""Where two answers to one image differ: pure, and the same whichever comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Shape

SAME_PLACE = 0.5
"""Overlap (intersection over union of the boxes) from which two detections are about the same thing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`gone`: said before only; `new`: said after only; `relabelled`: the same place under another label, before and after."""

    gone: tuple[Detection, ...]
    new: tuple[Detection, ...]
    relabelled: tuple[tuple[Detection, Detection], ...]

    @property
    def amount(self) -> float:
        """How much of it there is: each differing detection counts with its confidence."""
        moved = sum(max(a.confidence, b.confidence) for a, b in self.relabelled)
        return sum(found.confidence for found in (*self.gone, *self.new)) + moved

    @property
    def same(self) -> bool:
        return not (self.gone or self.new or self.relabelled)


def difference(before: Sequence[Detection], after: Sequence[Detection]) -> Difference:
    """Both as answered. A whole-image answer is its most confident label."""
    there, here = list(said(before)), list(said(after))
    _take_pairs(there, here, same_label=True)
    relabelled = _take_pairs(there, here, same_label=False)
    return Difference(tuple(there), tuple(here), tuple(relabelled))


def said(answer: Sequence[Detection]) -> Sequence[Detection]:
    """What an answer says: of a whole image its most confident label only, for without a threshold a classifier answers every one."""
    return answer[:1] if any(found.shape is None for found in answer) else answer


def _take_pairs(
    there: list[Detection], here: list[Detection], *, same_label: bool
) -> list[tuple[Detection, Detection]]:
    """Takes the pairs out that overlap most, one to one. Ties go by what the two say, so that the order of the answers does not matter."""
    fits: list[tuple[float, str, str, int, int]] = []
    for i, a in enumerate(there):
        for j, b in enumerate(here):
            overlap = _overlap(a.shape, b.shape)
            if (a.label == b.label) == same_label and overlap >= SAME_PLACE:
                low, high = sorted((repr(a), repr(b)))
                fits.append((-overlap, low, high, i, j))
    left, right = list(there), list(here)
    pairs: list[tuple[Detection, Detection]] = []
    used_left: set[int] = set()
    used_right: set[int] = set()
    for *_, i, j in sorted(fits):
        if i not in used_left and j not in used_right:
            used_left.add(i)
            used_right.add(j)
            pairs.append((left[i], right[j]))
    there[:] = [one for i, one in enumerate(left) if i not in used_left]
    here[:] = [one for j, one in enumerate(right) if j not in used_right]
    return pairs


def _overlap(one: Shape, other: Shape) -> float:
    if one is None or other is None:
        return 1.0 if one is other else 0.0
    a, b = one.box(), other.box()
    width, height = min(a.x2, b.x2) - max(a.x1, b.x1), min(a.y2, b.y2) - max(a.y1, b.y1)
    if width <= 0 or height <= 0:
        return 0.0
    shared = Box(0, 0, width, height).area
    return shared / (a.area + b.area - shared)
