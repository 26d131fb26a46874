"""What random checks say of all traffic: precision, recall, F1, accuracy and their averages over labels, each with its interval.

Pure arithmetic on rows of checks; what was checked is collected elsewhere. Images nobody could judge (skipped) are taken at their worst and at
their best, weighted like the others; unusable ones are no part of what the numbers speak of.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relens.metrics.calibrator import Reviewed, cross_fitted, staircase
from relens.metrics.estimate import Estimate, Sample, ratio, smooth

Floats = NDArray[np.float64]

FOLDS = 5
TOLERATED_SKIPS = 0.02
"""Of the weighted random checks; with more left unjudged, the interval reaches from the worst they could be to the best."""
_FULL = 0.95
"""An image nobody judged holds as many objects, at worst, as all but one in twenty of those that were."""


LEAST_OF_A_LABEL = 30
"""Checks; an average over labels hangs on its rarest one, and with fewer its interval misses more often than it says."""
_UNSEEN_OF_EACH = 0.5
"""Of an average over labels: how much of the variance of one mistake that nobody saw each label adds. Not all of them hide one at once."""


class Checks(NamedTuple):
    """k random checks, row by row. `answers`, `right` (k, BINS): what was answered, and what of it is right, by confidence.

    `counted` (k,): answers that count either way (not those on a crowd); `objects` (k,): what there was to be found; `fold` (k,): one of
    FOLDS. `usable` (k,) False: the image shows nothing that could be judged, and nothing of it counts. `known` (k,) False: nobody judged it.
    """

    answers: Floats
    right: Floats
    counted: Floats
    objects: Floats
    probability: Floats
    fold: NDArray[np.int64]
    usable: NDArray[np.bool_]
    known: NDArray[np.bool_]

    def of(self, rows: NDArray[np.bool_]) -> "Checks":
        return self._replace(**{name: column[rows] for name, column in self._asdict().items()})

    @property
    def skipped(self) -> float:
        """The weighted share nobody judged."""
        weights = 1 / self.probability
        return float(weights[~self.known].sum() / weights.sum()) if len(weights) else 0.0


class Traffic(NamedTuple):
    """All images the checks were drawn from, and their answers by confidence (BINS,)."""

    images: float
    answers: Floats


def ratios(checks: Checks, traffic: Traffic | None, names: Iterable[str]) -> dict[str, Estimate]:
    """ "accuracy", "precision", "recall", "f1" of all traffic, as far as they can be known.

    `traffic` None: it was not counted; then the checks alone speak, and intervals are wider.
    """
    return _with_skips(checks, lambda judged: _ratios(judged, traffic, names))


def _with_skips(checks: Checks, estimate: Callable[[Checks], dict[str, Estimate]]) -> dict[str, Estimate]:
    """The estimates of what was judged; where too much was not, with intervals that hold whatever that was."""
    found = estimate(checks.of(checks.known))
    if checks.skipped <= TOLERATED_SKIPS:
        return found
    worst, best = (estimate(extreme(checks, good)) for good in (False, True))
    return {
        name: spanning(one, worst[name], best[name]) for name, one in found.items() if name in worst and name in best
    }


def extreme(checks: Checks, good: bool) -> Checks:
    """As if all that nobody judged had been right, or wrong beside a full image of missed objects."""
    unknown = ~checks.known
    said = checks.answers.sum(axis=1)
    judged = checks.objects[checks.known & checks.usable]
    full = float(np.quantile(judged, _FULL)) if len(judged) else 0.0
    right = np.where(unknown[:, None], checks.answers if good else 0.0, checks.right)
    objects = np.where(unknown, said if good else np.maximum(said, full), checks.objects)
    return checks._replace(right=right, counted=np.where(unknown, said, checks.counted), objects=objects)


def spanning(value: Estimate, worst: Estimate, best: Estimate) -> Estimate:
    """`value` with the lower ends of `worst` and the upper ends of `best`."""
    return value._replace(
        lower=worst.lower,
        upper=best.upper,
        always_lower=worst.always_lower,
        always_upper=best.always_upper,
    )


class _Fitted(NamedTuple):
    """Per check: answers counted, right and expected right, and the prediction for all traffic."""

    said: Floats
    right: Floats
    expected: Floats
    stairs: Floats


def _fit(checks: Checks) -> _Fitted:
    weights = 1 / checks.probability
    teaching = checks.usable & checks.known
    fitted = cross_fitted(Reviewed(checks.answers, checks.right, weights), checks.fold, teaching)
    return _Fitted(checks.answers.sum(axis=1), checks.right.sum(axis=1), fitted.own, fitted.stairs)


def _ratios(checks: Checks, traffic: Traffic | None, names: Iterable[str]) -> dict[str, Estimate]:
    if not len(checks.probability):
        return {}
    weights, usable = 1 / checks.probability, checks.usable.astype(np.float64)
    fit = _fit(checks)
    # What is missed leaves no box: it is the same for every image as far as the confidences know.
    missed = float((weights * (checks.objects - fit.right)).sum() / weights.sum())
    ones = np.ones(len(weights))
    objects = fit.expected + missed
    images, all_said, all_right = _all(fit, weights, traffic)
    all_objects = all_right + missed * images
    tables = {
        "accuracy": (fit.right, usable, fit.expected, ones, all_right, images),
        "precision": (fit.right, checks.counted, fit.expected, fit.said, all_right, all_said),
        "recall": (fit.right, checks.objects, fit.expected, objects, all_right, all_objects),
        "f1": (
            2 * fit.right,
            checks.counted + checks.objects,
            2 * fit.expected,
            fit.said + objects,
            2 * all_right,
            all_said + all_objects,
        ),
    }
    found: dict[str, Estimate] = {}
    for name in names:
        a, b, f, g, top, bottom = tables[name]
        if traffic is None:
            f, g, top, bottom = 0 * ones, 0 * ones, 0.0, 0.0
        estimate = ratio(Sample(a, b, f, g, checks.probability), images, top, bottom, 2.0 if name == "f1" else 1.0)
        if estimate is not None:
            found[name] = estimate
    return found


def _all(fit: _Fitted, weights: Floats, traffic: Traffic | None) -> tuple[float, float, float]:
    """Of all traffic: images, answers, and answers expected to be right."""
    if traffic is None:
        return float(weights.sum()), 0.0, 0.0
    return traffic.images, float(traffic.answers.sum()), float(traffic.answers @ fit.stairs)


def averages(checks: Mapping[str, Checks], traffic: Mapping[str, Traffic] | None, images: float) -> dict[str, Estimate]:
    """A classifier's precision, recall and F1 over labels: each label counting once ("macro_...") or by its support ("weighted_...").

    `checks`: by label, the same images in the same order; `traffic`: by label (missing: never answered) or None. "balanced_accuracy" is
    the mean recall. Labels that no check was truly of are left out; where one has fewer than LEAST_OF_A_LABEL there is no interval.
    """
    if not checks:
        return {}
    some = next(iter(checks.values()))
    if some.skipped > TOLERATED_SKIPS or not some.known.any():
        return {}  # what a skipped image truly is bounds no label by itself
    judged = {label: one.of(one.known) for label, one in checks.items()}
    labels = [label for label, one in judged.items() if one.objects.any()]
    if not labels:
        return {}
    fits = [_fit(judged[label]) for label in labels]
    columns = [
        (fit.right, judged[label].counted, judged[label].objects) for label, fit in zip(labels, fits, strict=True)
    ]
    predicted = [(fit.expected, fit.said, fit.expected) for fit in fits]
    y, h = (np.stack([column for one in table for column in one], axis=1) for table in (columns, predicted))
    totals = np.zeros(y.shape[1])
    if traffic is None:
        h = np.zeros_like(h)
    else:
        for place, (label, fit) in enumerate(zip(labels, fits, strict=True)):
            answers = traffic[label].answers if label in traffic else np.zeros(len(fit.stairs))
            right = float(answers @ fit.stairs)
            totals[3 * place : 3 * place + 3] = right, float(answers.sum()), right
    probability = judged[labels[0]].probability
    enough = all(np.count_nonzero(judged[label].objects) >= LEAST_OF_A_LABEL for label in labels)
    units = np.tile([_UNSEEN_OF_EACH**0.5, 0.0, 0.0], len(labels))
    found: dict[str, Estimate] = {}
    for name, value_of in _AVERAGES.items():
        estimate = smooth(y, h, probability, images, totals, value_of, units)
        if estimate is not None:
            found[name] = estimate if enough else estimate.without_interval()
    return found


def _rates(totals: NDArray[np.complex128]) -> tuple[NDArray[np.complex128], ...]:
    """(precision, recall, f1, support, said at all) by label, from (..., 3 * labels) sums."""
    table = totals.reshape(*totals.shape[:-1], -1, 3)
    right, said, true = table[..., 0], table[..., 1], table[..., 2]
    ever = said.real > 1e-9
    precision = np.where(ever, right / np.where(ever, said, 1.0), 0.0)
    f1 = 2 * right / (said + true)
    return precision, right / true, f1, true, ever.astype(np.complex128)


def _mean(rate: int, by_support: bool) -> Callable[[NDArray[np.complex128]], NDArray[np.complex128]]:
    def value_of(totals: NDArray[np.complex128]) -> NDArray[np.complex128]:
        rates = _rates(totals)
        weights = rates[3] if by_support else np.ones_like(rates[3])
        # A label that was never said has no precision; F1 counts it as 0 already.
        weights = weights * rates[4] if rate == 0 else weights
        return np.asarray((rates[rate] * weights).sum(axis=-1) / weights.sum(axis=-1), np.complex128)

    return value_of


_AVERAGES = {
    "balanced_accuracy": _mean(1, False),
    "macro_precision": _mean(0, False),
    "macro_recall": _mean(1, False),
    "macro_f1": _mean(2, False),
    "weighted_precision": _mean(0, True),
    "weighted_recall": _mean(1, True),
    "weighted_f1": _mean(2, True),
}


def guess(checks: Checks | None, traffic: Traffic) -> dict[str, float]:
    """What calibrated confidences alone say: "precision" and "accuracy". Nothing bounds how wrong it is; no decision may rest on it.

    `checks`: what was judged so far teaches the calibration.
    """
    if not traffic.images or not traffic.answers.any():
        return {}
    bins = len(traffic.answers)
    teaching = None if checks is None else checks.of(checks.known & checks.usable)
    if teaching is None or not len(teaching.probability):
        stairs = staircase(Reviewed(np.zeros((0, bins)), np.zeros((0, bins)), np.zeros(0)))
    else:
        stairs = staircase(Reviewed(teaching.answers, teaching.right, 1 / teaching.probability))
    right = float(traffic.answers @ stairs)
    return {"precision": right / float(traffic.answers.sum()), "accuracy": right / traffic.images}
