"""Histograms on a reference's quantiles: small integer states that add.

Bin 0 holds x <= edges[0], bin b holds edges[b-1] < x <= edges[b], the last bin holds x > edges[-1].
An atom of the reference gets an edge of its own, so counts of whole numbers lose nothing.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 64


def edges(reference: ArrayLike, bins: int = BINS) -> NDArray[np.float64]:
    """The distinct values among the reference's 0/bins .. bins/bins quantiles, ascending, at most bins + 1.

    Quantiles are observed values (inverted_cdf), never between two. NaN is left out; without a number left the
    result is empty, and everything falls into one bin.
    """
    values = _numbers(reference)
    if values.size == 0:
        return np.empty(0, dtype=np.float64)
    return np.unique(np.quantile(values, np.arange(bins + 1) / bins, method="inverted_cdf"))


def counts(edges: NDArray[np.float64], values: ArrayLike) -> NDArray[np.int64]:
    """How many values fall into each of the len(edges) + 1 bins; NaN is not counted."""
    bins = np.searchsorted(edges, _numbers(values), side="left")
    return np.bincount(bins, minlength=len(edges) + 1).astype(np.int64)


def quantile(edges: NDArray[np.float64], counts: ArrayLike, q: float) -> float | None:
    """The smallest edge that at least a share q of the counted values does not exceed; None when nothing was counted.

    Values beyond the last edge answer with that edge: the histogram does not know how far they went.
    """
    cumulative = np.cumsum(np.asarray(counts))
    if len(edges) == 0 or cumulative[-1] == 0:
        return None
    bin_ = int(np.searchsorted(cumulative, max(q * cumulative[-1], 1e-12), side="left"))
    return float(edges[min(bin_, len(edges) - 1)])


def totals(edges: NDArray[np.float64], values: ArrayLike, scale: float = 1.0) -> NDArray[np.int64]:
    """The sum of the values in each bin, int64 in units of 1/scale (each value is rounded by itself, so that totals add exactly).

    Beside the counts it tells what the values of a bin are, not only between which edges they lie. NaN is not counted.
    """
    numbers = _numbers(values)
    bins = np.searchsorted(edges, numbers, side="left")
    found = np.zeros(len(edges) + 1, dtype=np.int64)
    np.add.at(found, bins, np.rint(numbers * scale).astype(np.int64))
    return found


def typical(counts: ArrayLike, totals: ArrayLike, q: float, scale: float = 1.0) -> float | None:
    """The mean of the bin in which the q-quantile lies: exact where its values are equal. None when nothing was counted."""
    n = np.asarray(counts)
    cumulative = np.cumsum(n)
    if len(n) == 0 or cumulative[-1] == 0:
        return None
    bin_ = int(np.searchsorted(cumulative, max(q * cumulative[-1], 1e-12), side="left"))
    return float(np.asarray(totals)[bin_]) / float(n[bin_]) / scale


def _numbers(values: ArrayLike) -> NDArray[np.float64]:
    flat = np.asarray(values, dtype=np.float64).ravel()
    return flat[~np.isnan(flat)]
