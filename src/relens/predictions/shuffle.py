"""A random order that can be walked: for every seed another permutation of the places 0 to n - 1, without making a list of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
_ROUNDS = 4


class Shuffle:
    """A Feistel network over the next even power of two; what falls outside of n walks on until it falls inside."""

    def __init__(self, n: int, seed: int) -> None:
        self.n = n
        self._half = max(1, (max(n - 1, 1).bit_length() + 1) // 2)
        self._mask = np.uint64((1 << self._half) - 1)
        self._keys = np.random.default_rng([seed & 0xFFFFFFFF, n]).integers(0, 2**63, _ROUNDS, dtype=np.uint64)

    def at(self, ranks: Places) -> Places:
        """What stands at these places of the order; `ranks` int64 in 0 .. n - 1."""
        return self._inside(ranks, tuple(range(_ROUNDS)))

    def rank(self, places: Places) -> Places:
        """Where these stand in the order: the inverse of `at`."""
        return self._inside(places, tuple(reversed(range(_ROUNDS))))

    def _inside(self, values: Places, rounds: tuple[int, ...]) -> Places:
        found = self._once(values.astype(np.uint64), rounds)
        while (outside := found >= self.n).any():
            found[outside] = self._once(found[outside], rounds)
        return found.astype(np.int64)

    def _once(self, values: NDArray[np.uint64], rounds: tuple[int, ...]) -> NDArray[np.uint64]:
        left, right = values >> np.uint64(self._half), values & self._mask
        forward = rounds[0] == 0
        for i in rounds:
            if forward:
                left, right = right, left ^ (self._mixed(right, i))
            else:
                left, right = right ^ (self._mixed(left, i)), left
        return (left << np.uint64(self._half)) | right

    def _mixed(self, half: NDArray[np.uint64], i: int) -> NDArray[np.uint64]:
        # The finishing steps of SplitMix64; 64-bit products wrap around as they should.
        mixed = half + self._keys[i]
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        spread: NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(31))) & self._mask
        return spread
