"""Durations counted in log-spaced buckets: any quantile within 1 %, and states that add.

Like DDSketch, but with a fixed range (0.01 ms to 1000 s) and therefore a fixed length, which a database row likes.
"""

from math import ceil, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

RATIO = 1.02
SHORTEST_MS, LONGEST_MS = 0.01, 1_000_000.0
LENGTH = ceil(log(LONGEST_MS / SHORTEST_MS) / log(RATIO)) + 1


def empty() -> NDArray[np.int64]:
    """The state before the first duration: int64[LENGTH] of zeros."""
    return np.zeros(LENGTH, dtype=np.int64)


def counts(ms: ArrayLike) -> NDArray[np.int64]:
    """The state of these durations alone. Durations out of range go to the outermost bucket; NaN is not counted."""
    flat = np.asarray(ms, dtype=np.float64).ravel()
    inside = np.clip(flat[~np.isnan(flat)], SHORTEST_MS, LONGEST_MS)
    buckets = np.ceil(np.log(inside / SHORTEST_MS) / log(RATIO)).astype(np.int64)
    return np.bincount(np.clip(buckets, 0, LENGTH - 1), minlength=LENGTH).astype(np.int64)


def add(state: NDArray[np.int64], ms: ArrayLike) -> NDArray[np.int64]:
    """A new state that also holds one duration or many, in milliseconds."""
    return state + counts(ms)


def quantile(state: NDArray[np.int64], q: float) -> float | None:
    """The duration in ms that a share q of the counted ones does not exceed, within 1 %; None when nothing was counted."""
    cumulative = np.cumsum(state)
    if cumulative[-1] == 0:
        return None
    bucket = int(np.searchsorted(cumulative, max(ceil(q * cumulative[-1]), 1), side="left"))
    return SHORTEST_MS if bucket == 0 else SHORTEST_MS * RATIO**bucket * 2 / (1 + RATIO)
