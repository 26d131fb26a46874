"""Of many hard cases, those unlike each other: frames of one scene teach a model little more than one of them.

Greedy k-centre on the images' features (Sener and Savarese 2018): each next image is the one farthest from all chosen so far.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relens.predictions.logged import Logged

SAME = 0.02
"""Cosine distance below which two images count as the same; they come last."""


def unlike(ranked: Sequence[Logged], limit: int) -> list[Logged]:
    """All of `ranked` in a new order: the first, then `limit` - 1 that are unlike the ones before them, then the rest as they stood.

    Images without a feature stay where they rank: nothing is known of their likeness.
    """
    vectors = _normalised(ranked)
    if vectors is None or len(ranked) <= 2:
        return list(ranked)
    order = k_centre(vectors, limit)
    chosen = set(order)
    return [ranked[i] for i in order] + [one for i, one in enumerate(ranked) if i not in chosen]


def k_centre(vectors: NDArray[np.float32], count: int) -> list[int]:
    """Indices of at most `count` rows, the first row first; ends when only rows like a chosen one are left. (n, d), unit length."""
    order = [0]
    distance = 1 - vectors @ vectors[0]
    while len(order) < min(count, len(vectors)):
        # Ties go to the earlier row, which ranks higher.
        farthest = int(np.argmax(distance))
        if distance[farthest] <= SAME:
            break
        order.append(farthest)
        distance = np.minimum(distance, 1 - vectors @ vectors[farthest])
    return order


def _normalised(lines: Sequence[Logged]) -> NDArray[np.float32] | None:
    """(n, d) of unit length, centred; None where one image has no feature of the common length."""
    features = [line.feature for line in lines if line.feature is not None]
    if len(features) < len(lines) or len({len(one) for one in features}) != 1:
        return None
    vectors = np.asarray(features, np.float32)
    # Features after a rectifier all point the same way: the angle between them says something only around their mean.
    vectors = vectors - vectors.mean(0)
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return np.asarray(vectors / lengths, np.float32)
