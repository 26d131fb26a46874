"""Random checks: each image is looked at with a probability that is known afterwards, whenever people stop.

Priority sampling (Duffield, Lund, Thorup 2007): image i of size s has the priority s / u, u drawn once from (0, 1); the highest come first.
Of those whose priority is above the threshold tau, each was included with probability min(1, s / tau). Where images arrive while people
review, tau of an image is the lowest head of the queue after any review since the image arrived: one number per cohort of arrivals.
Where images leave before anybody looked at them, nobody ever will: tau of their cohort stays above the highest of them, whatever is
reviewed later, for below it the sample is not whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt

from relens.kit.ids import share_of
from relens.vision.prediction import Detection

FLOOR = 0.3
"""Of a size: what even the surest answer has. It bounds the loss where confidences say nothing."""
_LEAST_RESIDUAL = 0.05


def residual(detections: Iterable[Detection]) -> float:
    """How wrong an answer may be, as far as its own confidences say: the root of the summed variances, never 0."""
    return sqrt(sum(found.confidence * (1 - found.confidence) for found in detections) + _LEAST_RESIDUAL)


def size(residual: float, mean: float) -> float:
    """Of one image; `mean` is that of the residuals of the images before it."""
    return FLOOR + (1 - FLOOR) * residual / mean


def priority(size: float, name: str) -> float:
    """The place among the random checks, higher is earlier; it depends on the image's name and the size alone."""
    return size / (1 - share_of(name, "review queue"))


def probability(size: float, tau: float) -> float:
    """That an image of this size is among those above `tau`."""
    return 1.0 if tau <= size else size / tau


@dataclass(frozen=True, slots=True)
class Cohort:
    """Images that arrived from `first` (a place in the log) on, until the next cohort begins. `tau` inf: nothing was reviewed since.

    `floor`: the highest priority among those that left unreviewed, which tau never falls below; 0 where all are reviewed or still here.
    """

    first: int
    tau: float
    floor: float = 0.0

    def lowered(self, head: float) -> Cohort:
        """With the head of the queue at `head`."""
        return replace(self, tau=min(self.tau, max(head, self.floor)))


@dataclass(frozen=True, slots=True)
class Scale:
    """The residuals of one deployment's images so far."""

    images: int = 0
    total: float = 0.0

    def size(self, residual: float) -> float:
        return size(residual, self.total / self.images if self.images else residual)

    def and_one(self, residual: float) -> Scale:
        return Scale(self.images + 1, self.total + residual)


def after_review(cohorts: Sequence[Cohort], head: float) -> list[Cohort]:
    """The cohorts once the head of the queue is `head`: whoever arrived before cannot be included with less than that.

    `cohorts` in order of arrival.
    """
    return _joined([cohort.lowered(head) for cohort in cohorts])


def after_arrival(cohorts: Sequence[Cohort], first: int) -> list[Cohort]:
    """The cohorts once images from `first` on have arrived."""
    # What begins no earlier holds nothing: it is what lies behind the last image that left.
    before = [cohort for cohort in cohorts if cohort.first < first]
    fresh = before and before[-1].tau == inf and not before[-1].floor
    return before if fresh else [*before, Cohort(first, inf)]


def after_leave(cohorts: Sequence[Cohort], first: int, last: int, highest: float) -> list[Cohort]:
    """The cohorts once everything that waited from `first` to `last` (places in the log) has left; `highest` was the highest priority of it."""
    parts: list[Cohort] = []
    for number, cohort in enumerate(cohorts):
        following = cohorts[number + 1].first if number + 1 < len(cohorts) else inf
        start, stop = max(cohort.first, first), min(following, last + 1)
        if start >= stop:
            parts.append(cohort)
            continue
        if cohort.first < start:
            parts.append(cohort)
        floor = max(cohort.floor, min(highest, cohort.tau))
        parts.append(replace(cohort, first=start, floor=floor))
        if stop < following:
            parts.append(replace(cohort, first=int(stop)))
    return _joined(parts)


def _joined(cohorts: Sequence[Cohort]) -> list[Cohort]:
    """Neighbours with the same tau are one, but those whose images are here keep apart from those whose images have left."""
    joined: list[Cohort] = []
    for cohort in cohorts:
        last = joined[-1] if joined else None
        if last is not None and last.tau == cohort.tau and (last.floor > 0) == (cohort.floor > 0):
            joined[-1] = replace(last, floor=max(last.floor, cohort.floor))
        else:
            joined.append(cohort)
    return joined
