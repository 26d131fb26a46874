"""The images a candidate fixes, and every one it breaks. Pure.

A classified image is right or wrong. In any other, what counts is the image's F1 at the thresholds with which each of the two would
answer here (overlap 0.5): it is fixed when that rises and broken when it falls, be it by an object found or lost or by a false alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relens.metrics.matching import LabelMatch
from relens.training.evaluate import Evaluated


@dataclass(frozen=True, slots=True)
class Flip:
    """An image and how good the answers to it are, champion's and candidate's, 0 to 1. `found`: objects found more (less: negative)."""

    asset: str
    before: float
    after: float
    found: int

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Flips:
    """Those that changed most come first."""

    fixed: tuple[Flip, ...]
    broken: tuple[Flip, ...]


def flips(
    champion: Evaluated,
    candidate: Evaluated,
    thresholds: tuple[float, float] = (0.0, 0.0),
    labels: Collection[str] | None = None,
) -> Flips:
    """`thresholds`: with which the champion and the candidate answer; `labels`: only these count (None: all)."""
    before, after = _each(champion, thresholds[0], labels), _each(candidate, thresholds[1], labels)
    told = [
        Flip(asset, was, now, found_now - found_before)
        for asset, (was, found_before), (now, found_now) in zip(champion.assets, before, after, strict=True)
    ]
    fixed = sorted((one for one in told if one.change > 0), key=lambda one: (-one.change, one.asset))
    broken = sorted((one for one in told if one.change < 0), key=lambda one: (one.change, one.asset))
    return Flips(tuple(fixed), tuple(broken))


def _each(version: Evaluated, threshold: float, labels: Collection[str] | None) -> list[tuple[float, int]]:
    if version.correct is not None:
        return [(float(right), int(right)) for right in version.correct]
    return [_image(match, threshold, labels) for match in version.matches]


def _image(matches: Mapping[Any, LabelMatch], threshold: float, labels: Collection[str] | None) -> tuple[float, int]:
    """F1 (1 where nothing is there and nothing is said) and the number of objects found."""
    hits = said = there = 0
    for label, match in matches.items():
        if labels is not None and label not in labels:
            continue
        answered = match.scores >= threshold
        hits += int(np.count_nonzero(answered & ((match.hits[:, 0] & 1) != 0)))
        said += int(np.count_nonzero(answered & ((match.ignored[:, 0] & 1) == 0)))
        there += int(match.positives[0])
    return (2 * hits / (said + there) if said + there else 1.0), hits
