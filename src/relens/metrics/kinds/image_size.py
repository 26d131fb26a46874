"""How large the images are and which shape they have."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from relens.metrics import histogram
from relens.metrics.metric import EVERY_TASK, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference

_SIDES = np.array(sorted({round(2.0 ** (k / 8)) for k in range(133)}), dtype=np.float64)
"""Upper bin edges for a side in pixels, eight per doubling up to about 93,000."""
_AREAS = np.array([4.0**k for k in range(4, 17)])
"""Upper bin edges for an area: 16 x 16, 32 x 32, ... pixels."""
RATIOS = ("very tall", "tall", "square", "wide", "very wide", "extremely wide")
_RATIO_EDGES = np.array([0.5, 0.99, 1.01, 1.5, 2.5])
"""Upper edges of width / height; each edge belongs to the bin below it, so that nothing falls between two."""


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """One int64 vector: widths, heights, areas, ratios on their fixed bins."""
    width = np.array([image.width for image in images], dtype=np.float64)
    height = np.array([image.height for image in images], dtype=np.float64)
    pieces = (
        histogram.counts(_SIDES, width),
        histogram.counts(_SIDES, height),
        histogram.counts(_AREAS, width * height),
        histogram.counts(_RATIO_EDGES, width / height),
    )
    return {"": np.concatenate(pieces)}


def value(states: States, reference: Reference | None) -> Value:
    width, height, area, ratio = _apart(states)
    ends = [*_AREAS.tolist(), None]
    return {
        "width": _described(width),
        "height": _described(height),
        "areas": [{"up_to": end, "images": int(n)} for end, n in zip(ends, area, strict=True) if n],
        "ratios": {name: int(n) for name, n in zip(RATIOS, ratio, strict=True)},
    }


def _apart(states: States) -> list[NDArray[np.int64]]:
    cuts = np.cumsum([len(_SIDES) + 1, len(_SIDES) + 1, len(_AREAS) + 1])
    return np.split(np.asarray(states[""], dtype=np.int64), cuts)


def _described(counts: NDArray[np.int64]) -> Value:
    filled = np.flatnonzero(counts)
    return {
        "median": histogram.quantile(_SIDES, counts, 0.5),
        "counts": [
            {"up_to": float(_SIDES[min(i, len(_SIDES) - 1)]), "images": int(counts[i])} for i in filled.tolist()
        ],
    }


def point(states: States, reference: Reference | None) -> Value:
    width, height, *_ = _apart(states)
    return {"width": histogram.quantile(_SIDES, width, 0.5), "height": histogram.quantile(_SIDES, height, 0.5)}


METRIC = Summed(
    title="Image size",
    definition="Widths, heights, areas and aspect ratios of the predicted images, upright.",
    formula="counts on fixed bins (within 9 %); ratio = width / height: very tall ≤ 0.5 < tall < square (± 1 %) < wide ≤ 1.5 "
    "< very wide ≤ 2.5 < extremely wide",
    needs="predictions",
    tasks=EVERY_TASK,
    unit="px",
    observe=observe,
    value=value,
    point=point,
)
