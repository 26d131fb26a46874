"""Are confidences what they say? Of answers given with 80 %, about 80 % should be right."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relens.metrics.intervals import Interval, jeffreys

BINS = 15
LEAST = 300
"""With fewer answers even a perfect model seems to be off by several points."""


class Bin(NamedTuple):
    """The answers with a confidence in [low, high): how many, how sure on average, and which share of them was right."""

    low: float
    high: float
    answers: int
    confidence: float
    right: float
    interval: Interval | None


class Calibration(NamedTuple):
    """`debiased`: root of the mean squared gap, less what chance alone makes of it. `furthest`: the largest gap of the running sums.

    `expected_error` (ECE) is the plain mean gap, which is biased upwards; None below LEAST answers.
    """

    answers: int
    debiased: float | None
    furthest: float | None
    expected_error: float | None
    lean: float | None
    """Mean confidence less the share that was right: above 0 too sure of itself."""
    bins: tuple[Bin, ...]


def calibration(confidence: ArrayLike, right: ArrayLike) -> Calibration:
    """Of answers with these confidences, right (1) or not (0)."""
    p = np.clip(np.asarray(confidence, dtype=np.float64).ravel(), 0.0, 1.0)
    y = np.asarray(right, dtype=np.float64).ravel()
    n = len(p)
    if n == 0:
        return Calibration(0, None, None, None, None, ())
    place = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    count, sure, hits = (np.bincount(place, weights=w, minlength=BINS).astype(np.float64) for w in (np.ones(n), p, y))
    filled = np.flatnonzero(count)
    bins = tuple(_bin(int(b), count, sure, hits) for b in filled)
    order = np.argsort(p, kind="stable")
    furthest = float(np.abs(np.cumsum((p - y)[order])).max() / n)
    gaps = np.abs(sure - hits)[filled].sum() / n
    return Calibration(
        n,
        _debiased(count[filled], sure[filled], hits[filled]),
        furthest,
        float(gaps) if n >= LEAST else None,
        float((p - y).mean()),
        bins,
    )


def _debiased(count: NDArray[np.float64], sure: NDArray[np.float64], hits: NDArray[np.float64]) -> float | None:
    """The squared gap of each bin less the variance of its share of right answers (Kumar, Liang, Ma 2019)."""
    many = count > 1
    if not many.any():
        return None
    k = count[many]
    share = hits[many] / k
    gap = (sure[many] / k - share) ** 2 - share * (1 - share) / (k - 1)
    return float(np.sqrt(max(float((k * gap).sum() / k.sum()), 0.0)))


def _bin(b: int, count: NDArray[np.float64], sure: NDArray[np.float64], hits: NDArray[np.float64]) -> Bin:
    n = float(count[b])
    low, high = b / BINS, (b + 1) / BINS
    return Bin(low, high, int(n), float(sure[b]) / n, float(hits[b]) / n, jeffreys(float(hits[b]), n))
