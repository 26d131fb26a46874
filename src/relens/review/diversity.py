"""Of many hard cases, those unlike each other: frames of one scene teach a model little more than one of them.

Greedy k-centre on the images' features (Sener and Savarese 2018): each next image is the one farthest from all chosen so far, and
from those reviewed already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

SAME = 0.02
"""Cosine distance below which two images count as the same; they come last."""
Vectors = NDArray[np.float32]


class Featured(Protocol):
    """An image as a version saw it; features of two versions cannot be compared."""

    @property
    def feature(self) -> NDArray[np.float16] | None: ...
    @property
    def model_version(self) -> str | None: ...


One = TypeVar("One", bound=Featured)


def unlike(ranked: Sequence[One], limit: int, reviewed: Sequence[Featured] = ()) -> list[One]:
    """All of `ranked` in a new order: the first, then `limit` - 1 that are unlike those before them and unlike `reviewed`, then the rest.

    Images without a feature that the others can be compared with keep their place: nothing is known of their likeness.
    """
    space = _commonest([_space(one) for one in ranked])
    places = [place for place, one in enumerate(ranked) if space is not None and _space(one) == space]
    if len(places) <= 2:
        return list(ranked)
    known = [one for one in reviewed if _space(one) == space]
    vectors = _normalised([*(ranked[place] for place in places), *known])
    order = k_centre(vectors[: len(places)], limit, vectors[len(places) :])
    chosen = set(order)
    new = iter([ranked[places[i]] for i in order] + [ranked[p] for i, p in enumerate(places) if i not in chosen])
    featured = set(places)
    return [next(new) if place in featured else one for place, one in enumerate(ranked)]


def k_centre(vectors: Vectors, count: int, seeds: Vectors | None = None) -> list[int]:
    """Indices of at most `count` rows, beginning with the first row that is unlike all `seeds`.

    Ends when only rows like a chosen one or a seed are left. `vectors` (n, d) and `seeds` (m, d) of unit length.
    """
    if seeds is None or not len(seeds):
        distance = np.full(len(vectors), np.inf, np.float32)
    else:
        distance = 1 - (vectors @ seeds.T).max(axis=1)
    fresh = np.flatnonzero(distance > SAME)
    order = [int(fresh[0])] if len(fresh) else []
    while order and len(order) < min(count, len(vectors)):
        distance = np.minimum(distance, 1 - vectors @ vectors[order[-1]])
        # Ties go to the earlier row, which ranks higher.
        farthest = int(np.argmax(distance))
        if distance[farthest] <= SAME:
            break
        order.append(farthest)
    return order


def _space(one: Featured) -> tuple[str | None, int] | None:
    return None if one.feature is None else (one.model_version, len(one.feature))


def _commonest(spaces: Sequence[tuple[str | None, int] | None]) -> tuple[str | None, int] | None:
    counted = Counter(space for space in spaces if space is not None)
    return counted.most_common(1)[0][0] if counted else None


def _normalised(lines: Sequence[Featured]) -> Vectors:
    """(n, d) of unit length, centred."""
    vectors = np.asarray([line.feature for line in lines], np.float32)
    # Features after a rectifier all point the same way: the angle between them says something only around their mean.
    vectors = vectors - vectors.mean(0)
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return np.asarray(vectors / lengths, np.float32)
