"""What the reviewed images say of all traffic: estimates from the random checks, with the interval each deserves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.clock import Micros
from relens.kit.ids import share_of
from relens.metrics.average_precision import ApStore
from relens.metrics.estimate import LEAST_REVIEWS, Estimate, half_sampled, more_reviews
from relens.metrics.kinds.confidence import BINS
from relens.metrics.matching import AREAS, IOU_THRESHOLDS, LabelMatch
from relens.metrics.traffic import FOLDS, TOLERATED_SKIPS, Checks, Traffic, averages, guess, ratios, spanning
from relens.monitoring import sums
from relens.monitoring.checked import Checked, Row, Weighed
from relens.monitoring.gather import of_log, together
from relens.monitoring.span import cover
from relens.monitoring.window import Window, whole_hours
from relens.predictions import browse
from relens.review.unseen_rows import unseen

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimated:
    """One metric of all traffic. `more`: reviews until it is ± 3 points."""

    metric: str
    estimate: Estimate
    more: int


@dataclass(frozen=True, slots=True)
class Estimates:
    """`reviews` random checks were judged and speak for `images`; `skipped`: the weighted share of them that nobody judged (None: none
    was looked at).

    `unseen` images of the window had no chance of being kept, so nothing here speaks for them. `guess`: what calibrated confidences alone
    say while there are too few checks; it may be wrong by any amount, and neither a gate nor an alert may use it. `needs` says what is missing.
    """

    items: tuple[Estimated, ...]
    reviews: int
    images: int
    skipped: float | None
    unseen: int
    guess: Mapping[str, float]
    needs: str | None
    as_of: Micros = 0


class _Counted(NamedTuple):
    """What was counted of a window: images and answers of each label; None where that is not known for the images that were kept."""

    images: float
    answers: Mapping[str, Floats] | None


def estimates(connection: Connection, deployment: Deployment, window: Window, checked: Checked) -> Estimates:
    """Precision, recall and F1 at the threshold, and mAP; of a classifier accuracy and averages over labels. Of one label, its own.

    A shadow is judged on the images that its champion's random checks drew.
    """
    whole = deployment.task == "classification"
    weighed = _within(connection, deployment, window, checked)
    counted = _counted(connection, deployment, window)
    hidden = _unseen(connection, deployment, window)
    images = max(counted.images - hidden, 0.0)
    reviews = sum(one.row.known for one in weighed)
    seen = _checks(weighed, [window.label] if window.label else None)
    if hidden or counted.answers is None:
        counted = _Counted(images, None)
    traffic = None if counted.answers is None else _traffic(counted, window.label)
    about = Estimates(
        (),
        reviews,
        round(images),
        seen.skipped if weighed else None,
        hidden,
        _guess(seen, traffic, whole, window),
        _needs(reviews, hidden, images),
    )
    if reviews < 2 or (images <= 0 and counted.answers is not None):
        return about
    if hidden and images <= 0:
        return about
    names = ("precision", "recall", "f1") if window.label or not whole else ("accuracy",)
    found = ratios(seen, traffic, names)
    if whole and window.label is None:
        found |= _averages(weighed, counted, deployment.labels)
    if not whole:
        found |= _average_precision(deployment, weighed, checked, window.label, seen.skipped)
    population = images if traffic is not None else float((1 / seen.probability).sum())
    items = tuple(Estimated(name, one, more_reviews(one)) for name, one in found.items())
    return replace(about, items=items, images=round(images if images > 0 else population))


def _needs(reviews: int, hidden: int, images: float) -> str | None:
    if hidden and images <= 0:
        return "no image of this traffic is kept, so nobody can look at any: let the deployment keep at least a share of its images"
    if not reviews:
        said = f"it takes about {LEAST_REVIEWS} random checks; the queue marks which images are"
    else:
        missing = max(LEAST_REVIEWS - reviews, 0)
        said = f"it takes about {missing} more random checks for an interval" if missing else ""
    if hidden:
        said = "; ".join([*([said] if said else []), f"{hidden:,} images were not kept: nothing here speaks for them"])
    return said or None


def _within(connection: Connection, deployment: Deployment, window: Window, checked: Checked) -> list[Weighed]:
    """The window's checks; sums are kept by whole hours, so without a question to the log the window is made of those."""
    since, until = (window.since, window.until) if window.of_the_log else whole_hours(window)
    wide = replace(window, since=since, until=until)
    found = [one for one in checked.rows(connection, deployment) if one.row.facts.within(wide)]
    if window.query is None:
        return found
    fitting = browse.among(connection, deployment.id, of_log(window), [one.row.facts.log_seq for one in found])
    return [one for one in found if one.row.facts.log_seq in fitting]


def _counted(connection: Connection, deployment: Deployment, window: Window) -> _Counted:
    if window.of_the_log:
        return _Counted(0.0, None)
    since, until = whole_hours(window)
    stretches = cover(since, until, "day")
    whole = window.source is None
    which = sums.Which(stretches, window.source, window.model_version, window.role, None, whole, window.imported)
    found = list(sums.cells(connection, deployment.id, ["volume", "confidence"], which))
    images = sum(float(state[0]) for cell, state in found if cell.metric == "volume")
    by_label = together(one for one in found if one[0].metric == "confidence")
    return _Counted(images, {label: state[:-1].astype(np.float64) for label, state in by_label.items()})


