"""How far production has moved away from the training data, and in which way."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from relens.kit.spoken import percent
from relens.metrics import histogram
from relens.metrics.categories import among
from relens.metrics.heatmap import chance_variation, total_variation
from relens.metrics.ks import ks_from_counts, noise_adjusted
from relens.metrics.metric import EVERY_TASK, Observed, State, States, Summed, Value
from relens.metrics.reference import Feature, Reference, Spread

MOST_FEATURES = 12
OUTLIER = Feature("outlier", "outlier score", "model", "more ordinary", "stranger")
"""The headline's number as a feature among the others."""
_TAIL = 0.1
_SEEN = frozenset(
    ("brightness", "contrast", "log_sharpness", "saturation", "red_green", "blue_green", "log_area", "log_aspect")
)
"""Of an image, what anybody sees who lays two of them side by side."""
_HEED = {"image": 0.7, "prediction": 0.7, "model": 0.5}


def in_order(moved: Sequence[Value]) -> list[Value]:
    """The features people are told of, the first of them in the sentence: by how far each moved beyond chance.

    Numbers that move together say one thing several times, and people are told the one they can see: what is not seen at a glance comes
    before what is only if it moved more than 1 / 0.7 times as far, a number of the model only if it moved more than twice as far.
    """
    return sorted(moved, key=lambda one: (-one["d_beyond_chance"] * heed(one), -one["d"] * heed(one), one["name"]))


def heed(moved: Value) -> float:
    """What a distance counts when features are put in order."""
    return 1.0 if moved["name"] in _SEEN else _HEED.get(moved["family"], 0.5)


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """One int64 vector: the outlier scores, then each feature, counted on the reference's bins.

    Numbers that come from a model are counted only where the reference was fitted with the same version.
    """
    if reference is None:
        return {}
    scores = np.array([image.outlier for image in images if image.outlier is not None], dtype=np.float64)
    pieces = [histogram.counts(reference.outlier.edges, scores)]
    mine = [image for image in images if image.own_reference]
    every, own = _table(images, reference), _table(mine, reference)
    for column, (feature, spread) in enumerate(zip(reference.features, reference.spreads, strict=True)):
        if feature.categories:
            places = [place for one in mine for place in among(feature, one.answered, one.width, one.height)]
            pieces.append(histogram.counts(spread.edges, np.array(places, dtype=np.float64)))
            continue
        values = every if feature.family == "image" else own
        pieces.append(histogram.counts(spread.edges, values[:, column]))
    together = np.concatenate(pieces)
    return {"": together} if together.any() else {}


def _table(images: Sequence[Observed], reference: Reference) -> NDArray[np.float64]:
    width = len(reference.features)
    rows = [image.scalars for image in images if image.scalars is not None and len(image.scalars) == width]
    return np.array(rows, dtype=np.float64).reshape(-1, width)


def pieces(state: State, reference: Reference) -> list[NDArray[np.int64]]:
    """The counts of the outlier score and of each feature, taken apart."""
    # By hand: np.split takes twenty times as long, and one page asks for hundreds.
    counts, begun, found = np.asarray(state, dtype=np.int64), 0, []
    for spread in reference.all_spreads():
        end = begun + len(spread.counts)
        found.append(counts[begun:end])
        begun = end
    return found


def scores_of(state: State, reference: Reference) -> NDArray[np.int64]:
    """The counts of the outlier score alone."""
    return np.asarray(state[: len(reference.outlier.counts)], dtype=np.int64)


def value(states: States, reference: Reference | None) -> Value:
    if reference is None:
        return {}
    scores, *features = pieces(states[""], reference)
    moved = [
        described
        for feature, spread, counts in zip(reference.features, reference.spreads, features, strict=True)
        if (described := moved_feature(feature, spread, counts)) is not None
    ]
    return {**headline(reference.outlier, scores), "features": in_order(moved)[:MOST_FEATURES]}


def headline(usual: Spread, counts: NDArray[np.int64]) -> Value:
    """The distance of the outlier scores; `d_beyond_chance` is what is left of it when sampling noise is taken off."""
    distance = ks_from_counts(counts, usual.counts)
    n = int(counts.sum())
    if distance is None:
        return {"d": None, "bound": None, "d_beyond_chance": None, "n": n, "reference_n": usual.n}
    beyond = noise_adjusted(distance.d, n, usual.n)
    return {"d": distance.d, "bound": distance.bound, "d_beyond_chance": beyond, "n": n, "reference_n": usual.n}


