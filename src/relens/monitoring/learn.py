"""Learns from the measured training images what is usual: spreads of every number, and the outlier model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relens.inference import features
from relens.kit.errors import Invalid
from relens.kit.ids import share_of
from relens.metrics import components, outlier, outlier_check
from relens.metrics.components import Components
from relens.metrics.outlier import OutlierModel
from relens.metrics.outlier_check import Calibration
from relens.metrics.reference import Feature, Reference, Shown, Spread
from relens.monitoring.fitted import Fitted, image_columns

ENOUGH_VALIDATION = 50
"""With fewer validation images the numbers come from all images, each judged by the others: better coarse than absent."""
LEAST_IMAGES = 10
CHECKED = 2_000

_SHOWN: dict[str, Shown] = {
    **dict.fromkeys(("saturation", "clipped_dark", "clipped_bright", "near_threshold", "covered"), "share"),
    **dict.fromkeys(("log_area", "log_aspect", "log_sharpness", "log_box_area", "log_box_aspect"), "log"),
}


class TooFewTrainingImages(Invalid):
    """A handful of images says nothing about what is usual."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The training images as the champion sees them; row i of every column is image i.

    `scalars` float32 (n, features); `vectors` float16 (n, d), or None when the model has no feature output.
    """

    assets: tuple[str, ...]
    validation: NDArray[np.bool_]
    scalars: NDArray[np.float32]
    vectors: NDArray[np.float16] | None
    mixes: Sequence[Feature] = ()
    """What the answers are shared out among."""
    shared: NDArray[np.int32] | None = None
    """(n, categories of all `mixes`): how many answers of each image fall into each; None: not known."""


def learn(
    reference_id: str, measured: Measured, labels: Mapping[str, int], scenes: Mapping[str, str] | None = None
) -> Fitted:
    """What is usual. Numbers that come from the model are taken from validation images where there are enough:

    a network is surer of images it was trained on, and production would seem to have drifted from the first day.
    `scenes`: by asset, which images belong together. Raises TooFewTrainingImages.
    """
    if len(measured.assets) < LEAST_IMAGES:
        raise TooFewTrainingImages(
            f"the training and validation splits have {len(measured.assets)} readable images; at least {LEAST_IMAGES} are needed"
        )
    held_out = measured.validation if measured.validation.sum() >= ENOUGH_VALIDATION else None
    apart = np.zeros(len(measured.assets), dtype=bool) if held_out is None else held_out
    found = _components(measured, held_out)
    words = described() + (found.features() if found else ())
    scalars = _with_components(measured, found, held_out)
    spreads = [
        Spread.of(_column(scalars, i, None if feature.family == "image" else held_out))
        for i, feature in enumerate(words)
    ]
    if measured.shared is not None:
        words, scalars = (*words, *measured.mixes), _with_gaps(scalars, len(measured.mixes))
        spreads += _mixed(measured.shared, measured.mixes, held_out)
    image = image_columns(words)
    model = _outlier_model(measured, image, held_out)
    reference = Reference(
        reference_id,
        len(measured.assets),
        words,
        tuple(spreads),
        Spread.of(calibration_scores(model)),
        dict(labels),
        _checked(measured, image, held_out, scenes or {}),
        model.appearance_only,
    )
    return Fitted(reference, model, measured.assets, scalars, apart, found)


def described() -> tuple[Feature, ...]:
    """The numbers of `inference.features` with their words."""
    return tuple(Feature(name, *_words(name), _SHOWN.get(name, "plain")) for name in features.NAMES)


def _words(name: str) -> tuple[str, str, str, str]:
    title, down, up = features.describe(name)
    return title, features.FAMILY[name], down, up


def calibration_scores(model: OutlierModel) -> NDArray[np.float64]:
    """The outlier score of each calibration image among the others."""
    stranger = model.calibration_ranks.min(axis=0)
    rank = np.searchsorted(np.sort(stranger), stranger, side="right")
    return np.asarray(1.0 - rank * model.resolution, dtype=np.float64)


def _outlier_model(
    measured: Measured, image: Sequence[int], held_out: NDArray[np.bool_] | None, among: NDArray[np.bool_] | None = None
) -> OutlierModel:
    """`among`: only of these images."""
    within = np.ones(len(measured.assets), dtype=bool) if among is None else among
    statistics, vectors = measured.scalars[:, list(image)].astype(np.float64), measured.vectors
    if held_out is None or (~held_out).sum() < LEAST_IMAGES:
        return outlier.fit(None if vectors is None else vectors[within], statistics[within])
    bank, judged = within & ~held_out, within & held_out
    return outlier.fit(
        None if vectors is None else vectors[bank],
        statistics[bank],
        None if vectors is None else vectors[judged],
        statistics[judged],
    )


def _checked(
    measured: Measured, image: Sequence[int], held_out: NDArray[np.bool_] | None, scenes: Mapping[str, str]
) -> Calibration:
    """Whether the outlier scores keep their word; of many images a part says that as well."""
    places = np.arange(len(measured.assets)) if held_out is None else np.flatnonzero(held_out)
    places = places[:CHECKED]
    rest = np.zeros(len(measured.assets), dtype=bool) if held_out is None else ~held_out
    statistics, vectors = measured.scalars[:, list(image)].astype(np.float64), measured.vectors

    def score(apart: NDArray[np.bool_]) -> NDArray[np.float64]:
        among = rest.copy()
        among[places[~apart]] = True
        model, new = _outlier_model(measured, image, held_out, among), places[apart]
        return 1 - model.score(None if vectors is None else vectors[new], statistics[new])

    names = [scenes.get(measured.assets[i], measured.assets[i]) for i in places]
    parts = [int(share_of(name, "calibration") * outlier_check.PARTS) for name in names]
    return outlier_check.check(score, parts, held_out is not None)


def _components(measured: Measured, held_out: NDArray[np.bool_] | None) -> Components | None:
    if measured.vectors is None:
        return None
    return components.learn(measured.vectors[_learned_from(len(measured.assets), held_out)])


def _learned_from(n: int, held_out: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Which images the directions come from: not those whose numbers production is compared with, as they fit those too well."""
    return np.arange(n) % 2 == 0 if held_out is None else ~held_out


def _with_components(
    measured: Measured, found: Components | None, held_out: NDArray[np.bool_] | None
) -> NDArray[np.float32]:
    if found is None or measured.vectors is None:
        return measured.scalars
    more = found.of(measured.vectors)
    more[_learned_from(len(more), held_out)] = np.nan
    return np.concatenate([measured.scalars, more.astype(np.float32)], axis=1)


def _with_gaps(scalars: NDArray[np.float32], columns: int) -> NDArray[np.float32]:
    """With columns that no image has a number in."""
    return np.concatenate([scalars, np.full((len(scalars), columns), np.nan, dtype=np.float32)], axis=1)


def _mixed(shared: NDArray[np.int32], mixes: Sequence[Feature], held_out: NDArray[np.bool_] | None) -> list[Spread]:
    counts = shared.sum(axis=0, dtype=np.int64) if held_out is None else shared[held_out].sum(axis=0, dtype=np.int64)
    return [Spread.of_categories(c) for c in np.split(counts, np.cumsum([len(f.categories) for f in mixes])[:-1])]


def _column(scalars: NDArray[np.float32], i: int, rows: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    column = scalars[:, i].astype(np.float64)
    return column if rows is None else column[rows]
