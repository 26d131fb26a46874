"""What a model's pooled features say in a few numbers: scores along the directions they vary most in, what lies off those, and their energy.

A change in what is seen (a label that no longer comes, a new kind of object) moves these where the image itself looks as always.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relens.metrics.reference import Feature

Floats = NDArray[np.float64]

MOST = 16
LEARNED_FROM = 2_000
"""More vectors than this say nothing new about sixteen directions, and cost the square of their number."""
VECTORS_EACH = 4
"""With fewer vectors than this for each, a direction is noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """`centre` (d,) and orthonormal `directions` (c, d), the one with the largest variance first."""

    centre: NDArray[np.float32]
    directions: NDArray[np.float32]

    @property
    def numbers(self) -> int:
        """How many numbers each vector becomes."""
        return len(self.directions) + 2

    def of(self, vectors: NDArray[np.floating[Any]]) -> Floats:
        """(n, d) -> (n, c + 2): scores, the length of what is off the directions, and -log of the sum of exp; NaN for a row that is not finite."""
        rows = vectors.astype(np.float64)
        found = np.full((len(rows), self.numbers), np.nan)
        usable = np.isfinite(rows).all(axis=1)
        centred = rows[usable] - self.centre
        scores = centred @ self.directions.T
        most = rows[usable].max(axis=1, initial=-np.inf, keepdims=True)
        energy = -(most[:, 0] + np.log(np.exp(rows[usable] - most).sum(axis=1)))
        # What is off is worked out by itself: the difference of two lengths would lose its digits.
        off = np.linalg.norm(centred - scores @ self.directions, axis=1)
        found[usable] = np.column_stack([scores, off, energy])
        return found

    def features(self) -> tuple[Feature, ...]:
        """The numbers with their words, in the order of `of`."""
        directions = (
            Feature(
                f"component_{i}",
                f"direction {i} of its features",
                "model",
                "the model sees something else in the images",
                "the model sees something else in the images",
            )
            for i in range(1, len(self.directions) + 1)
        )
        return (*directions, _OFF, _ENERGY)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        return {"centre": self.centre, "directions": self.directions}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Components":
        return cls(arrays["centre"], arrays["directions"])


_OFF = Feature(
    "feature_residual",
    "distance from what it knows",
    "model",
    "more like the training images to the model",
    "less like the training images to the model",
)
_ENERGY = Feature(
    "feature_energy",
    "energy of its features",
    "model",
    "the model recognises more",
    "the model recognises less",
)


def learn(vectors: NDArray[np.floating[Any]]) -> Components | None:
    """The directions these vectors (n, d) vary most in; None where there are too few, or they do not vary."""
    rows = vectors[np.isfinite(vectors).all(axis=1)].astype(np.float64)
    if len(rows) > LEARNED_FROM:
        rows = rows[np.sort(np.random.default_rng(0).permutation(len(rows))[:LEARNED_FROM])]
    most = min(MOST, len(rows) // VECTORS_EACH, rows.shape[1] if rows.ndim == 2 else 0)
    if most < 1:
        return None
    centre = rows.mean(axis=0)
    rows = rows - centre
    # The smaller of the two products: thousands of channels cost no more than there are images.
    tall = len(rows) >= rows.shape[1]
    values, found = np.linalg.eigh(rows.T @ rows if tall else rows @ rows.T)
    kept = np.flatnonzero(values > max(values[-1], 0.0) * 1e-9)[::-1][:most]
    if not kept.size or values[-1] <= 0:
        return None
    directions = (found[:, kept] if tall else (rows.T @ found[:, kept]) / np.sqrt(values[kept])).T
    # The sign of a direction means nothing: the same data must give the same one.
    signs = np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])
    return Components(centre.astype(np.float32), (directions * signs[:, None]).astype(np.float32))
