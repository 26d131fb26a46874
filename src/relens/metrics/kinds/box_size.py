"""How large the answered boxes are and which proportions they have."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from relens.metrics import histogram
from relens.metrics.images import Images
from relens.metrics.matching import AREA_RANGES, AREAS
from relens.metrics.metric import NOTHING_REACHED, WITH_SHAPES, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference

_SIDES = 2.0 ** (np.arange(13 * 8 + 1) / 8)
"""Upper edges for the square root of a box's area in pixels, eight per doubling up to 8,192."""
_SHARES = 2.0 ** (np.arange(-14 * 4, 1) / 4)
"""Upper edges for the share of the image a box covers, four per doubling."""
_RATIOS = 2.0 ** (np.arange(-4 * 8, 4 * 8 + 1) / 8)
"""Upper edges for width / height, eight per doubling from 1 : 16 to 16 : 1."""
_COCO = AREA_RANGES[1:3, 1]
_SCALES = ((_SIDES, 1e3), (_SHARES, 1e9), (_RATIOS, 1e6))
"""Each with the units in which the totals of its bins are kept."""
EDGES = {"side": _SIDES, "share": _SHARES, "ratio": _RATIOS}
SIZES = {"small": (None, 32.0), "medium": (32.0, 96.0), "large": (96.0, None)}
"""COCO's sizes as sides: above the first, up to the second."""
_MOST_RATIO = 1e4
_LENGTHS = [n for edges, _ in _SCALES for n in (len(edges) + 1,) * 2] + [len(_COCO) + 1]


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """Per label one int64 vector: root of the area, share of the image, width / height, each with the totals of its bins; COCO's sizes."""
    several = Images.of(images)
    said, area = several.answers, several.width * several.height
    x1, y1, x2, y2 = said.corners.T
    boxes = np.stack([x2 - x1, y2 - y1, area[said.image]], axis=1)
    return {label: _state(boxes[where]) for label, where in said.placed_by_label.items()}


def _state(boxes: NDArray[np.float64]) -> State:
    width, height, image = boxes.T
    area = width * height
    ratio = np.minimum(width / np.maximum(height, 1e-9), _MOST_RATIO)
    values = (np.sqrt(area), np.minimum(area / image, 1.0), ratio)
    pieces = []
    for (edges, scale), found in zip(_SCALES, values, strict=True):
        pieces += [histogram.counts(edges, found), histogram.totals(edges, found, scale)]
    return np.concatenate([*pieces, histogram.counts(_COCO, area)])


def value(states: States, reference: Reference | None) -> Value:
    return {
        **_described(_together(states)),
        "labels": {label: _brief(state) for label, state in sorted(states.items())},
    }


def _together(states: States) -> State:
    return sum(states.values(), start=np.zeros(sum(_LENGTHS), dtype=np.int64))


def _apart(state: State) -> list[NDArray[np.int64]]:
    return np.split(np.asarray(state, dtype=np.int64), np.cumsum(_LENGTHS)[:-1])


def _brief(state: State) -> Value:
    side, sides, share, shares, *_, coco = _apart(state)
    return {
        "count": int(side.sum()),
        "median_side": histogram.typical(side, sides, 0.5, 1e3),
        "median_share": histogram.typical(share, shares, 0.5, 1e9),
        "sizes": dict(zip(AREAS[1:], coco.tolist(), strict=True)),
    }


def _described(state: State) -> Value:
    side, _, share, _, ratio, ratios, _ = _apart(state)
    return {
        **_brief(state),
        "median_ratio": histogram.typical(ratio, ratios, 0.5, 1e6),
        "sides": _listed(_SIDES, side),
        "shares": _listed(_SHARES, share),
        "ratios": _listed(_RATIOS, ratio),
    }


def _listed(edges: NDArray[np.float64], counts: NDArray[np.int64]) -> list[Value]:
    ends = [*edges.tolist(), None]
    return [{"up_to": ends[i], "count": int(counts[i])} for i in np.flatnonzero(counts)]


def point(states: States, reference: Reference | None) -> Value:
    whole = _brief(_together(states))
    return {name: whole[name] for name in ("count", "median_side", "median_share")}


METRIC = Summed(
    title="Box size",
    definition="How large the answered boxes are, in pixels and as a share of the image, and their proportions; a mask counts as the box around it.",
    formula="side = √(width × height); a median is the mean of its bin (eight per doubling), exact where the boxes in it are equal; small ≤ 32² < medium ≤ 96² < large square pixels; ratio = width / height",
    source="Sizes as in COCO's evaluation (Lin et al. 2014, arXiv:1405.0312); bins of our own",
    needs="predictions",
    lacks=NOTHING_REACHED,
    tasks=WITH_SHAPES,
    unit="px",
    observe=observe,
    value=value,
    point=point,
    version=2,
)
