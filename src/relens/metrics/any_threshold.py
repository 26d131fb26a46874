"""What answers would be worth at any confidence threshold, from few reviews that were drawn with known probabilities.

Everything below the threshold is logged, and matching is greedy by confidence, so one matching serves every threshold: a higher one only leaves
out a tail. Unlike an estimate for the traffic there was, this speaks of images to come: a fully reviewed log, too, is a sample of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relens.metrics.estimate import LEAST_REVIEWS, always_factor
from relens.metrics.intervals import jeffreys
from relens.metrics.traffic import LEAST_OF_A_LABEL, TOLERATED_SKIPS

Floats = NDArray[np.float64]

THRESHOLDS: Floats = np.arange(1, 100) / 100
_FULL = 0.95
"""An image nobody judged holds as many objects, at worst, as all but one in twenty of those that were."""


class Said(NamedTuple):
    """What a version said of k images, of one label or of all together, down to the log's floor, and what of it is right.

    Row by row of n detections: `image` (which of the k), `score`, `right`, `counted` (not those on a crowd). Of each image: `objects` there were
    to be found, the `probability` of its being looked at, and whether somebody `judged` it; of what nobody judged `right` means nothing.
    """

    image: NDArray[np.int64]
    score: Floats
    right: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    objects: Floats
    probability: Floats
    judged: NDArray[np.bool_]


class Curve(NamedTuple):
    """A rate at each of THRESHOLDS and its 95 % interval, which holds however often one looks; NaN where it is not known."""

    value: Floats
    lower: Floats
    upper: Floats


class Advice(NamedTuple):
    """A place among THRESHOLDS; those from `first` to `last` are as good as far as the reviews can tell."""

    best: int
    first: int
    last: int


class Curves(NamedTuple):
    """`images`: judged ones in which it was said or is true. `skipped`: the weighted share of images that nobody judged."""

    precision: Curve
    recall: Curve
    f1: Curve
    images: int
    objects: int
    skipped: float
    best_f1: Advice | None


class _Tables(NamedTuple):
    """Of each judged image at each threshold, (k, T): right answers and answers that count; (k,): objects, weights."""

    right: Floats
    counted: Floats
    objects: Floats
    weight: Floats


def curves(said: Said) -> Curves:
    """Precision, recall and F1 at every threshold, and where F1 is best.

    Intervals come from LEAST_REVIEWS reviews on, of which LEAST_OF_A_LABEL have something to do with the label. Where more than a few were skipped
    they reach from the worst that those could be to the best.
    """
    weights, reviews = 1 / said.probability, int(said.judged.sum())
    skipped = float(weights[~said.judged].sum() / weights.sum()) if len(weights) else 0.0
    judged = said.objects[said.judged]
    full = float(np.quantile(judged, _FULL)) if len(judged) else 0.0
    said = _concerned(said)
    tables = _tables(said)
    found = _rates(tables, reviews)
    if skipped > TOLERATED_SKIPS:
        worst, best = (_rates(_supposed(said, good, full), reviews) for good in (False, True))
        found = [
            Curve(one.value, np.fmin(low.lower, one.lower), np.fmax(high.upper, one.upper))
            for one, low, high in zip(found, worst, best, strict=True)
        ]
    behind = _behind(tables)
    enough = reviews >= LEAST_REVIEWS and behind >= LEAST_OF_A_LABEL and bool(tables.objects.any())
    # Where nothing was right, every threshold is as bad as any other.
    advice = _best(tables) if enough and tables.right.any() else None
    precision, recall, f1 = found
    return Curves(precision, recall, f1, behind, int(tables.objects[:, 0].sum()), skipped, advice)


def at_least(curve: Curve, wanted: float) -> Advice | None:
    """The lowest threshold at which the rate is surely as high as `wanted`; None where reviews cannot say so of any.

    `first`: where it may already be.
    """
    surely = np.flatnonzero(curve.lower >= wanted)
    if not len(surely):
        return None
    maybe = np.flatnonzero(curve.upper >= wanted)
    return Advice(int(surely[0]), int(min(maybe[0], surely[0])), int(surely[0]))


def passed(scores: Floats) -> NDArray[np.int64]:
    """How many of THRESHOLDS each score reaches."""
    return np.searchsorted(THRESHOLDS, scores, side="right")


def per_image(image: NDArray[np.int64], scores: Floats, images: int) -> Floats:
    """How many scores of each image reach each threshold, (images, T)."""
    counts = np.zeros((images, len(THRESHOLDS) + 1))
    np.add.at(counts, (image, passed(scores)), 1.0)
    return np.asarray(counts[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:])


def _concerned(said: Said) -> Said:
    """Without the judged images in which it was neither said nor is true: they move no rate."""
    kept = (np.bincount(said.image, minlength=len(said.objects)) > 0) | (said.objects > 0) | ~said.judged
    place = np.cumsum(kept) - 1
    return said._replace(
        image=place[said.image],
        objects=said.objects[kept],
        probability=said.probability[kept],
        judged=said.judged[kept],
    )


def _tables(said: Said) -> _Tables:
    """Of what was judged."""
    k, rows = len(said.judged), said.judged
    right = per_image(said.image[said.right], said.score[said.right], k)
    counted = per_image(said.image[said.counted], said.score[said.counted], k)
    objects = np.repeat(said.objects[:, None], len(THRESHOLDS), axis=1)
    return _Tables(right[rows], counted[rows], objects[rows], 1 / said.probability[rows])


def _supposed(said: Said, good: bool, full: float) -> _Tables:
    """Also what nobody judged, as if every answer of it were right, or wrong beside an image `full` of objects."""
    every = per_image(said.image, said.score, len(said.judged))[~said.judged]
    known = _tables(said)
    return _Tables(
        np.concatenate([known.right, every if good else np.zeros_like(every)]),
        np.concatenate([known.counted, every]),
        np.concatenate([known.objects, every if good else np.maximum(every, full)]),
        np.concatenate([known.weight, 1 / said.probability[~said.judged]]),
    )


def _behind(tables: _Tables) -> int:
    return int(((tables.counted[:, 0] > 0) | (tables.objects[:, 0] > 0)).sum())


def _rates(tables: _Tables, reviews: int) -> list[Curve]:
    right, counted, objects, weight = tables
    pairs = ((right, counted), (right, objects), (2 * right, counted + objects))
    return [_rate(top, bottom, weight, reviews) for top, bottom in pairs]


def _rate(top: Floats, bottom: Floats, weight: Floats, reviews: int) -> Curve:
    """Σ top / Σ bottom at each threshold, each image by its weight."""
    value, moved = _influence(top, bottom, weight)
    behind = (bottom > 0).sum(axis=0)
    unknown = (behind < LEAST_OF_A_LABEL) | (reviews < LEAST_REVIEWS) | np.isnan(value)
    error = np.sqrt((moved * moved).sum(axis=0) * _corrected(behind))
    wide = np.array([always_factor(max(int(n), 2)) for n in behind]) * error
    lower, upper = value - wide, value + wide
    # Where all or none of the few answers are right they do not differ, and differences say nothing of how few they are.
    shares = np.where(bottom > 0, weight[:, None], 0.0)
    squares = (shares * shares).sum(axis=0)
    alike = np.divide(shares.sum(axis=0) ** 2, squares, out=np.zeros(len(value)), where=squares > 0)
    for place in np.flatnonzero(~unknown):
        plain = jeffreys(value[place] * alike[place], alike[place])
        if plain is not None:
            lower[place], upper[place] = min(lower[place], plain.lower), max(upper[place], plain.upper)
    nothing = np.where(unknown, np.nan, 0.0)
    return Curve(value, np.clip(lower, 0, 1) + nothing, np.clip(upper, 0, 1) + nothing)


def _influence(top: Floats, bottom: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The rate at each threshold (T,), and how far it moves without each image (k, T): the jackknife."""
    above, below = weight @ top, weight @ bottom
    value = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    less = below - weight[:, None] * bottom
    without = np.divide(above - weight[:, None] * top, less, out=np.full(top.shape, np.nan), where=less > 1e-12)
    moved = value - without
    return value, np.where(np.isnan(moved), 0.0, moved)


def _corrected(behind: NDArray[np.int64]) -> Floats:
    return np.asarray(behind / np.maximum(behind - 1, 1), dtype=np.float64)


def _best(tables: _Tables) -> Advice:
    """Where F1 is highest, and how far around it nothing is clearly worse: differences are paired, image by image."""
    value, moved = _influence(2 * tables.right, tables.counted + tables.objects, tables.weight)
    # Of thresholds that are equally good, the one in the middle: neither end of them is safe.
    highest = np.flatnonzero(value >= np.nanmax(value) - 1e-12)
    best = int(highest[len(highest) // 2])
    behind = _behind(tables)
    apart = moved[:, [best]] - moved
    error = np.sqrt((apart * apart).sum(axis=0) * behind / max(behind - 1, 1))
    alike = value[best] - value <= always_factor(behind) * error
    return Advice(best, _last(alike, range(best, -1, -1)), _last(alike, range(best, len(value))))


def _last(alike: NDArray[np.bool_], places: Sequence[int]) -> int:
    reached = places[0]
    for place in places:
        if not alike[place]:
            break
        reached = place
    return reached
