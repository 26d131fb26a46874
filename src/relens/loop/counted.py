"""What champion and candidate miss and invent, counted label by label on the same test images. Pure: plain counts, nothing weighted or estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relens.training.evaluate import Evaluated


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one label: how many `objects` there are; how many of them each version missed, and how many it said that are none (champion, candidate).

    Of a classifier: images of the label, images of it that got another answer or none, images of others that got this answer.
    """

    label: str
    objects: int
    missed: tuple[int, int]
    wrong: tuple[int, int]


def counted(
    champion: Evaluated, candidate: Evaluated, labels: Sequence[str], thresholds: tuple[float, float]
) -> tuple[Counted, ...]:
    """In the order of `labels`, at the thresholds with which the two would answer; labels that never occur are left out."""
    found = []
    for label in labels:
        (objects, missed, wrong), (_, missed_after, wrong_after) = (
            _of(version, label, threshold) for version, threshold in zip((champion, candidate), thresholds, strict=True)
        )
        if objects or wrong or wrong_after:
            found.append(Counted(label, objects, (missed, missed_after), (wrong, wrong_after)))
    return tuple(found)


def _of(version: Evaluated, label: str, threshold: float) -> tuple[int, int, int]:
    """(objects, missed, wrong)."""
    if version.correct is not None:
        pairs = list(zip(version.true, version.said, strict=True))
        objects = sum(true == label for true, _ in pairs)
        right = sum(true == said == label for true, said in pairs)
        return objects, objects - right, sum(said == label for _, said in pairs) - right
    objects = hits = said = 0
    for matches in version.matches:
        if label not in matches:
            continue
        match = matches[label]
        answered = match.scores >= threshold
        hits += int(np.count_nonzero(answered & ((match.hits[:, 0] & 1) != 0)))
        said += int(np.count_nonzero(answered & ((match.ignored[:, 0] & 1) == 0)))
        objects += int(match.positives[0])
    return objects, objects - hits, said - hits
