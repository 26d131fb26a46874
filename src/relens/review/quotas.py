"""Quotas: of ranked hard cases, a batch in which rare labels have their share and no sensor fault or single camera fills it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

MOST_STRANGE = 5
"""One in so many of a batch may be there for being unlike the training data: else a faulty sensor floods it."""
_MOST_OF_A_SOURCE = 2


@dataclass(frozen=True, slots=True)
class Case:
    """What quotas look at: the labels the version said or nearly said, where the image came from, and whether it is an outlier."""

    labels: frozenset[str]
    source: str | None
    strange: bool


def pick(ranked: Sequence[Case], limit: int, reviewed: Mapping[str, int], labels: Sequence[str]) -> list[int]:
    """Places in `ranked` of at most `limit` cases, in its order. `reviewed`: in how many reviewed images each of `labels` was found.

    Fewer than `limit` where only outliers are left. Half of a batch stays free of quotas for labels.
    """
    batch = _Batch(ranked, limit)
    share = ceil(limit / max(len(labels), 1))
    for label in starved(reviewed, labels):
        showing = [place for place, case in enumerate(ranked) if label in case.labels]
        for place in showing:
            have = sum(label in ranked[taken].labels for taken in batch.taken)
            if have >= share or len(batch.taken) >= limit // 2:
                break
            batch.take(place)
    for place in range(len(ranked)):
        batch.take(place)
    # A quiet day with one camera alone is no reason for a short batch.
    for place in range(len(ranked)):
        batch.take(place, of_any_source=True)
    return sorted(batch.taken)


def starved(reviewed: Mapping[str, int], labels: Sequence[str]) -> list[str]:
    """The labels found in fewer reviewed images than their even share, the rarest first; none before anything was reviewed."""
    total = sum(reviewed.get(label, 0) for label in labels)
    few = [label for label in labels if reviewed.get(label, 0) * len(labels) < total]
    return sorted(few, key=lambda label: (reviewed.get(label, 0), label))


class _Batch:
    """Grows case by case, as far as the quotas let it."""

    def __init__(self, ranked: Sequence[Case], limit: int) -> None:
        self.taken: set[int] = set()
        self._ranked = ranked
        self._limit = limit
        self._sources: Counter[str | None] = Counter()
        self._strange = 0
        several = len({case.source for case in ranked}) > 1
        self._of_a_source = ceil(limit / _MOST_OF_A_SOURCE) if several else limit
        self._most_strange = max(1, limit // MOST_STRANGE)

    def take(self, place: int, of_any_source: bool = False) -> None:
        case = self._ranked[place]
        full = len(self.taken) >= self._limit or (case.strange and self._strange >= self._most_strange)
        crowded = not of_any_source and self._sources[case.source] >= self._of_a_source
        if place in self.taken or full or crowded:
            return
        self.taken.add(place)
        self._sources[case.source] += 1
        self._strange += case.strange
