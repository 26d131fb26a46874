"""Does an outlier score keep its word? One in a hundred images of the reference itself should look one in a hundred.

Asked of images that were set aside for it: each part of the calibration images is scored by a model calibrated on the other parts. Images of one
scene stay together, as production will show scenes nobody has seen.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVELS = (0.1, 0.05, 0.01)
PARTS = 4
LEAST = 40
_BEYOND_CHANCE = 1.63
"""Times sqrt(2 / n): what the distance of two samples of n exceeds once in a hundred."""


class Calibration(NamedTuple):
    """`shares[i]` of `images` had a p-value of at most LEVELS[i]; `distance`: the largest gap between their p-values and what they should be.

    `held_out`: the model was not trained on them. `high`: where it does not hold, more images look strange than should.
    """

    images: int
    shares: tuple[float, ...]
    distance: float
    high: bool
    held_out: bool

    @property
    def holds(self) -> bool | None:
        """None: too few images to say."""
        if self.images < LEAST:
            return None
        level, share = LEVELS[1], self.shares[1]
        noise = 3 * sqrt(2 * level * (1 - level) / self.images)
        return self.distance <= _BEYOND_CHANCE * sqrt(2 / self.images) and abs(share - level) <= noise

    @property
    def sentence(self) -> str:
        """What was found, for people."""
        what = "validation" if self.held_out else "training"
        if self.holds is None:
            return f"not checked: that takes {LEAST} images, {self.images} are there"
        found = f"{100 * self.shares[1]:.1f} % of {self.images:,} {what} images look like one in 20 (should be 5 %)"
        if not self.holds:
            way = "stranger" if self.high else "more usual"
            return f"does not hold: {found}; read images as {way} than they are"
        if self.held_out:
            return f"holds: {found}"
        return f"holds among training images: {found}; with so few validation images new ones may look stranger than they are"


def check(score: Callable[[NDArray[np.bool_]], Floats], parts: Sequence[int], held_out: bool) -> Calibration:
    """`score(apart)`: p-values of the images where `apart` (k,) is true, calibrated on the others; `parts`: by image, 0 .. PARTS - 1."""
    belongs = np.asarray(parts, dtype=np.int64)
    k = len(belongs)
    if k < LEAST:
        return Calibration(k, (), 0.0, False, held_out)
    p, step = np.empty(k), np.zeros(k)
    for part in np.unique(belongs):
        apart = belongs == part
        if apart.all():
            return Calibration(0, (), 0.0, False, held_out)
        p[apart], step[apart] = score(apart), 1 / (np.count_nonzero(~apart) + 1)
    order = np.argsort(p, kind="stable")
    p, step = p[order], step[order]
    above = float((np.searchsorted(p, p, side="right") / k - p).max())
    # p-values come in steps: below one there is nothing down to the next.
    below = float((p - step - np.searchsorted(p, p, side="left") / k).max(initial=0.0))
    shares = tuple(float(np.count_nonzero(p <= level + 1e-12)) / k for level in LEVELS)
    return Calibration(k, shares, max(above, below), above >= below, held_out)
