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
_BITS: NDArray[np.uint16] = np.left_shift(np.uint16(1), _SHIFTS)
MOST_PER_IMAGE = (1, 10, 100)
_AT_ONCE = 8_000
"""Rows of labels that are looked at together, at all thresholds: some megabytes."""
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


def plain_average_precisions(labels: Sequence[tuple[Columns, int]]) -> Floats:
    """AP of each label (its rows, its objects) at the ten IoU thresholds over objects of every size, each image counting once.

    (labels, 10); NaN without an object. The same arithmetic as WeightedRows with weights 1, where running sums are just places, of many
    short labels in one go: a verdict touches a dozen of them, and calls would cost more than numbers.
    """
    ap = np.full((len(labels), len(IOU_THRESHOLDS)), np.nan)
    some: list[int] = []
    rows = 0
    for place, (columns, positives) in enumerate(labels):
        if positives <= 0:
            continue
        if some and rows + len(columns) > _AT_ONCE:
            ap[some] = _plain([labels[one] for one in some])
            some, rows = [], 0
        some.append(place)
        rows += len(columns)
    if some:
        ap[some] = _plain([labels[one] for one in some])
    return ap


def _plain(labels: Sequence[tuple[Columns, int]]) -> Floats:
    """(labels, 10). One label of more rows than go at once is looked at threshold by threshold."""
    hits = np.concatenate([columns.hits[:, 0] for columns, _ in labels])
    ignored = np.concatenate([columns.ignored[:, 0] for columns, _ in labels])
    sizes = np.array([len(columns) for columns, _ in labels])
    positives = np.array([positives for _, positives in labels])
    if len(hits) <= _AT_ONCE:
        return _over(_BITS, hits, ignored, sizes, positives)
    return np.concatenate([_over(_BITS[t : t + 1], hits, ignored, sizes, positives) for t in range(len(_BITS))], axis=1)


def _over(
    bits: NDArray[np.uint16],
    hits: NDArray[np.uint16],
    ignored: NDArray[np.uint16],
    sizes: NDArray[np.int64],
    positives: NDArray[np.int64],
) -> Floats:
    """AP (labels, len(bits)) of labels whose rows stand one after the other, `sizes` of them each."""
    # What was found, by threshold, then label, then confidence: one part for each threshold and label.
    found = (hits & bits[:, None]) != 0
    first = np.cumsum(sizes) - sizes
    of_label = [found[:, start : start + size] for start, size in zip(first.tolist(), sizes.tolist(), strict=True)]
    counts = np.stack([np.count_nonzero(part, axis=1) for part in of_label], axis=1).ravel()
    starts = np.cumsum(counts) - counts
    offsets = (np.arange(len(bits))[:, None] * len(hits) + first).ravel()
    places = np.flatnonzero(found)
    true = np.arange(1.0, len(places) + 1) - np.repeat(starts, counts)
    counted = places - np.repeat(offsets - 1.0, counts)
    if ignored.any():
        before = np.zeros((len(bits), len(hits) + 1), dtype=np.int64)
        np.cumsum((ignored & bits[:, None]) != 0, axis=1, out=before[:, 1:])
        counted -= before[:, 1:].ravel()[places] - np.repeat(before[:, first].ravel(), counts)
    best = true / (counted + _TINY)
    filled = np.flatnonzero(counts)
    for start, end in zip(starts[filled].tolist(), (starts + counts)[filled].tolist(), strict=True):
        falling = best[start:end][::-1]
        np.maximum.accumulate(falling, out=falling)
    objects = np.tile(positives, len(bits))
    step = recalls_reached(true / np.repeat(objects, counts))
    step[1:] -= step[:-1].copy()
    # A part reaches its first recalls from none, whatever the part before it had reached.
    step[starts[filled]] = recalls_reached(1.0 / objects[filled])
    ap = np.zeros(len(counts))
    if len(filled):
        ap[filled] = np.add.reduceat(best * step, starts[filled]) / len(RECALLS)
    return ap.reshape(len(bits), len(sizes)).T


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
        precision, recall = self._best(iou, area)
        return Envelope(precision, recalls_reached(recall))

    def _best(self, iou: int, area: int) -> tuple[Floats, Floats]:
        """At each find the best precision at this recall or a higher one, and the recall, (R, finds) each."""
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
        return best, true / positives

    def average_precision(self, iou: int, area: int) -> Floats:
        """Mean of the precision at the 101 recalls, (R,); NaN where there is nothing to find."""
        precision, reached = self.envelope(iou, area)
        step = np.diff(reached, axis=1, prepend=0)
        ap: Floats = (precision * step).sum(axis=1) / len(RECALLS)
        return np.where(self.positives[:, area] > 0, ap, np.nan)

    def area_under(self, iou: int, area: int) -> Floats:
        """The same of every recall instead of 101 of them, which does not jump where one of them is just reached."""
        precision, recall = self._best(iou, area)
        under: Floats = (precision * np.diff(recall, axis=1, prepend=0.0)).sum(axis=1)
        return np.where(self.positives[:, area] > 0, under, np.nan)

    def recall(self, area: int, most: int) -> Floats:
        """Share of the objects found by each image's `most` most confident detections, by IoU threshold, (R, 10).

        NaN where there are no objects.
        """
        hits = self.rows.hits[:, area]
        counted = np.flatnonzero((hits != 0) & (self.rows.rank < most))
        by_iou = (hits[counted, None] >> _SHIFTS & 1).astype(np.float64)
        share = self.weights[:, counted] @ by_iou / np.maximum(self.positives[:, area], _TINY)[:, None]
        return np.where(self.positives[:, area, None] > 0, share, np.nan)
