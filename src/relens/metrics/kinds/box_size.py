"""How large the answered boxes are and which proportions they have."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from relens.metrics import histogram
from relens.metrics.matching import AREA_RANGES, AREAS
from relens.metrics.metric import WITH_SHAPES, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference

_SIDES = np.array(sorted({round(2.0 ** (k / 4)) for k in range(53)}), dtype=np.float64)
"""Upper edges for the square root of a box's area in pixels, four per doubling up to 8,192."""
_SHARES = np.array([0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0])
"""Upper edges for the share of the image a box covers."""
_RATIOS = np.array([0.1, 0.2, 0.5, 2 / 3, 0.8, 1.25, 1.5, 2.0, 5.0, 10.0])
"""Upper edges for width / height."""
_COCO = AREA_RANGES[1:3, 1]
_EDGES = (_SIDES, _SHARES, _RATIOS, _COCO)


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """Per label one int64 vector: root of the area, share of the image, width / height, COCO's three sizes."""
    boxes: dict[str, list[tuple[float, float, float]]] = {}
    for image in images:
        for found in image.answered:
            if found.shape is not None:
                box = found.shape.box()
                width, height = box.x2 - box.x1, box.y2 - box.y1
                boxes.setdefault(found.label, []).append((width, height, image.width * image.height))
    return {label: _state(np.array(found, dtype=np.float64)) for label, found in boxes.items()}


def _state(boxes: NDArray[np.float64]) -> State:
    width, height, image = boxes.T
    area = width * height
    values = (np.sqrt(area), np.minimum(area / image, 1.0), width / np.maximum(height, 1e-9), area)
    return np.concatenate([histogram.counts(edges, v) for edges, v in zip(_EDGES, values, strict=True)])


def value(states: States, reference: Reference | None) -> Value:
    return {
        **_described(_together(states)),
        "labels": {label: _brief(state) for label, state in sorted(states.items())},
    }


def _together(states: States) -> State:
    return sum(states.values(), start=np.zeros(sum(len(edges) + 1 for edges in _EDGES), dtype=np.int64))


def _apart(state: State) -> list[NDArray[np.int64]]:
    return np.split(np.asarray(state, dtype=np.int64), np.cumsum([len(edges) + 1 for edges in _EDGES])[:-1])


def _brief(state: State) -> Value:
    side, share, _, coco = _apart(state)
    return {
        "count": int(side.sum()),
        "median_side": histogram.quantile(_SIDES, side, 0.5),
        "median_share": histogram.quantile(_SHARES, share, 0.5),
        "sizes": dict(zip(AREAS[1:], coco.tolist(), strict=True)),
    }


def _described(state: State) -> Value:
    side, share, ratio, _ = _apart(state)
    return {
        **_brief(state),
        "median_ratio": histogram.quantile(_RATIOS, ratio, 0.5),
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
    formula="side = √(width × height), bins within 19 %; small ≤ 32² < medium ≤ 96² < large square pixels; ratio = width / height",
    needs="predictions",
    tasks=WITH_SHAPES,
    unit="px",
    observe=observe,
    value=value,
    point=point,
)
