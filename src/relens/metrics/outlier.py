"""How unusual one image is among the reference: a conformal p-value of the stranger of two distances.

One distance is taken among the model's own features, the other among a few image statistics: a model's features do not
notice a blurred lens, statistics do not notice a new kind of object. No autoencoder: it finds blur *more* normal.
Where a model offers no features the score is "appearance only".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relens.kit.errors import Invalid
from relens.metrics.neighbours import NOT_IN_BANK, Neighbours, Rows, normalised, standardisation

Floats = NDArray[np.float64]

LARGEST_BANK = 10_000
"""More reference images than this are represented by a random subset: Spearman .97 with the full bank at a tenth of the cost."""
NEIGHBOUR, NEIGHBOUR_IN_SUBSET = 10, 5
FEWEST = 2


class TooFewImages(Invalid):
    """No two usable reference images: there is nothing to be unusual among."""


@dataclass(frozen=True, eq=False)
class OutlierModel:
    """What is kept of the reference. `calibration_*` are ascending distances of the calibration images, one per arm."""

    columns: NDArray[np.int64]
    """The statistics that are used: those at least half of the bank has."""
    centre: Floats
    scale: Floats
    appearance: Neighbours
    features: Neighbours | None
    calibration_appearance: Floats
    calibration_features: Floats | None
    calibration_ranks: NDArray[np.int64]
    """(arms, calibration images): each calibration image's own rank in each arm, 1 is the strangest."""

    @property
    def appearance_only(self) -> bool:
        """True when no features were known of the reference."""
        return self.features is None

    @property
    def resolution(self) -> float:
        """The smallest p-value there can be: 1 / (calibration images + 1)."""
        return 1.0 / (len(self.calibration_appearance) + 1)

    def score(self, features: ArrayLike | None, statistics: ArrayLike) -> Floats:
        """1 - p for each image, float64[n] in [0, 1): higher is stranger; p is uniform for images like the reference.

        `features` (n, d), or None for "appearance only"; `statistics` (n, s). A row with NaN or infinity is as strange
        as can be.
        """
        if np.size(statistics) == 0:
            return np.empty(0)
        standard = (_rows(statistics)[:, self.columns] - self.centre) / self.scale
        rank = _ranks(self.calibration_appearance, self.appearance.distances(standard))
        if features is not None and self.features is not None and self.calibration_features is not None:
            distances = self.features.distances(normalised(_rows(features)))
            rank = _joint_rank(rank, _ranks(self.calibration_features, distances), self.calibration_ranks)
        return np.asarray(1.0 - rank * self.resolution, dtype=np.float64)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as arrays, for one npz file."""
        arrays: dict[str, NDArray[Any]] = {
            "columns": self.columns,
            "centre": self.centre,
            "scale": self.scale,
            "appearance_bank": self.appearance.bank,
            "appearance_k": np.array(self.appearance.k),
            "calibration_appearance": self.calibration_appearance,
            "calibration_ranks": self.calibration_ranks,
        }
        if self.features is not None and self.calibration_features is not None:
            arrays |= {"features_bank": self.features.bank, "features_k": np.array(self.features.k)}
            arrays["calibration_features"] = self.calibration_features
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "OutlierModel":
        """The model that `to_arrays` was asked of."""
        known = {name: np.asarray(arrays[name]) for name in arrays}
        features = None
        if "features_bank" in known:
            features = Neighbours(known["features_bank"], int(known["features_k"]))
        return cls(
            known["columns"],
            known["centre"],
            known["scale"],
            Neighbours(known["appearance_bank"], int(known["appearance_k"])),
            features,
            known["calibration_appearance"],
            known.get("calibration_features"),
            known["calibration_ranks"],
        )


def fit(
    bank_features: ArrayLike | None,
    bank_statistics: ArrayLike,
    calibration_features: ArrayLike | None = None,
    calibration_statistics: ArrayLike | None = None,
    seed: int = 0,
) -> OutlierModel:
    """Learn what is usual from a bank of reference images and calibrate on images the model was not trained on.

    `bank_features` (n, d) or None, `bank_statistics` (n, s); the same columns for calibration, best 1,000 images or
    more: they set the resolution. Without calibration images (or when they are the bank) each bank image is judged by
    the others. Features count only where both sides have them. Raises TooFewImages.
    """
    statistics = _rows(bank_statistics)
    judged = statistics if calibration_statistics is None else _rows(calibration_statistics)
    itself = np.array_equal(statistics, judged, equal_nan=True)
    rng = np.random.default_rng(seed)
    picked = np.sort(rng.permutation(len(judged))[:LARGEST_BANK])
    columns = np.flatnonzero(np.isfinite(statistics).mean(axis=0) >= 0.5) if len(statistics) else np.arange(0)
    centre, scale = standardisation(statistics[:, columns])
    standard, standard_judged = ((rows[:, columns] - centre) / scale for rows in (statistics, judged))
    appearance = _arm(standard, standard_judged, picked, itself, rng)
    if appearance is None or not len(columns) or not len(picked):
        raise TooFewImages(f"an outlier score needs at least {FEWEST} reference images with image statistics")
    features = None
    if bank_features is not None and (itself or calibration_features is not None):
        bank = normalised(_rows(bank_features))
        features = _arm(bank, bank if itself else normalised(_rows(calibration_features)), picked, itself, rng)
    arms = [arm.calibration for arm in (appearance, features) if arm is not None]
    return OutlierModel(
        columns=columns,
        centre=centre,
        scale=scale,
        appearance=appearance.neighbours,
        features=None if features is None else features.neighbours,
        calibration_appearance=np.sort(appearance.calibration),
        calibration_features=None if features is None else np.sort(features.calibration),
        calibration_ranks=np.array([_ranks(np.sort(arm), arm) - 1 for arm in arms]),
    )


def one_in_n(score: float) -> float:
    """ "1 in N images of the reference are this unusual": 1 / p."""
    return 1.0 / (1.0 - score)


def in_words(score: float) -> str:
    """ "1 in 120 training images is this unusual"; the usual half is said to be just that."""
    if score < 0.5:
        return "as usual as most training images"
    return f"1 in {one_in_n(min(score, 1 - 1e-9)):,.0f} training images is this unusual"


class _Arm(NamedTuple):
    neighbours: Neighbours
    calibration: Floats


def _arm(bank: Rows, judged: Rows, picked: NDArray[np.int64], itself: bool, rng: np.random.Generator) -> _Arm | None:
    """One kind of distance, and that of the picked calibration images; None without two usable bank images.

    An image that is in the bank is judged by the others: its distance to itself would make it look too usual.
    """
    kept = np.flatnonzero(np.isfinite(bank).all(axis=1))
    if len(kept) < FEWEST:
        return None
    k = NEIGHBOUR
    if len(kept) > LARGEST_BANK:
        kept, k = np.sort(rng.choice(kept, LARGEST_BANK, replace=False)), NEIGHBOUR_IN_SUBSET
    own = np.full(len(judged), NOT_IN_BANK, dtype=np.int64)
    if itself:
        own[kept] = np.arange(len(kept))
    neighbours = Neighbours(bank[kept], min(k, len(kept) - 1))
    return _Arm(neighbours, neighbours.distances(judged[picked], own[picked]))


def _ranks(calibration: Floats, distances: Floats) -> NDArray[np.int64]:
    """1 + how many calibration images are at least as far; `calibration` ascending."""
    return 1 + len(calibration) - np.searchsorted(calibration, distances, side="left")


def _joint_rank(first: NDArray[np.int64], second: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.int64]:
    """1 + how many calibration images' smaller rank is no larger than the image's smaller rank.

    Ranks are taken with the new image among them, which moves every calibration image it exceeds one place back; only
    those just below it can be affected, hence the minus one. So an image beyond all others both ways has rank 1, not 3.
    """
    smaller = np.minimum(first, second)
    limits = smaller - (first == smaller), smaller - (second == smaller)
    result = np.empty(len(smaller), dtype=np.int64)
    for start in range(0, len(result), 256):
        some = slice(start, start + 256)
        stranger = (own[0] <= limits[0][some, None]) | (own[1] <= limits[1][some, None])
        result[some] = 1 + stranger.sum(axis=1)
    return result


def _rows(values: ArrayLike | None) -> Floats:
    rows = np.asarray(values, dtype=np.float64)
    return rows if rows.ndim == 2 else rows.reshape(1 if rows.size else 0, -1)
