"""What the reviewed images say of all traffic: estimates from the random checks, with the interval each deserves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.ids import share_of
from relens.metrics.average_precision import ApStore
from relens.metrics.calibrator import Reviewed, cross_fitted
from relens.metrics.estimate import LEAST_REVIEWS, Estimate, Sample, half_sampled, more_reviews, ratio
from relens.metrics.kinds.average_precision import matches_of
from relens.metrics.kinds.confidence import BINS
from relens.metrics.metric import Judged, labels_among
from relens.monitoring import sums
from relens.monitoring.gather import together
from relens.monitoring.span import cover
from relens.monitoring.window import Window, whole_hours
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review.checks import Check, checks
from relens.review.verdict import USABLE

Floats = NDArray[np.float64]
FOLDS = 5
TOLERATED_SKIPS = 0.02
"""Of the random checks; with more left undone, the interval reaches from the worst they could be to the best."""


@dataclass(frozen=True, slots=True)
class Estimated:
    """One metric of all traffic. `more`: reviews until it is ± 3 points; `skipped`: share of random checks nobody could judge."""

    metric: str
    estimate: Estimate
    more: int


@dataclass(frozen=True, slots=True)
class Estimates:
    """`needs` says what is missing when there are none."""

    items: tuple[Estimated, ...]
    reviews: int
    images: int
    skipped: float
    needs: str | None


class _Traffic(NamedTuple):
    """All images of the window, and their answers by confidence bin."""

    images: float
    answers: Floats


class _Seen(NamedTuple):
    """One random check: its image as judged (None: skipped or undone), what was answered by bin, and its probability."""

    line: Logged
    judged: Judged | None
    answers: Floats
    probability: float


def estimates(connection: Connection, deployment: Deployment, window: Window) -> Estimates:
    """Precision, recall and F1 at the threshold, and mAP; of a classifier its accuracy. Shadows have no random checks of their own."""
    seen = _seen(connection, deployment, window)
    traffic = _traffic(connection, deployment, window)
    judged = [one for one in seen if one.judged is not None]
    skipped = 1 - len(judged) / len(seen) if seen else 0.0
    if len(judged) < 2 or traffic.images <= 0:
        asked = f"about {LEAST_REVIEWS} random checks: review what the queue marks so"
        return Estimates((), len(judged), int(traffic.images), skipped, asked)
    whole = deployment.task == "classification"
    found = _classified(judged, traffic) if whole else _detected(judged, traffic, deployment.labels)
    if skipped > TOLERATED_SKIPS:
        found = {name: _widened(one, skipped) for name, one in found.items()}
    items = tuple(Estimated(name, one, more_reviews(one)) for name, one in found.items())
    missing = max(LEAST_REVIEWS - len(judged), 0)
    needs = f"about {missing} more random checks for an interval" if missing else None
    return Estimates(items, len(judged), int(traffic.images), skipped, needs)


def _traffic(connection: Connection, deployment: Deployment, window: Window) -> _Traffic:
    since, until = whole_hours(window)
    which = sums.Which(
        cover(since, until, "day"), window.source, window.model_version, window.role, None, window.source is None
    )
    found = list(sums.cells(connection, deployment.id, ["volume", "confidence"], which))
    images = sum(float(state[0]) for cell, state in found if cell.metric == "volume")
    by_label = together(one for one in found if one[0].metric == "confidence")
    answers = sum((state[:-1].astype(np.float64) for state in by_label.values()), start=np.zeros(BINS))
    return _Traffic(images, answers)


def _seen(connection: Connection, deployment: Deployment, window: Window) -> list[_Seen]:
    drawn = {one.prediction: one for one in checks(connection, deployment.id)}
    since, until = whole_hours(window)
    lines = [
        line
        for line in predictions.several(connection, list(drawn))
        if since <= line.taken_at < until
        and line.error is None
        and window.source in (None, line.source)
        and window.model_version in (None, line.model_version)
        and window.role in (None, line.role)
    ]
    return [_one(line, drawn[line.id], deployment.task == "classification") for line in lines]


def _one(line: Logged, check: Check, whole: bool) -> _Seen:
    answered = line.answered[:1] if whole else line.answered
    bins = [min(int(found.confidence * BINS), BINS - 1) for found in answered]
    verdict = check.verdict if check.verdict is not None and check.status in USABLE else None
    judged = (
        None
        if verdict is None
        else Judged(line.id, line.detections, verdict.annotations, line.threshold, line.width, line.height)
    )
    return _Seen(line, judged, np.bincount(bins, minlength=BINS).astype(np.float64), check.probability)


def _classified(seen: Sequence[_Seen], traffic: _Traffic) -> dict[str, Estimate]:
    right = np.zeros((len(seen), BINS))
    for i, one in enumerate(seen):
        if one.judged is not None and _is_right(one.judged):
            right[i] = one.answers
    return _ratios(seen, right, np.ones(len(seen)), traffic, ("accuracy",))


def _is_right(judged: Judged) -> bool:
    true = [annotation.label for annotation in judged.annotations]
    return bool(judged.answered) and true == [judged.answered[0].label]


def _detected(seen: Sequence[_Seen], traffic: _Traffic, labels: Sequence[str]) -> dict[str, Estimate]:
    images = [one.judged for one in seen if one.judged is not None]
    matches = [matches_of(image) for image in images]
    right, objects = np.zeros((len(seen), BINS)), np.zeros(len(seen))
    for i, (image, found) in enumerate(zip(images, matches, strict=True)):
        objects[i] = sum(int(match.positives[0]) for match in found.values())
        for match in found.values():
            hits = match.scores[((match.hits[:, 0] & 1) == 1) & (match.scores >= image.threshold)]
            right[i] += np.bincount(np.minimum((hits * BINS).astype(int), BINS - 1), minlength=BINS)
    ratios = _ratios(seen, right, objects, traffic, ("precision", "recall", "f1"))
    store = ApStore(labels_among(images, labels))
    for image, found in zip(images, matches, strict=True):
        store.insert(image.key, found)
    weight = {one.line.id: 1 / one.probability for one in seen}
    in_order = np.array([weight[str(key)] for key in store.image_keys])
    for name in ("map50", "map50_95"):
        mean = half_sampled(lambda rows, name=name: store.replicates(rows, name), in_order)  # type: ignore[misc]
        ratios |= {} if mean is None else {name: mean}
    return ratios


def _ratios(
    seen: Sequence[_Seen], right: Floats, objects: Floats, traffic: _Traffic, names: Sequence[str]
) -> dict[str, Estimate]:
    """By metric; `right` (k, BINS) right answers, `objects` (k,) what was there to be found."""
    probability = np.array([one.probability for one in seen])
    weights = 1 / probability
    answers = np.array([one.answers for one in seen])
    folds = np.array([int(share_of(one.line.asset, "calibration") * FOLDS) for one in seen])
    fitted = cross_fitted(Reviewed(answers, right, weights), folds)
    said, tp = answers.sum(axis=1), right.sum(axis=1)
    # What is missed leaves no box: it is the same for every image as far as the confidences know.
    missed = float((weights * (objects - tp)).sum() / weights.sum())
    expected = fitted.own + missed
    all_said, all_tp = float(traffic.answers.sum()), float(traffic.answers @ fitted.stairs)
    all_expected = all_tp + missed * traffic.images
    one = np.ones(len(seen))
    tables = {
        "accuracy": (tp, one, fitted.own, one, all_tp, traffic.images),
        "precision": (tp, said, fitted.own, said, all_tp, all_said),
        "recall": (tp, objects, fitted.own, expected, all_tp, all_expected),
        "f1": (2 * tp, said + objects, 2 * fitted.own, said + expected, 2 * all_tp, all_said + all_expected),
    }
    found = {}
    for name in names:
        a, b, f, g, top, bottom = tables[name]
        estimate = ratio(Sample(a, b, f, g, probability), traffic.images, top, bottom)
        if estimate is not None:
            found[name] = estimate
    return found


def _widened(one: Estimate, skipped: float) -> Estimate:
    """As if every skipped image had been all wrong, or all right."""

    def down(end: float | None) -> float | None:
        return None if end is None else end * (1 - skipped)

    def up(end: float | None) -> float | None:
        return None if end is None else min(end * (1 - skipped) + skipped, 1.0)

    return one._replace(
        lower=down(one.lower),
        upper=up(one.upper),
        always_lower=down(one.always_lower),
        always_upper=up(one.always_upper),
    )
