"""Detections side by side: their labels, confidences and places as lists of their own, for whoever counts many thousand of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

from relens.vision.prediction import Detection

YES = 0.5


class Columns(NamedTuple):
    """What was said of one image, in the order it was said."""

    labels: list[str]
    confidences: list[float]
    corners: list[Sequence[float] | None]
    """x1 y1 x2 y2 of each shape's box; None where it is the whole image."""

    @staticmethod
    def of(detections: Sequence[Detection]) -> Columns:
        return Columns(
            [one.label for one in detections],
            [one.confidence for one in detections],
            [None if one.shape is None else [*one.shape.box().corners()] for one in detections],
        )

    def above(self, threshold: float) -> Columns:
        """Those at or above the threshold."""
        kept = [confidence >= threshold for confidence in self.confidences]
        if all(kept):
            return self
        labels, confidences, corners = self
        return Columns([*compress(labels, kept)], [*compress(confidences, kept)], [*compress(corners, kept)])

    def answers(self, threshold: float) -> Columns:
        """What was answered. Without a threshold (0) a whole image's every label is above it: then the best one is the answer, and with it
        those of at least YES, which only labels that do not exclude each other reach."""
        if threshold > 0 or len(self.labels) < 2 or self.corners[0] is not None:
            return self.above(threshold)
        best = max(self.confidences)
        return self.above(min(best, YES))

    def first(self) -> Columns:
        """The first alone."""
        return Columns(self.labels[:1], self.confidences[:1], self.corners[:1])
