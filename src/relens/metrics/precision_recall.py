"""COCO's precision-recall arithmetic on ranked detections, for many sets of image weights at once.

With weight 1 everywhere the numbers are pycocotools' to the last bit. Weights 1/probability estimate all traffic,
resampled weights give the bootstrap; neither matches again.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relens.metrics.matching import IOU_THRESHOLDS
from relens.metrics.ranked_rows import Columns, Key, RankedRows

Floats = NDArray[np.float64]

RECALLS: Floats = np.linspace(0.0, 1.0, 101)
_NEXT: Floats = np.append(RECALLS[1:], np.inf)
_SHIFTS = np.arange(len(IOU_THRESHOLDS), dtype=np.uint16)
MOST_PER_IMAGE = (1, 10, 100)
_TINY = float(np.spacing(1))


class Envelope(NamedTuple):
    """At each detection that found an object (columns), for each set of weights (rows).

    `precision`: the best precision at this recall or a higher one; `reached`: how many of RECALLS are reached so far.
    """

    precision: Floats
    reached: NDArray[np.int64]


def recalls_reached(recall: Floats) -> NDArray[np.int64]:
    """How many of RECALLS each recall reaches: searchsorted(RECALLS, recall, side="right"), three times as fast.

    The guess from the even spacing is off by one at most; RECALLS itself decides, as it is in floating point.
    """
    guess = np.minimum((recall * (len(RECALLS) - 1)).astype(np.int64), len(RECALLS) - 1)
    return guess + (_NEXT[guess] <= recall) + (RECALLS[guess] <= recall)


def plain_average_precision(rows: Columns, positives: int) -> Floats:
    """AP at the ten IoU thresholds over objects of every size, each image counting once; NaN without an object.

    The same arithmetic as WeightedRows with weights 1, where running sums are just places.
    """
    if positives <= 0:
        return np.full(len(IOU_THRESHOLDS), np.nan)
    hits, ignored = rows.hits[:, 0], rows.ignored[:, 0]
    some_ignored = bool(ignored.any())
    ap = np.zeros(len(IOU_THRESHOLDS))
    for t in range(len(IOU_THRESHOLDS)):
        bit = np.uint16(1 << t)
        found = np.flatnonzero(hits & bit)
        if not len(found):
            break  # what is found at a higher threshold is found at this one too
        true = np.arange(1.0, len(found) + 1)
        counted = found + 1.0
        if some_ignored:
            counted -= np.cumsum((ignored & bit) != 0)[found]
        best = np.maximum.accumulate((true / (counted + _TINY))[::-1])[::-1]
        step = recalls_reached(true / positives)
        step[1:] -= step[:-1].copy()
        ap[t] = (best * step).sum() / len(RECALLS)
    return ap


class WeightedRows:
    """One label's detections under R sets of weights; `weights` (R, images by slot)."""

    def __init__(self, ranked: RankedRows, keys: Sequence[Key], weights: Floats) -> None:
        self.rows = ranked.read(keys)
        self.weights = weights[:, self.rows.slot]
        slots, positives = ranked.positives_table()
        self.positives: Floats = weights[:, slots] @ positives.astype(np.float64)
        self._everything = np.cumsum(self.weights, axis=1)
        self._any_ignored: list[bool] = (self.rows.ignored != 0).any(axis=0).tolist()

    def envelope(self, iou: int, area: int) -> Envelope:
        """At IOU_THRESHOLDS[iou] and AREAS[area]. Where there is nothing to find, the numbers mean nothing."""
        bit = np.uint16(1 << iou)
        found = np.flatnonzero(self.rows.hits[:, area] & bit)
        true = np.cumsum(self.weights[:, found], axis=1)
        counted = self._everything[:, found]
        if self._any_ignored[area]:
            passed_over = (self.rows.ignored[:, area] & bit) != 0
            counted = counted - np.cumsum(np.where(passed_over, self.weights, 0.0), axis=1)[:, found]
        precision = true / (counted + _TINY)
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        positives = np.maximum(self.positives[:, area], _TINY)[:, None]
        return Envelope(best, recalls_reached(true / positives))

    def average_precision(self, iou: int, area: int) -> Floats:
        """Mean of the precision at the 101 recalls, (R,); NaN where there is nothing to find."""
        precision, reached = self.envelope(iou, area)
        step = np.diff(reached, axis=1, prepend=0)
        ap: Floats = (precision * step).sum(axis=1) / len(RECALLS)
        return np.where(self.positives[:, area] > 0, ap, np.nan)

    def recall(self, area: int, most: int) -> Floats:
        """Share of the objects found by each image's `most` most confident detections, by IoU threshold, (R, 10).

        NaN where there are no objects.
        """
        hits = self.rows.hits[:, area]
        counted = np.flatnonzero((hits != 0) & (self.rows.rank < most))
        by_iou = (hits[counted, None] >> _SHIFTS & 1).astype(np.float64)
        share = self.weights[:, counted] @ by_iou / np.maximum(self.positives[:, area], _TINY)[:, None]
        return np.where(self.positives[:, area, None] > 0, share, np.nan)
