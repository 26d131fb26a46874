"""How many detections one image gets."""

from collections.abc import Mapping, Sequence

import numpy as np

from relens.metrics.images import Images
from relens.metrics.metric import WITH_SHAPES, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference

MOST = 300
"""More are counted as this many (the readers stop there too); the mean is exact."""


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """int64[MOST + 2]: images with 0, 1, .. MOST detections, then the sum of detections."""
    found = np.array([len(said.labels) for said in Images.of(images).said], dtype=np.int64)
    return {"": np.append(np.bincount(np.minimum(found, MOST), minlength=MOST + 1), found.sum()).astype(np.int64)}


def value(states: States, reference: Reference | None) -> Value:
    counts, total = states[""][:-1], int(states[""][-1])
    images = int(counts.sum())
    if images == 0:
        return {"mean": None, "median": None, "empty_share": None, "counts": []}
    return {
        "mean": total / images,
        "median": int(np.searchsorted(np.cumsum(counts), images / 2)),
        "empty_share": int(counts[0]) / images,
        "counts": np.trim_zeros(counts, "b").tolist(),
    }


def point(states: States, reference: Reference | None) -> Value:
    whole = value(states, reference)
    return {name: whole[name] for name in ("mean", "median", "empty_share")}


METRIC = Summed(
    title="Detections per image",
    definition="How many detections at or above the threshold one image gets; counts[k] images have k.",
    formula="mean = detections / images; empty share = images without any / images",
    source="A count of our own",
    needs="predictions",
    tasks=WITH_SHAPES,
    unit="detections",
    observe=observe,
    value=value,
    point=point,
)
