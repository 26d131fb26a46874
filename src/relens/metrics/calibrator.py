"""How often an answer of some confidence is right, learned from reviewed images: a rising staircase on the bins of the confidence histogram.

Because it only knows the bins, its sum over all traffic follows from the histogram that is kept anyway.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_PRIOR = 2.0
"""Answers' worth of belief that the confidence is right as it stands; decides where nothing was reviewed."""


class Reviewed(NamedTuple):
    """One row per reviewed image: answers by confidence bin, those of them that were right, and the image's weight."""

    answers: Floats
    right: Floats
    weights: Floats


def staircase(found: Reviewed) -> Floats:
    """The share that is right in each bin, never falling (pool adjacent violators)."""
    bins = found.answers.shape[1]
    middle = (np.arange(bins) + 0.5) / bins
    mass = found.weights @ found.answers
    scale = found.weights.mean() if len(found.weights) else 1.0
    n = mass + _PRIOR * scale / bins
    share = (found.weights @ found.right + _PRIOR * scale / bins * middle) / n
    return rising(share, n)


def rising(means: Floats, masses: Floats) -> Floats:
    """The nearest values to `means` that never fall, each weighing `masses` (pool adjacent violators)."""
    values: list[float] = []
    weights: list[float] = []
    lengths: list[int] = []
    for value, weight in zip(means, masses, strict=True):
        values.append(float(value))
        weights.append(float(weight))
        lengths.append(1)
        while len(values) > 1 and values[-2] > values[-1]:
            total = weights[-2] + weights[-1]
            values[-2] = (values[-2] * weights[-2] + values[-1] * weights[-1]) / total
            weights[-2], lengths[-2] = total, lengths[-2] + lengths[-1]
            del values[-1], weights[-1], lengths[-1]
    return np.repeat(values, lengths)


class CrossFitted(NamedTuple):
    """`own`: for each reviewed image how many of its answers are expected to be right, learned without it; `stairs`: for all others."""

    own: Floats
    stairs: Floats


def cross_fitted(found: Reviewed, folds: NDArray[np.int64], teaching: NDArray[np.bool_] | None = None) -> CrossFitted:
    """`folds` puts each image into one of a few parts; each part is judged by what the others teach, or those of them that are `teaching`."""
    own = np.zeros(len(found.weights))
    stairs = []
    for fold in np.unique(folds):
        inside = folds == fold
        others = ~inside if teaching is None else ~inside & teaching
        taught = staircase(Reviewed(found.answers[others], found.right[others], found.weights[others]))
        own[inside] = found.answers[inside] @ taught
        stairs.append(taught)
    return CrossFitted(own, np.mean(stairs, axis=0))
