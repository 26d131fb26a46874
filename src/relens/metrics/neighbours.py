"""How far an image's numbers are from their k-th nearest neighbour in a bank, in blocks that suit BLAS."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]

_BLOCK_CELLS = 4_000_000
NOT_IN_BANK = -1


class Neighbours:
    """`bank` (n, d), finite, float32 or float64; `k` at least 1 and below n."""

    def __init__(self, bank: Rows, k: int) -> None:
        self.bank = bank
        self.k = k
        self._squares = np.einsum("ij,ij->i", bank, bank)

    def distances(self, rows: Rows, own: NDArray[np.int64] | None = None) -> Floats:
        """Euclidean distance of each row to its k-th neighbour, float64[m]; infinite for a row that is not finite.

        `own[i]` is the place of row i itself in the bank, which is then left out, or NOT_IN_BANK.
        """
        own = np.full(len(rows), NOT_IN_BANK, dtype=np.int64) if own is None else own
        result = np.full(len(rows), np.inf)
        usable = np.flatnonzero(np.isfinite(rows).all(axis=1))
        size = max(1, _BLOCK_CELLS // len(self.bank))
        for start in range(0, len(usable), size):
            block = usable[start : start + size]
            result[block] = self._kth(rows[block].astype(self.bank.dtype), own[block])
        return result

    def _kth(self, rows: Rows, own: NDArray[np.int64]) -> Floats:
        both = np.einsum("ij,ij->i", rows, rows)[:, None] + self._squares
        squared = both - 2 * (rows @ self.bank.T)
        # What cancellation leaves of the distance between equal rows would otherwise decide about ties.
        squared[squared < both * (16 * np.finfo(squared.dtype).eps)] = 0
        inside = np.flatnonzero(own != NOT_IN_BANK)
        squared[inside, own[inside]] = np.inf
        nearest = np.partition(squared, self.k - 1, axis=1)[:, self.k - 1]
        return np.sqrt(nearest.astype(np.float64))


def normalised(features: Rows) -> NDArray[np.float32]:
    """Rows of length 1, float32: half the memory, and a feature has no more digits. Zeros stay; NaN or infinity is all NaN."""
    usable = np.isfinite(features).all(axis=1, keepdims=True)
    finite = np.where(usable, features, 0.0)
    length = np.linalg.norm(finite, axis=1, keepdims=True)
    return np.where(usable, finite / np.where(length > 0, length, 1), np.nan).astype(np.float32)


def standardisation(rows: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each column over its finite values.

    A column that does not vary keeps its own unit: an image that differs in it is then unusual, not infinitely so.
    """
    finite = np.isfinite(rows)
    n = np.maximum(finite.sum(axis=0), 1)
    centre = np.where(finite, rows, 0.0).sum(axis=0) / n
    spread = np.sqrt((np.where(finite, rows - centre, 0.0) ** 2).sum(axis=0) / n)
    return centre, np.where(spread > 1e-6 * np.maximum(np.abs(centre), 1.0), spread, 1.0)
