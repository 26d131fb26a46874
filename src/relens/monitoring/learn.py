"""Learns from the measured training images what is usual: spreads of every number, and the outlier model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relens.inference import features
from relens.kit.errors import Invalid
from relens.metrics import outlier
from relens.metrics.outlier import OutlierModel
from relens.metrics.reference import Feature, Reference, Shown, Spread
from relens.monitoring.fitted import Fitted, image_columns

ENOUGH_VALIDATION = 50
"""With fewer validation images the numbers come from all images, each judged by the others: better coarse than absent."""
LEAST_IMAGES = 10

_SHOWN: dict[str, Shown] = {
    **dict.fromkeys(("brightness", "contrast", "red_green", "blue_green"), "byte"),
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


def learn(reference_id: str, measured: Measured, labels: Mapping[str, int]) -> Fitted:
    """What is usual. Numbers that come from the model are taken from validation images where there are enough:

    a network is surer of images it was trained on, and production would seem to have drifted from the first day.
    Raises TooFewTrainingImages.
    """
    if len(measured.assets) < LEAST_IMAGES:
        raise TooFewTrainingImages(
            f"the training and validation splits have {len(measured.assets)} readable images; at least {LEAST_IMAGES} are needed"
        )
    words = described()
    held_out = measured.validation if measured.validation.sum() >= ENOUGH_VALIDATION else None
    spreads = [
        Spread.of(_column(measured, i, None if feature.family == "image" else held_out))
        for i, feature in enumerate(words)
    ]
    model = _outlier_model(measured, image_columns(words), held_out)
    reference = Reference(
        reference_id, len(measured.assets), words, tuple(spreads), Spread.of(calibration_scores(model)), dict(labels)
    )
    apart = np.zeros(len(measured.assets), dtype=bool) if held_out is None else held_out
    return Fitted(reference, model, measured.assets, measured.scalars, apart)


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


def _outlier_model(measured: Measured, image: Sequence[int], held_out: NDArray[np.bool_] | None) -> OutlierModel:
    statistics = measured.scalars[:, list(image)].astype(np.float64)
    if held_out is None:
        return outlier.fit(measured.vectors, statistics)
    bank = ~held_out
    if bank.sum() < LEAST_IMAGES:
        return outlier.fit(measured.vectors, statistics)
    vectors = measured.vectors
    return outlier.fit(
        None if vectors is None else vectors[bank],
        statistics[bank],
        None if vectors is None else vectors[held_out],
        statistics[held_out],
    )


def _column(measured: Measured, i: int, rows: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    column = measured.scalars[:, i].astype(np.float64)
    return column if rows is None else column[rows]
