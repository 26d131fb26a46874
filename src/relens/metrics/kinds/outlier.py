"""How many images are unusual among the training data."""

from collections.abc import Mapping, Sequence
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from relens.metrics.images import Images
from relens.metrics.metric import EVERY_TASK, Observed, State, States, Summed, Value
from relens.metrics.outlier_check import LEVELS
from relens.metrics.reference import Reference

BINS = 200
"""Bin b holds b/BINS < score <= (b+1)/BINS, the first one 0 too; 0.95 and 0.99 are edges."""
UNUSUAL = 0.99
FALSE_SHARE = 0.1
"""Of the images that are flagged, so many may be there by chance (Benjamini, Hochberg)."""


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """int64[BINS + 1]: images by outlier score, then the sum of scores in millionths."""
    scores = Images.of(images).scores
    if scores.size == 0:
        return {}
    # Rounding first: a score of exactly 0.99 must not leave its bin because of its last binary digit.
    bins = np.clip(np.ceil(np.round(scores * BINS, 9)).astype(np.int64) - 1, 0, BINS - 1)
    return {"": np.append(np.bincount(bins, minlength=BINS), round(scores.sum() * 1e6)).astype(np.int64)}


def value(states: States, reference: Reference | None) -> Value:
    counts, total = np.asarray(states[""][:-1], dtype=np.int64), int(states[""][-1])
    n = int(counts.sum())
    if n == 0:
        return {"scored": 0, "mean": None, "median": None, "unusual": None, "unusual_share": None, "counts": []}
    first, expected = _unusual_from(reference)
    unusual = int(counts[first:].sum())
    return {
        "scored": n,
        "mean": total / n / 1e6,
        "median": float(np.searchsorted(np.cumsum(counts), n / 2) + 1) / BINS,
        "unusual": unusual,
        "unusual_share": unusual / n,
        "expected_share": expected,
        "one_in": _one_in(unusual / n),
        "expected_one_in": _one_in(expected),
        "sentence": _sentence(unusual / n, expected),
        **_flagged(counts),
        "appearance_only": reference is not None and reference.appearance_only,
        "calibration": _calibration(reference),
        "counts": counts.reshape(20, -1).sum(axis=1).tolist(),
    }


def _unusual_from(reference: Reference | None) -> tuple[int, float]:
    """The first bin of unusual scores, and the share of usual images that lands there by chance.

    Fewer than 100 calibration images cannot tell one in a hundred: there the strangest score there can be is unusual.
    """
    n = reference.outlier.n if reference is not None else 0
    if n == 0 or n + 1 >= 1 / (1 - UNUSUAL):
        possible = floor((n + 1) * (1 - UNUSUAL) + 1e-9) / (n + 1) if n else 1 - UNUSUAL
        return round(UNUSUAL * BINS), possible
    return ceil(round((1 - 1 / (n + 1)) * BINS, 9)) - 1, 1 / (n + 1)


def _flagged(counts: NDArray[np.int64]) -> Value:
    """The images that are too strange together for chance: `flagged` of them, those with a score above `flagged_above` (None: no image).

    Benjamini and Hochberg's rule on the edges of the bins, which flags the same or fewer.
    """
    stranger = np.cumsum(counts[::-1])
    chance = np.arange(1, BINS + 1) / BINS * int(stranger[-1])
    kept = np.flatnonzero((stranger > 0) & (chance <= FALSE_SHARE * stranger))
    if not kept.size:
        return {"flagged": 0, "flagged_above": None}
    return {"flagged": int(stranger[kept[-1]]), "flagged_above": (BINS - 1 - int(kept[-1])) / BINS}


def _calibration(reference: Reference | None) -> Value | None:
    found = reference.calibration if reference is not None else None
    if found is None:
        return None
    return {
        "holds": found.holds,
        "images": found.images,
        "held_out": found.held_out,
        "distance": found.distance,
        "shares": [{"expected": e, "found": f} for e, f in zip(LEVELS, found.shares, strict=False)],
        "sentence": found.sentence,
    }


def _one_in(share: float) -> int | None:
    return round(1 / share) if share > 0 else None


def _sentence(share: float, expected: float) -> str:
    usual = f"by chance one in {_one_in(expected)} would be"
    if share <= 0:
        return f"no image is unusual ({usual})"
    return f"one in {_one_in(share)} images is unusual ({usual})"


def point(states: States, reference: Reference | None) -> Value:
    whole = value(states, reference)
    return {name: whole.get(name) for name in ("scored", "mean", "median", "unusual_share", "flagged", "flagged_above")}


METRIC = Summed(
    title="Outlier score",
    definition="How unusual each image is among the training data, 0 to 1; by chance one in a hundred exceeds 0.99. "
    "The stranger of two views counts: the model's own features, and what the image looks like.",
    formula="score = 1 − conformal p-value of min(kNN on features, kNN on image statistics); unusual = score > 0.99, or the highest "
    "score there can be where fewer than 100 calibration images are known; flagged = Benjamini–Hochberg among the images of the window or point, "
    "at most one in ten of them by chance",
    source="Distance to nearest neighbours (Sun et al. 2022, arXiv:2204.06507), conformal p-values and flags (Bates et al. 2023, arXiv:2104.08279)",
    needs="training data",
    tasks=EVERY_TASK,
    unit="score",
    observe=observe,
    value=value,
    point=point,
)