def moved_feature(
    feature: Feature, spread: Spread, counts: NDArray[np.int64], known_as: str = "training data"
) -> Value | None:
    """How far one feature has moved from `spread`, which way, and a sentence about it; `known_as`: what `spread` is of."""
    if feature.categories:
        return _moved_mix(feature, spread, counts)
    distance = ks_from_counts(counts, spread.counts)
    if distance is None:
        return None
    n = int(counts.sum())
    gap = spread.counts.cumsum() / spread.n - counts.cumsum() / n
    up = gap[np.abs(gap).argmax()] > 0
    usual, now = (histogram.quantile(spread.edges, c, 0.5) for c in (spread.counts, counts))
    return {
        "name": feature.name,
        "title": feature.title,
        "family": feature.family,
        "d": distance.d,
        "bound": distance.bound,
        "d_beyond_chance": noise_adjusted(distance.d, n, spread.n),
        "direction": "up" if up else "down",
        "sentence": _sentence(feature, spread, counts, bool(up), known_as),
        "usual": usual,
        "now": now,
        "n": n,
    }


def _moved_mix(feature: Feature, spread: Spread, counts: NDArray[np.int64]) -> Value | None:
    """What there is more of now, or less where that says more."""
    d = total_variation(counts, spread.counts)
    if d is None:
        return None
    n = int(counts.sum())
    names = np.array(feature.categories)
    then, now = (
        {str(name): float(shares[names == name].sum()) for name in dict.fromkeys(feature.categories)}
        for shares in (spread.counts / spread.n, counts / n)
    )
    name = max(then, key=lambda one: (abs(now[one] - then[one]), now[one]))
    up = now[name] >= then[name]
    what = (
        f"{'more' if up else 'fewer'} answers are {name}"
        if feature.name == "label_mix"
        else f"{'more' if up else 'fewer'} boxes are at the {name}"
    )
    return {
        "name": feature.name,
        "title": feature.title,
        "family": feature.family,
        "d": d,
        "bound": 0.0,
        "d_beyond_chance": max(d - chance_variation(spread.counts, n), 0.0),
        "direction": "up" if up else "down",
        "sentence": f"{what}: {feature.says(then[name])} → {feature.says(now[name])}",
        "usual": None,
        "now": None,
        "n": n,
    }


def _sentence(feature: Feature, spread: Spread, counts: NDArray[np.int64], up: bool, known_as: str) -> str:
    """ "darker: median brightness 0.463 → 0.29", or, when the middle stays, where the images went instead."""
    word = feature.up if up else feature.down
    usual, now = (histogram.quantile(spread.edges, c, 0.5) for c in (spread.counts, counts))
    if usual is not None and now is not None and (now > usual) == up and feature.says(now) != feature.says(usual):
        return f"{word}: median {feature.title} {feature.says(usual)} → {feature.says(now)}"
    edge = histogram.quantile(spread.edges, spread.counts, 1 - _TAIL if up else _TAIL)
    if edge is None:
        return f"{word}: {feature.title}"
    bin_ = int(np.searchsorted(spread.edges, edge, side="left")) + (1 if up else 0)
    side = slice(bin_, None) if up else slice(0, bin_)
    then, share = spread.counts[side].sum() / spread.n, counts[side].sum() / max(counts.sum(), 1)
    where = "above" if up else "below"
    if share <= then:
        return f"{word}: {feature.title} is distributed differently"
    return f"{word}: {percent(share)} of images have {feature.title} {where} {feature.says(edge)} ({known_as}: {percent(then)})"


def point(states: States, reference: Reference | None) -> Value:
    if reference is None:
        return {}
    whole = headline(reference.outlier, pieces(states[""], reference)[0])
    return {name: whole[name] for name in ("d", "bound", "d_beyond_chance", "n")}


METRIC = Summed(
    title="KS drift",
    definition="Distance between production and training data, 0 (same) to 1: the largest gap between the two "
    "distribution functions of the outlier score; below it the features that moved most, those first that people can see.",
    formula="D = sup |F_production − F_training| on the training data's 64 quantile bins; true D in [d, d + bound]; "
    "beyond chance = √max(d² − (π²/12)(1/n + 1/m), 0)",
    source="Two-sample Kolmogorov–Smirnov statistic; alarms by e-detectors (Shin, Ramdas and Rinaldo 2022, arXiv:2203.03532)",
    needs="training data",
    tasks=EVERY_TASK,
    unit="distance",
    observe=observe,
    value=value,
    point=point,
)
