"""How large the images are and which shape they have."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from relens.metrics import histogram
from relens.metrics.images import Images
from relens.metrics.metric import EVERY_TASK, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference

_SIDES = np.array(sorted({round(2.0 ** (k / 16)) for k in range(265)}), dtype=np.float64)
"""Upper bin edges for a side in pixels, sixteen per doubling up to about 93,000."""
_AREAS = np.array([2.0**k for k in range(8, 34)])
"""Upper bin edges for an area in pixels, from 16 x 16 on, one per doubling."""
RATIOS = ("very tall", "tall", "square", "wide", "very wide", "extremely wide")
RATIO_EDGES = np.array([0.5, 0.99, 1.01, 1.5, 2.5])
"""Upper edges of width / height; each edge belongs to the bin below it, so that nothing falls between two."""


EDGES = {"width": _SIDES, "height": _SIDES, "area": _AREAS}


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """One int64 vector: widths, heights, areas on their fixed bins, each followed by the totals of its bins, then ratios."""
    several = Images.of(images)
    width, height = several.width, several.height
    pieces = (
        histogram.counts(_SIDES, width),
        histogram.totals(_SIDES, width),
        histogram.counts(_SIDES, height),
        histogram.totals(_SIDES, height),
        histogram.counts(_AREAS, width * height),
        histogram.totals(_AREAS, width * height),
        histogram.counts(RATIO_EDGES, width / height),
    )
    return {"": np.concatenate(pieces)}


def value(states: States, reference: Reference | None) -> Value:
    width, widths, height, heights, area, areas, ratio = _apart(states)
    return {
        "width": {"median": histogram.typical(width, widths, 0.5), "counts": _listed(_SIDES, width, widths)},
        "height": {"median": histogram.typical(height, heights, 0.5), "counts": _listed(_SIDES, height, heights)},
        "area": {"median": histogram.typical(area, areas, 0.5)},
        "areas": _listed(_AREAS, area, areas),
        "ratios": {name: int(n) for name, n in zip(RATIOS, ratio, strict=True)},
    }


def _apart(states: States) -> list[NDArray[np.int64]]:
    cuts = np.cumsum([len(_SIDES) + 1] * 4 + [len(_AREAS) + 1] * 2)
    return np.split(np.asarray(states[""], dtype=np.int64), cuts)


def _listed(edges: NDArray[np.float64], counts: NDArray[np.int64], totals: NDArray[np.int64]) -> list[Value]:
    ends = [*edges.tolist(), None]
    return [
        {"up_to": ends[i], "images": int(counts[i]), "mean": int(totals[i]) / int(counts[i])}
        for i in np.flatnonzero(counts).tolist()
    ]


def point(states: States, reference: Reference | None) -> Value:
    width, widths, height, heights, *_ = _apart(states)
    return {"width": histogram.typical(width, widths, 0.5), "height": histogram.typical(height, heights, 0.5)}


METRIC = Summed(
    title="Image size",
    definition="Widths, heights, areas and aspect ratios of the predicted images, upright.",
    formula="counts on fixed bins, and the sum in each: a median is the mean of its bin, exact where the images are of one size, else within 4.5 %; ratio = width / height: very tall ≤ 0.5 < tall < square (± 1 %) < wide ≤ 1.5 "
    "< very wide ≤ 2.5 < extremely wide",
    source="A count of our own",
    needs="predictions",
    tasks=EVERY_TASK,
    unit="px",
    observe=observe,
    value=value,
    point=point,
    version=2,
    sees_erased=True,
)
