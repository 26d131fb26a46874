"""Everything a confusion matrix says about a classifier; None where it says nothing.

The matrix may be weighted (1 / probability of being reviewed): then the numbers estimate all traffic.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relens.metrics.intervals import Interval, jeffreys


@dataclass(frozen=True)
class LabelRates:
    """One label: of those said, the share that was right (precision); of those true, the share found (recall)."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: float
    """Images whose true label this is."""
    predicted: float
    precision_interval: Interval | None
    recall_interval: Interval | None


@dataclass(frozen=True)
class Averages:
    """Over labels: precision over those said at least once, recall and F1 over those with support."""

    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class ClassificationReport:
    """`macro` counts each label once, `weighted` by its support."""

    accuracy: float | None
    accuracy_interval: Interval | None
    balanced_accuracy: float | None
    macro: Averages
    weighted: Averages
    labels: dict[Hashable, LabelRates]
    images: float


def confusion(
    truth: ArrayLike, predicted: ArrayLike, labels: int, weights: ArrayLike | None = None
) -> NDArray[np.float64] | NDArray[np.int64]:
    """(labels, labels): rows true, columns predicted, of indices below `labels`. Sums of matrices are matrices of sums.

    int64 without weights, float64 with.
    """
    cells = np.asarray(truth, dtype=np.int64).ravel() * labels + np.asarray(predicted, dtype=np.int64).ravel()
    if weights is None:
        return np.bincount(cells, minlength=labels * labels).astype(np.int64).reshape(labels, labels)
    of_images = np.asarray(weights, dtype=np.float64).ravel()
    return np.bincount(cells, of_images, minlength=labels * labels).astype(np.float64).reshape(labels, labels)


def report(matrix: ArrayLike, labels: Sequence[Hashable], level: float = 0.95) -> ClassificationReport:
    """All numbers of a (labels, labels) confusion matrix; `level` of the Jeffreys intervals, which hold for raw counts."""
    counts = np.asarray(matrix, dtype=np.float64)
    right, total = float(np.trace(counts)), float(counts.sum())
    rates = {label: _rates(counts, index, level) for index, label in enumerate(labels)}
    macro, weighted = (_averages(list(rates.values()), by_support) for by_support in (False, True))
    return ClassificationReport(
        accuracy=right / total if total > 0 else None,
        accuracy_interval=jeffreys(right, total, level),
        balanced_accuracy=macro.recall,
        macro=macro,
        weighted=weighted,
        labels=rates,
        images=total,
    )


def _rates(counts: NDArray[np.float64], index: int, level: float) -> LabelRates:
    right, predicted, support = (
        float(counts[index, index]),
        float(counts[:, index].sum()),
        float(counts[index].sum()),
    )
    return LabelRates(
        precision=right / predicted if predicted > 0 else None,
        recall=right / support if support > 0 else None,
        f1=2 * right / (predicted + support) if predicted + support > 0 else None,
        support=support,
        predicted=predicted,
        precision_interval=jeffreys(right, predicted, level),
        recall_interval=jeffreys(right, support, level),
    )


def _averages(rates: list[LabelRates], by_support: bool) -> Averages:
    supported = [rate for rate in rates if rate.support > 0]
    weights = [rate.support if by_support else 1.0 for rate in supported]
    # A label that exists but was never said has no precision; leaving it out is honest, F1 already counts it as 0.
    said = [(rate.precision, weight) for rate, weight in zip(supported, weights, strict=True)]
    return Averages(
        precision=_mean(said),
        recall=_mean([(rate.recall, weight) for rate, weight in zip(supported, weights, strict=True)]),
        f1=_mean([(rate.f1, weight) for rate, weight in zip(supported, weights, strict=True)]),
    )


def _mean(values: list[tuple[float | None, float]]) -> float | None:
    known = [(value, weight) for value, weight in values if value is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total > 0 else None
