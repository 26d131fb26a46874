"""How wrong an answer may be, learned from the random checks so far: their sizes then follow what people found, not confidences alone.

A rising staircase over what the confidences say themselves (`chance.residual`). It is kept on the same scale, so that images queued before
and after it was learned stand side by side fairly; and a size, once given, stays: it must rest on earlier reviews alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.metrics.calibrator import rising
from relens.metrics.kinds.average_precision import matches_of
from relens.metrics.metric import Judged
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review import store
from relens.review.chance import residual
from relens.review.checks import Check, checks
from relens.review.verdict import USABLE
from relens.vision.prediction import Detection

Residual = Callable[[Sequence[Detection]], float]

FROM = 100
"""Random checks; with fewer, the confidences themselves say more."""
EVERY = 50
"""Reviews after which it is learned anew."""
_LATEST = 2_000
_STEPS = 8
_LEAST = 0.05


class Found(NamedTuple):
    """Of one random check: what the confidences said (squared), how wrong it was (squared), and the image's weight."""

    said: float
    wrong: float
    weight: float


class Residuals:
    """What each deployment's reviews teach; kept in memory, learned again after a restart."""

    def __init__(self) -> None:
        self._learned: dict[str, tuple[int, Residual]] = {}
        self._found: dict[tuple[str, int], tuple[float, float]] = {}

    def of(self, connection: Connection, deployment: Deployment) -> Residual:
        """As far as the reviews of this moment go; looked at anew after every EVERY of them."""
        reviews = sum(count for status, count in store.counts(connection, deployment.id).items() if status in USABLE)
        at, known = self._learned.get(deployment.id, (-EVERY, residual))
        if reviews >= at + EVERY or reviews < at:
            known = self._learn(connection, deployment) if reviews >= FROM else residual
            self._learned[deployment.id] = (reviews, known)
        return known

    def _learn(self, connection: Connection, deployment: Deployment) -> Residual:
        usable = [one for one in checks(connection, deployment.id) if one.status in USABLE][-_LATEST:]
        if len(usable) < FROM:
            return residual
        fresh = [one for one in usable if _key(one) not in self._found]
        whole = deployment.task == "classification"
        by_id = {one.prediction: one for one in fresh}
        for line in predictions.several(connection, list(by_id)):
            check = by_id[line.id]
            self._found[_key(check)] = (residual(line.detections) ** 2, _wrong(line, check, whole))
        while len(self._found) > 10 * _LATEST:
            for key in list(islice(self._found, _LATEST)):
                del self._found[key]
        found = [Found(*self._found[_key(one)], 1 / one.probability) for one in usable if _key(one) in self._found]
        return learned(found)


def _key(check: Check) -> tuple[str, int]:
    return check.prediction, check.verdict.seq if check.verdict else 0


def learned(found: Sequence[Found]) -> Residual:
    """The staircase of these checks: the root of how wrong answers like these were, on the scale of what the confidences say."""
    said, wrong, weight = (np.asarray(column, np.float64) for column in zip(*found, strict=True))
    order = np.argsort(said, kind="stable")
    pieces = [piece for piece in np.array_split(order, _STEPS) if len(piece)]
    mass = np.asarray([weight[piece].sum() for piece in pieces])
    mean = np.asarray([(weight[piece] * wrong[piece]).sum() for piece in pieces]) / mass
    stairs = np.sqrt(rising(mean, mass) + _LEAST)
    edges = np.asarray([said[piece[-1]] for piece in pieces[:-1]])
    own = stairs[np.searchsorted(edges, said, side="left")]
    scale = float((weight * np.sqrt(said)).sum() / (weight * own).sum())

    def of(detections: Sequence[Detection]) -> float:
        return scale * float(stairs[np.searchsorted(edges, residual(detections) ** 2, side="left")])

    return of


def _wrong(line: Logged, check: Check, whole: bool) -> float:
    """The squared distance between what was right and what the confidences promised, and of what was missed."""
    assert check.verdict is not None
    answered = line.answered[:1] if whole else line.answered
    promised = sum(found.confidence for found in answered)
    if whole:
        true = {annotation.label for annotation in check.verdict.annotations}
        return (sum(found.label in true for found in answered) - promised) ** 2
    judged = Judged(line.id, answered, check.verdict.annotations, line.threshold, line.width, line.height)
    matches = matches_of(judged).values()
    right = sum(int(((match.hits[:, 0] & 1) == 1).sum()) for match in matches)
    missed = sum(int(match.positives[0]) for match in matches) - right
    return (right - promised) ** 2 + missed**2
