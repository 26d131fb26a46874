"""Where in the image the boxes are: centres counted on a 32 x 32 grid; states that add."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

SIDE = 32


def cells(centres: ArrayLike) -> NDArray[np.int64]:
    """Counts per cell, int64[1024], row by row from the top left.

    `centres` is (n, 2): x and y divided by the image's width and height. A centre outside the image counts in the
    nearest cell (boxes may stick out); NaN is not counted.
    """
    points = np.asarray(centres, dtype=np.float64).reshape(-1, 2)
    points = np.clip(points[~np.isnan(points).any(axis=1)], 0.0, 1.0)
    columns, rows = np.minimum((points * SIDE).astype(np.int64), SIDE - 1).T
    return np.bincount(rows * SIDE + columns, minlength=SIDE * SIDE).astype(np.int64)


def chance_variation(counts: NDArray[np.int64], n: int) -> float:
    """The total variation distance that `n` more of the same distribution would show by chance, about (normal approximation)."""
    total = int(counts.sum())
    if total == 0 or n == 0:
        return 1.0
    p = counts / total
    return float(np.sqrt(p * (1 - p) * (1 / n + 1 / total) / (2 * np.pi)).sum())


def total_variation(p: ArrayLike, q: ArrayLike) -> float | None:
    """Half the summed difference of two distributions given as counts, 0 (same) to 1 (disjoint); None if one is empty.

    Serves class histograms as well.
    """
    counts_p, counts_q = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    total_p, total_q = counts_p.sum(), counts_q.sum()
    if total_p <= 0 or total_q <= 0:
        return None
    return float(np.abs(counts_p / total_p - counts_q / total_q).sum() / 2)