def _unseen(connection: Connection, deployment: Deployment, window: Window) -> int:
    since, until = whole_hours(window)
    # A shadow sees what its champion sees.
    role = None if window.role == "shadow" else window.role
    version = None if window.role == "shadow" else window.model_version
    return unseen(connection, deployment.id, since, until, window.source, version, role)


def _traffic(counted: _Counted, label: str | None) -> Traffic:
    answers = counted.answers or {}
    wanted = answers.values() if label is None else [answers[label]] if label in answers else []
    return Traffic(counted.images, sum(wanted, start=np.zeros(BINS)))


def _checks(weighed: Sequence[Weighed], labels: Sequence[str] | None) -> Checks:
    """The checks' answers to some labels, or to all together."""
    rows = [one.row for one in weighed]

    def summed(by_label: Mapping[str, Floats]) -> Floats:
        some = [by_label[label] for label in (by_label if labels is None else labels) if label in by_label]
        return sum(some, start=np.zeros(BINS))

    def number(by_label: Mapping[str, float]) -> float:
        return float(sum(by_label.get(label, 0.0) for label in (by_label if labels is None else labels)))

    return Checks(
        np.array([summed(row.answers) for row in rows]).reshape(-1, BINS),
        np.array([summed(row.right) for row in rows]).reshape(-1, BINS),
        np.array([number(row.counted) for row in rows]),
        np.array([number(row.objects) for row in rows]),
        np.array([one.probability for one in weighed]),
        np.array([int(share_of(row.asset, "calibration") * FOLDS) for row in rows], dtype=np.int64),
        np.array([row.usable for row in rows], dtype=bool),
        np.array([row.known for row in rows], dtype=bool),
    )


def _guess(seen: Checks, traffic: Traffic | None, whole: bool, window: Window) -> dict[str, float]:
    if traffic is None or int(seen.known.sum()) >= LEAST_REVIEWS:
        return {}
    wanted = "accuracy" if whole and window.label is None else "precision"
    found = guess(seen, traffic)
    return {wanted: found[wanted]} if wanted in found else {}


def _averages(weighed: Sequence[Weighed], counted: _Counted, known: Sequence[str]) -> dict[str, Estimate]:
    true = {label for one in weighed for label in one.row.objects}
    labels = [*known, *sorted(true - set(known))]
    checks = {label: _checks(weighed, [label]) for label in labels}
    traffic = None if counted.answers is None else {label: _traffic(counted, label) for label in labels}
    images = counted.images if traffic is not None else float(sum(1 / one.probability for one in weighed))
    return averages(checks, traffic, images)


def _average_precision(
    deployment: Deployment, weighed: Sequence[Weighed], checked: Checked, label: str | None, skipped: float
) -> dict[str, Estimate]:
    weight = {one.row.key: 1 / one.probability for one in weighed}
    store = checked.ranked(deployment, [one.row.key for one in weighed if one.row.known and one.row.usable])
    found = mean_precisions(store, weight, label)
    if skipped <= TOLERATED_SKIPS:
        return found
    ends: list[dict[str, Estimate]] = []
    for good in (False, True):
        whole = store.part(store.image_keys)
        for one in weighed:
            if not one.row.known:
                whole.insert(one.row.key, _supposed(one.row, good, set(store.labels)))
        ends.append(mean_precisions(whole, weight, label))
    return {
        name: spanning(one, ends[0][name], ends[1][name]) for name, one in found.items() if all(name in e for e in ends)
    }


def mean_precisions(
    store: ApStore, weight: Mapping[str, float], label: str | None, names: Sequence[str] = ("map50", "map50_95")
) -> dict[str, Estimate]:
    """The mean average precisions of all traffic, from matches whose images weigh 1 / probability; of all labels or of one."""
    in_order = np.array([weight[str(key)] for key in store.image_keys])
    labels = None if label is None else [label]
    found: dict[str, Estimate] = {}
    for name in names:
        moved = store.influence(in_order, name, labels)
        value = float(store.replicates(in_order, name, labels)[0])
        smooth = partial(store.replicates, statistic=name, labels=labels, smooth=True)
        mean = half_sampled(value, smooth, 1 / in_order, moved)
        if mean is not None:
            found[name] = mean
    return found


def _supposed(row: Row, good: bool, labels: set[object]) -> dict[str, LabelMatch]:
    """The matches of an image nobody judged, if every answer were right, or each stood beside an object that it missed."""
    every, width = np.uint16((1 << len(IOU_THRESHOLDS)) - 1), len(AREAS)
    found: dict[str, LabelMatch] = {}
    for label, scores in row.unjudged.items():
        if label not in labels:
            continue
        answered = (scores >= row.threshold)[:, None] & np.ones(width, dtype=bool)
        hits = np.where(answered & good, every, 0).astype(np.uint16)
        ignored = np.where(~answered & good, every, 0).astype(np.uint16)
        positives = np.full(width, int(answered[:, 0].sum()), dtype=np.int64)
        found[label] = LabelMatch(scores, hits, ignored, positives)
    return found
