"""What the images look like: brightness, contrast, sharpness, saturation, colour cast and clipping."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from relens.metrics import histogram
from relens.metrics.images import Images
from relens.metrics.metric import EVERY_TASK, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference

STATISTICS: dict[str, tuple[str, NDArray[np.float64]]] = {
    "brightness": ("mean grey, 0 black to 1 white", np.arange(1, 64) / 64),
    "contrast": ("standard deviation of grey, at most 0.5", np.arange(1, 64) / 128),
    "log_sharpness": ("log(1 + variance of the Laplacian) on a copy of fixed size", np.arange(1, 64) / 6),
    "saturation": ("mean of (largest − smallest channel) / largest", np.arange(1, 64) / 64),
    "entropy": ("bits of the histogram of greys", np.arange(1, 64) / 8),
    "clipped_dark": ("share of pixels that are nearly black", np.append(0.0, 2.0 ** np.arange(-12, 0.01, 0.25))),
    "clipped_bright": ("share of pixels that are nearly white", np.append(0.0, 2.0 ** np.arange(-12, 0.01, 0.25))),
    "red_green": ("mean red − mean green, −1 to 1", np.arange(-63, 64) / 128),
    "blue_green": ("mean blue − mean green, −1 to 1", np.arange(-63, 64) / 128),
}
"""What each is, and the upper edges it is counted on."""
CLIPPED = 0.05
"""An image with a larger share of black or white pixels counts as clipped."""
_SCALE = 1e6
_LENGTHS = [len(edges) + 1 for _, edges in STATISTICS.values() for _ in ("counts", "totals")]


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """One int64 vector: of each statistic the counts on its edges and the totals of its bins, in the order of STATISTICS. NaN is not counted."""
    measured = Images.of(images).measured
    known = [image for image in measured if image.scalars is not None and len(image.names) == len(image.scalars)]
    if not known:
        return {}
    names = known[0].names
    table = np.array([image.scalars for image in known if image.names == names], dtype=np.float64)
    pieces = []
    for name, (_, edges) in STATISTICS.items():
        values = table[:, names.index(name)] if name in names else np.empty(0)
        pieces += [histogram.counts(edges, values), histogram.totals(edges, values, _SCALE)]
    return {"": np.concatenate(pieces)}


def value(states: States, reference: Reference | None) -> Value:
    return {name: _described(name, *pieces) for name, pieces in _apart(states).items()}


def _apart(states: States) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Counts and totals by statistic."""
    pieces = np.split(np.asarray(states[""], dtype=np.int64), np.cumsum(_LENGTHS)[:-1])
    return dict(zip(STATISTICS, zip(pieces[::2], pieces[1::2], strict=True), strict=True))


def _described(name: str, counts: NDArray[np.int64], totals: NDArray[np.int64]) -> Value:
    meaning, edges = STATISTICS[name]
    n = int(counts.sum())
    quantiles = (("p10", 0.1), ("median", 0.5), ("p90", 0.9))
    found: Value = {q: histogram.typical(counts, totals, p, _SCALE) for q, p in quantiles}
    if name.startswith("clipped"):
        clipped = int(counts[int(np.searchsorted(edges, CLIPPED)) + 1 :].sum())
        found["clipped_images"], found["clipped_share"] = clipped, clipped / n if n else None
    return {"meaning": meaning, "n": n, **found, "edges": np.round(edges, 6).tolist(), "counts": counts.tolist()}


def point(states: States, reference: Reference | None) -> Value:
    return {name: histogram.typical(*pieces, 0.5, _SCALE) for name, pieces in _apart(states).items()}


METRIC = Summed(
    title="Image statistics",
    definition="How bright, contrasted, sharp and colourful the images are, whether they have a colour cast, and how much of them is "
    "clipped to black or white; computed on a copy of at most 128 pixels.",
    formula="counts on fixed edges, and the sum in each bin: a quantile is the mean of its bin; an image is clipped when more than 5 % of its pixels are black or white",
    source="Sharpness as the variance of the Laplacian (Pech-Pacheco et al. 2000, ICPR); the others are counts of our own",
    needs="predictions",
    lacks="nothing was measured of these images: they were predicted elsewhere and came without their pictures and without `scalars`, which `relens edge` sends",
    tasks=EVERY_TASK,
    unit="share",
    observe=observe,
    value=value,
    point=point,
    version=2,
)
