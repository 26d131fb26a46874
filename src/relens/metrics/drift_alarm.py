"""Has production left what is usual? Evidence that adds up over windows, with few false alarms by construction.

The distance of each window from usual production is itself a number with a usual spread: cameras, shifts and weekdays make it
vary, and that is learned from the windows of usual production (each against the others). A window further away than a new one
would be (Student's t, which pays for how few windows are known) is evidence; it is turned into an e-value, averaged over
features (so that nothing has to be corrected for their number) and added up: M <- (1 + M) * e. Where nothing changed, M reaches A once in
A windows at most, on average (e-detectors: Shin, Ramdas, Rinaldo 2022). Only features at a distance people would call one count as evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]
Counts = Sequence[NDArray[np.int64]]
"""One window: per feature its values counted on the reference's bins."""

LEAST_WINDOWS = 14
ENOUGH_WINDOWS = 60
"""From the first on there are alarms; usual production is learned up to the second."""
PLAIN = 0.1
"""A feature that is less far away is no evidence, however surprising that is: it may never have varied before."""
PLAIN_EARLY, IMAGES_EARLY = 0.3, 500
"""Before there are enough windows: two in a row this far away, with so many images together."""
_SOFTEN = 1e-3
_LEAST_SPREAD = 0.2
"""Of the logarithm of a distance; two samples of one distribution already vary by about 0.3."""
_LEAST_P = 1e-12


@dataclass(frozen=True, eq=False)
class Usual:
    """Usual production: its counts together, and per feature how the logarithm of a window's distance is spread."""

    pooled: tuple[NDArray[np.int64], ...]
    mean: Floats
    spread: Floats
    windows: NDArray[np.int64]
    """Per feature, in how many windows it was known."""
    categorical: tuple[bool, ...]
    """Per feature, whether its bins are categories: then the distance is the total variation."""


class Evidence(NamedTuple):
    """Per feature: distance and its bound, p-value, e-value; NaN where the feature is not known. `e` is their mean (1: nothing to say)."""

    distances: Floats
    bounds: Floats
    p: Floats
    e_values: Floats
    e: float

    @property
    def furthest(self) -> float:
        known = self.distances[~np.isnan(self.distances)]
        return float(known.max()) if known.size else 0.0


class Step(NamedTuple):
    """What is added up so far, and whether that is an alarm (then it starts again from 0)."""

    evidence: float
    alarm: bool


def distance(window: NDArray[np.int64], other: NDArray[np.int64], categorical: bool = False) -> tuple[float, float]:
    """Kolmogorov-Smirnov distance on the bins and how much larger it may be, or of categories the total variation; NaN where one is empty."""
    n, m = int(window.sum()), int(other.sum())
    if n == 0 or m == 0:
        return float("nan"), float("nan")
    p, q = window / n, other / m
    if categorical:
        return float(np.abs(p - q).sum() / 2), 0.0
    return float(np.abs(np.cumsum(p) - np.cumsum(q)).max()), float(np.minimum(p, q).max())


def learn(windows: Sequence[Counts], categorical: Sequence[bool] | None = None) -> Usual:
    """What is usual among these windows: each one's distance from all the others together. `categorical`: per feature; None: none is."""
    mean, spread, known, pooled = [], [], [], []
    kinds = tuple(categorical) if categorical is not None else (False,) * len(windows[0] if windows else ())
    for columns, of_categories in zip(zip(*windows, strict=True), kinds, strict=True):
        table = np.array(columns, dtype=np.int64)
        together = table.sum(axis=0)
        apart = _left_out(table, together, of_categories)
        pooled.append(together)
        logs = np.log(apart + _SOFTEN)
        known.append(len(logs))
        mean.append(float(logs.mean()) if len(logs) else np.nan)
        spread.append(max(float(logs.std(ddof=1)), _LEAST_SPREAD) if len(logs) > 1 else np.nan)
    return Usual(tuple(pooled), np.array(mean), np.array(spread), np.array(known, dtype=np.int64), kinds)


def _left_out(table: NDArray[np.int64], together: NDArray[np.int64], categorical: bool) -> Floats:
    """Of each row of counts that holds anything, the distance from the other rows together."""
    own, rest = table.sum(axis=1), together.sum() - table.sum(axis=1)
    rows = (own > 0) & (rest > 0)
    table, own, rest = table[rows], own[rows, None], rest[rows, None]
    if not len(table):
        return np.empty(0, dtype=np.float64)
    if categorical:
        return np.asarray(np.abs(table / own - (together - table) / rest).sum(axis=1) / 2, dtype=np.float64)
    gap = np.cumsum(table, axis=1) / own - np.cumsum(together - table, axis=1) / rest
    return np.asarray(np.abs(gap).max(axis=1), dtype=np.float64)


def judge(usual: Usual, window: Counts) -> Evidence:
    """How far a window is from usual production, and how surprising that is."""
    each = zip(window, usual.pooled, usual.categorical, strict=True)
    apart = np.array([distance(now, then, mix) for now, then, mix in each])
    distances, bounds = apart[:, 0], apart[:, 1]
    b = usual.windows.astype(np.float64)
    known = ~np.isnan(distances) & ~np.isnan(usual.spread) & (b > 1)
    p = np.full(len(distances), np.nan)
    z = (np.log(distances[known] + _SOFTEN) - usual.mean[known]) / (usual.spread[known] * np.sqrt(1 + 1 / b[known]))
    p[known] = np.clip(stdtr(b[known] - 1, -z), _LEAST_P, 1.0)
    e_values = _calibrated(p)
    # What hardly moved is no evidence for a change people would call one, however constant it was before.
    e_values = np.where(distances < PLAIN, np.minimum(e_values, 1.0), e_values)
    return Evidence(distances, bounds, p, e_values, float(np.nanmean(e_values)) if known.any() else 1.0)


def _calibrated(p: Floats) -> Floats:
    """(1 - p + p ln p) / (p ln^2 p): a bet against p being uniform, 1 on average if it is; 1/2 at p = 1."""
    e = np.full(p.shape, np.nan)
    near_one = p > 1 - 1e-4
    e[near_one] = 0.5
    inside = ~np.isnan(p) & ~near_one
    q = p[inside]
    e[inside] = (1 - q + q * np.log(q)) / (q * np.log(q) ** 2)
    return e


def add(evidence: float, found: Evidence, threshold: float) -> Step:
    """One more window. `threshold`: windows per tolerated false alarm."""
    total = min((1 + evidence) * found.e, 1e15)
    if total >= threshold and found.furthest >= PLAIN:
        return Step(0.0, True)
    return Step(total, False)


def early(found: Evidence, before: Evidence | None, images: int) -> bool:
    """The alarm while too few windows of usual production are known. `images`: of both windows together."""
    return before is not None and min(found.furthest, before.furthest) >= PLAIN_EARLY and images >= IMAGES_EARLY


def threshold(windows_per_year: float, alarms_per_year: float) -> float:
    """The A that goes with a budget of false alarms."""
    return max(windows_per_year / alarms_per_year, 20.0)
