"""The Kolmogorov-Smirnov distance, from histograms (with a bound) and from raw samples (with a p-value).

Drift is judged by the distance, not by the p-value: with many images every difference is significant.
"""

from collections.abc import Sequence
from math import gcd, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import kolmogorov

EXACT_UP_TO = 10_000
"""Largest sample for which the p-value is counted exactly; beyond it the asymptotic law is used."""


class KsDistance(NamedTuple):
    """The distance seen on the bins; the true distance lies in [d, d + bound]."""

    d: float
    bound: float


class KsTest(NamedTuple):
    """The two-sample statistic and its two-sided p-value."""

    statistic: float
    p_value: float


def ks_from_counts(p: ArrayLike, q: ArrayLike) -> KsDistance | None:
    """Distance between two samples counted on the same bins; None when one of them is empty.

    Inside a bin both distribution functions only rise, which limits how far they can part there.
    """
    share_p, share_q = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    total_p, total_q = share_p.sum(), share_q.sum()
    if total_p <= 0 or total_q <= 0:
        return None
    d = float(np.abs(share_p.cumsum() / total_p - share_q.cumsum() / total_q).max())
    return KsDistance(d, float(np.minimum(share_p / total_p, share_q / total_q).max()))


def ks_of_each(
    p: Sequence[NDArray[np.int64]], q: Sequence[NDArray[np.int64]]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """(`d` of each pair p[i], q[i], how many values p[i] holds, how many q[i]); d is NaN where one is empty.

    What ks_from_counts says of them one after the other, in a tenth of the calls. Each piece has at least one bin.
    """
    lengths = [len(one) for one in p]
    begins = np.concatenate([[0], np.cumsum(lengths[:-1])]).astype(np.intp)
    (n, share_p), (m, share_q) = (_running_shares(pieces, begins, lengths) for pieces in (p, q))
    return np.maximum.reduceat(np.abs(share_p - share_q), begins), n, m


def _running_shares(
    pieces: Sequence[NDArray[np.int64]], begins: NDArray[np.intp], lengths: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    every = np.concatenate(pieces)
    totals = np.add.reduceat(every, begins)
    running = every.cumsum() - np.repeat(totals.cumsum() - totals, lengths)
    with np.errstate(invalid="ignore"):
        return totals, running / np.repeat(totals, lengths)


def ks_two_sample(x: ArrayLike, y: ArrayLike) -> KsTest | None:
    """Two-sided test that x and y come from one distribution; None when one of them is empty. NaN is left out."""
    a, b = _sorted_numbers(x), _sorted_numbers(y)
    if a.size == 0 or b.size == 0:
        return None
    n, m = a.size, b.size
    both = np.concatenate([a, b])
    steps = np.searchsorted(a, both, side="right") * m - np.searchsorted(b, both, side="right") * n
    h = int(np.abs(steps).max()) // gcd(n, m)
    d = h / (n // gcd(n, m) * m)
    if max(n, m) <= EXACT_UP_TO:
        return KsTest(d, _share_of_paths_reaching(n, m, h))
    return KsTest(d, float(kolmogorov(sqrt(n * m / (n + m)) * d)))


def false_shares(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's adjusted p-values, in the order given: flagging those of at most q keeps the share of false ones below q."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return [float(one) for one in adjusted]


def noise_adjusted(d: float, n: float, m: float) -> float:
    """The distance without what n and m values of one distribution would show by chance, for display.

    The squared Kolmogorov statistic has mean pi^2/12.
    """
    if n <= 0 or m <= 0:
        return d
    return sqrt(max(d * d - pi * pi / 12 * (1 / n + 1 / m), 0.0))


def _share_of_paths_reaching(n: int, m: int, h: int) -> float:
    """P(D >= h / lcm(n, m)) when both samples come from one continuous distribution.

    Every order of the pooled sample is a lattice path from (0, 0) to (n, m), all equally likely. `share[i]` is the
    share of paths to (i, k - i) that were at least h away from the diagonal once; it is carried from one
    anti-diagonal k to the next. All terms are positive, so small p-values keep their digits.
    """
    if h == 0:
        return 1.0
    a, b = m // gcd(n, m), n // gcd(n, m)
    share = np.ones(n + 2)  # share[i + 1] belongs to i: the padding spares a case at i = 0
    share[1] = 0.0
    outside_below = 0
    for k in range(1, n + m + 1):
        low = max(0, k - m, (k * b - h) // (a + b) + 1)
        high = min(n, k, -((-k * b - h) // (a + b)) - 1)
        i = np.arange(low, high + 1)
        share[low + 1 : high + 2] = (share[low : high + 1] * i + share[low + 1 : high + 2] * (k - i)) / k
        share[outside_below + 1 : low + 1] = 1.0
        outside_below = low
    return float(min(share[n + 1], 1.0))


def _sorted_numbers(values: ArrayLike) -> NDArray[np.float64]:
    flat = np.asarray(values, dtype=np.float64).ravel()
    return np.sort(flat[~np.isnan(flat)])
