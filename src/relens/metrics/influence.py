"""How far each image moves an average precision: what the interval of an estimate is made of.

The first-order influence of an image is the slope of the value in the weight of that image (the infinitesimal jackknife, Efron 1982; for
samples of known probabilities the linearisation of Särndal, Swensson and Wretman 1992). It is exact for average precision without the
envelope, and needs one pass over the ranked detections where resampling needs many.
"""

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relens.metrics.ranked_rows import Key, RankedRows

Floats = NDArray[np.float64]
GRID = 100
_MEAN_OF_NORMAL = 0.8
"""The mean distance of a normal variable from its mean, in standard deviations."""


class Influence(NamedTuple):
    """`by_image` (k,): how far the value moves for one more unit of an image's weight.

    `one_mistake`: how far one more object that nobody found would move it, in an image of weight 1. `grid`: how far it is off, typically, because
    precision is read at 101 recalls: whether the last of them that is reached counts is all or nothing. Both of several labels: the root of the
    sum of squares.
    """

    by_image: Floats
    one_mistake: float
    grid: float


def influence(ranked: Iterable[RankedRows], keys: Sequence[Key], weights: Floats, ious: Sequence[int]) -> Influence:
    """Of the mean over labels and IOU_THRESHOLDS[ious]; `weights` (slots,) and `by_image` (slots,) in the order of slots.

    A label without an object under these weights is left out.
    """
    total, squares, grids, labels = np.zeros(len(weights)), 0.0, 0.0, 0
    for rows in ranked:
        slots, positives = rows.positives_table()
        objects = np.zeros(len(weights))
        objects[slots] = positives[:, 0]
        if weights @ objects <= 0:
            continue
        found = [_of_label(rows, keys, weights, objects, iou) for iou in ious]
        total += np.mean([one.by_image for one in found], axis=0)
        squares += float(np.mean([one.one_mistake for one in found])) ** 2
        # The largest recall differs between thresholds, and with it the place in the grid.
        grids += float(np.mean([one.grid**2 for one in found])) / len(ious)
        labels += 1
    return Influence(total / max(labels, 1), squares**0.5 / max(labels, 1), grids**0.5 / max(labels, 1))


def _of_label(rows: RankedRows, keys: Sequence[Key], weights: Floats, objects: Floats, iou: int) -> Influence:
    """A detection's weight moves the precision at every find after it, and its own place in the sum where it is one itself."""
    ranked, bit = rows.read(keys), np.uint16(1 << iou)
    counted = (ranked.ignored[:, 0] & bit) == 0
    slot, hit = ranked.slot[counted], (ranked.hits[counted, 0] & bit) != 0
    w, wanted = weights[slot], float(weights @ objects)
    said = np.cumsum(w)
    precision = np.divide(np.cumsum(w * hit), said, out=np.zeros(len(w)), where=said > 0)
    per_said = np.divide(w * hit, said, out=np.zeros(len(w)), where=said > 0)
    after, after_precise = (np.cumsum(column[::-1])[::-1] for column in (per_said, per_said * precision))
    of_detection = np.where(hit, precision + after, 0.0) - after_precise
    value = float((w * hit * precision).sum()) / wanted
    moved = np.bincount(slot, weights=of_detection, minlength=len(weights)) - value * objects
    found = np.bincount(slot[hit], minlength=len(weights)).astype(np.float64)
    last = float(precision[hit][-1]) if hit.any() else 0.0
    return Influence(moved / wanted, value / wanted, last * _off(found, objects, weights, wanted))


def _off(found: Floats, objects: Floats, weights: Floats, wanted: float) -> float:
    """The typical difference between how many of the 101 recalls are reached in a sample and in truth, beyond that of the recall, over 101.

    Where the recall is off by x steps of the grid, x (1 - x) of their square on average over where in the grid it stands, and 1/6 from about
    one step on. Its spread comes from what each image moves it.
    """
    moved = (found - float(weights @ found) / wanted * objects) / wanted
    steps = GRID * sqrt(float(np.maximum(weights * weights - weights, 0.0) @ (moved * moved)))
    return sqrt(min(1 / 6, _MEAN_OF_NORMAL * steps)) / (GRID + 1)
