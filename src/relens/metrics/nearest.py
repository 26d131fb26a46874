"""Which rows of a bank lie nearest to one row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relens.metrics.neighbours import Rows


def nearest(bank: Rows, row: Rows, k: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The places in `bank` (n, d) of the at most `k` rows nearest to `row` (d,), nearest first, with their Euclidean distances.

    Rows with a number that is not finite are near nothing; without any other there is no answer.
    """
    if not np.isfinite(row).all() or k < 1:
        return np.empty(0, np.intp), np.empty(0, np.float32)
    usable = np.flatnonzero(np.isfinite(bank).all(axis=1))
    apart = np.linalg.norm(bank[usable].astype(np.float32) - row.astype(np.float32), axis=1)
    some = np.argpartition(apart, k - 1)[:k] if len(apart) > k else np.arange(len(apart))
    order = some[np.lexsort((some, apart[some]))]
    return usable[order], apart[order]
