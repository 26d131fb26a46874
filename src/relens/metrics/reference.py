"""A reference: the numbers of the training data that production is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from relens.kit.spoken import percent
from relens.metrics import histogram
from relens.metrics.outlier_check import Calibration

Shown = Literal["plain", "share", "log"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One number per image, with its words: `down` and `up` say what a smaller or larger one looks like ("darker").

    With `categories` it is no number: each answer is one of these, and any number of them is in an image.
    """

    name: str
    title: str
    family: str
    down: str
    up: str
    shown: Shown = "plain"
    categories: tuple[str, ...] = ()

    def says(self, value: float) -> str:
        """The number as people read it and ask for it in a query: a share in per cent, a logarithm undone."""
        if self.shown == "share":
            return percent(value) if value >= 0.1 or value == 0 else percent(value, 1)
        number = exp(min(value, 700.0)) if self.shown == "log" else value
        return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


_OUTSIDE = np.concatenate([np.arange(1, 25) / 24, 2.0 ** (np.arange(1, 17) / 4)])
"""Distances of the outer edges in widths of the reference's range: finely up to one, then growing up to sixteen."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How one feature is distributed over reference images: counts on the bins between its own quantiles.

    Further edges lie outside of what the reference has (no counts there), so that a median which has left its range can
    be told; the distance and its bound do not depend on them.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]

    @staticmethod
    def of(values: NDArray[np.float64]) -> "Spread":
        """The spread of these values; NaN is left out."""
        edges = histogram.edges(values)
        if len(edges):
            low, high = float(edges[0]), float(edges[-1])
            away = _OUTSIDE * (high - low or 0.1 * max(abs(low), 1.0))
            edges = np.concatenate([low - away[::-1], edges, high + away])
        return Spread(edges, histogram.counts(edges, values))

    @staticmethod
    def of_categories(counts: NDArray[np.int64]) -> "Spread":
        """Each category a bin of its own, by its place."""
        return Spread(np.arange(len(counts) - 1, dtype=np.float64), counts)

    @property
    def n(self) -> int:
        return int(self.counts.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """`spreads[i]` belongs to `features[i]`; `outlier` is the spread of the calibration images' own outlier scores."""

    id: str
    images: int
    features: tuple[Feature, ...]
    spreads: tuple[Spread, ...]
    outlier: Spread
    labels: Mapping[str, int]
    """Annotations per label in the training data."""
    calibration: Calibration | None = None
    """Whether outlier scores keep their word; None: fitted before that was asked."""
    appearance_only: bool = False
    """Outlier scores rest on what the image looks like alone: the model offers no features."""

    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    def categorical(self) -> tuple[bool, ...]:
        """Which of the pieces of a drift state are categories."""
        return (False, *(bool(feature.categories) for feature in self.features))

    def all_spreads(self) -> tuple[Spread, ...]:
        """The outlier score's spread, then the features': the order of the pieces of a drift state."""
        return (self.outlier, *self.spreads)
