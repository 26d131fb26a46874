"""The simulated reviewer: knows what is true of arriving images, and settles by it what the review queue gives out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from relens.demo.stream import Truth
from relens.kit.ids import share_of
from relens.sdk.client import Client
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Shape

NAME = "simulated reviewer"
SAME_PLACE = 0.5
"""From this overlap (intersection over union) on, a person would leave the box as it is."""


class SimulatedReviewer:
    """`client` acts under this reviewer's name. How much it reviews goes by a hash of the images' names, the same with the same seed;
    which ones, the queue says. `known`: names of the images it has settled."""

    def __init__(self, client: Client, deployment: str, truth: Truth, fraction: float, seed: int) -> None:
        self._client = client
        self._deployment = client.deployment(deployment)
        self._truth = truth
        self._fraction = fraction
        self._seed = seed
        self.settled: Counter[str] = Counter()
        self.known: set[str] = set()

    def has_time_for(self, name: str) -> bool:
        """Whether the arrival of this image is one after which it reviews one more."""
        return share_of(name, f"review {self._seed}") < self._fraction and self._truth(name) is not None

    def next(self, count: int) -> list[tuple[str, str, list[Detection]]]:
        """(name, prediction, what was answered) of the next `count` that the queue gives out, as far as there are."""
        return [
            (
                str(waiting["client_id"]),
                str(waiting["id"]),
                [Detection.from_json(one) for one in self._said_of(waiting) if one["answered"]],
            )
            for waiting in self._deployment.queue(count)
        ]

    def _said_of(self, waiting: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What was answered. Where that is hidden on purpose, it first draws what is there, if it knows."""
        truth = self._truth(str(waiting["client_id"]))
        if not waiting["blind"] or truth is None:
            return list(waiting["detections"])
        return self._client.review.draw_blind(str(waiting["id"]), truth)

    def settle(self, name: str, prediction_id: str, answered: Sequence[Detection]) -> str:
        """Accepts or corrects one prediction, or passes by what it knows no truth of; which of these it was."""
        truth = self._truth(name)
        if truth is None:
            self._client.review.skip(prediction_id)
            return "skipped"
        if agrees(answered, truth):
            self._client.review.accept(prediction_id)
            status = "accepted"
        else:
            self._client.review.correct(prediction_id, truth)
            status = "corrected"
        self.settled[status] += 1
        self.known.add(name)
        return status


def agrees(answered: Sequence[Detection], truth: Sequence[Annotation]) -> bool:
    """Whether the answer says what is true: one detection for each annotation, label and place the same, and nothing more.

    For a whole-image label: whether the most confident one is it.
    """
    if any(annotation.shape is None for annotation in truth):
        best = max(answered, key=lambda found: found.confidence, default=None)
        return best is not None and [best.label] == [annotation.label for annotation in truth]
    if len(answered) != len(truth):
        return False
    fits = [
        [i for i, a in enumerate(truth) if a.label == d.label and iou(d.shape, a.shape) >= SAME_PLACE] for d in answered
    ]
    return _one_to_one(fits)


def iou(one: Shape, other: Shape) -> float:
    """Overlap of two shapes' boxes; 0 where there is none."""
    if one is None or other is None:
        return 0.0
    a, b = one.box(), other.box()
    width, height = min(a.x2, b.x2) - max(a.x1, b.x1), min(a.y2, b.y2) - max(a.y1, b.y1)
    if width <= 0 or height <= 0:
        return 0.0
    shared = Box(0, 0, width, height).area
    return shared / (a.area + b.area - shared)


def _one_to_one(fits: list[list[int]]) -> bool:
    """Whether each row can have a column of its own (augmenting paths)."""
    taken: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for column in fits[row]:
            if column not in seen:
                seen.add(column)
                if column not in taken or place(taken[column], seen):
                    taken[column] = row
                    return True
        return False

    return all(place(row, set()) for row in range(len(fits)))
