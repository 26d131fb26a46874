"""About two dozen numbers per prediction that move when the world does: of the image, of the model, of what it found.

Drift compares how they are spread now with how they were. NaN says that a number does not apply to this prediction.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from relens.inference.reader import Found
from relens.vision.decode import Image
from relens.vision.fingerprint import fingerprint

Floats = npt.NDArray[np.float32]
Family = Literal["image", "model", "prediction"]
UNKNOWN_THRESHOLD = 0.5
NEAR = 0.15
_GREY = np.asarray([0.299, 0.587, 0.114], np.float32)

_ALL: dict[str, tuple[Family, str, str, str]] = {
    "log_area": ("image", "image size", "smaller", "larger"),
    "log_aspect": ("image", "image proportions", "taller", "wider"),
    "brightness": ("image", "brightness", "darker", "brighter"),
    "contrast": ("image", "contrast", "flatter", "more contrasted"),
    "log_sharpness": ("image", "sharpness", "blurrier", "sharper or noisier"),
    "saturation": ("image", "colour saturation", "paler", "more colourful"),
    "entropy": ("image", "richness of greys", "plainer", "richer in greys"),
    "clipped_dark": ("image", "share of black pixels", "less crushed to black", "more crushed to black"),
    "clipped_bright": ("image", "share of white pixels", "less overexposed", "more overexposed"),
    "red_green": ("image", "red-green cast", "greener", "redder"),
    "blue_green": ("image", "blue-green cast", "greener than blue", "bluer"),
    "feature_norm": ("model", "strength of its response", "the model responds more weakly to the images", "the model responds more strongly to the images"),
    "confidence_max": ("model", "highest confidence", "less sure at best", "surer at best"),
    "confidence_mean": ("model", "mean confidence", "less sure", "surer"),
    "confidence_entropy": ("model", "spread of the confidence", "more decided", "more undecided"),
    "confidence_margin": ("model", "lead of the best answer", "closer calls", "clearer calls"),
    "detections": ("prediction", "detections per image", "fewer detections", "more detections"),
    "near_threshold": ("prediction", "share of answers near the threshold", "fewer close to the threshold", "more close to the threshold"),
    "log_box_area": ("prediction", "size of the boxes", "smaller boxes", "larger boxes"),
    "log_box_aspect": ("prediction", "proportions of the boxes", "taller boxes", "wider boxes"),
    "centre_x": ("prediction", "where the boxes are, across", "further left", "further right"),
    "centre_y": ("prediction", "where the boxes are, up and down", "further up", "further down"),
    "covered": ("prediction", "share of the image under boxes", "less covered", "more covered"),
}  # fmt: skip

NAMES: tuple[str, ...] = tuple(_ALL)
FAMILY: dict[str, Family] = {name: entry[0] for name, entry in _ALL.items()}


def describe(name: str) -> tuple[str, str, str]:
    """(title, what lower values look like, what higher values look like), for sentences such as "darker than usual"."""
    _, title, down, up = _ALL[name]
    return title, down, up


class Look(NamedTuple):
    """What the image alone says, whatever a model finds in it: its numbers in the order of NAMES, and its fingerprint."""

    numbers: tuple[float, ...]
    fingerprint: str


def look(image: Image) -> Look:
    """Less than a millisecond on the small copy, and it may be done while the model runs."""
    return Look(_of_image(image), fingerprint(image))


def scalars(
    image: Image,
    found: Found,
    feature: npt.NDArray[np.floating] | None,
    threshold: float | None = None,
    looked: Look | None = None,
) -> Floats:
    """The numbers of one prediction, in the order of NAMES. `threshold` is the model version's own (0.5 when unknown)."""
    level = UNKNOWN_THRESHOLD if threshold is None else threshold
    of_image = _of_image(image) if looked is None else looked.numbers
    return np.asarray([*of_image, *_of_model(found, feature), *_of_boxes(image, found, level)], np.float32)


def _of_image(image: Image) -> tuple[float, ...]:
    small = image.small.reshape(-1, 3)
    height, width = image.small.shape[:2]
    channels = small.T.astype(np.float32, order="C")
    red, green, blue = channels.mean(axis=1)
    grey = _GREY @ channels
    most, least = channels.max(axis=0), channels.min(axis=0)
    shares = np.bincount(grey.astype(np.uint8), minlength=256) / grey.size
    present = shares[shares > 0]
    return (
        float(np.log(image.width * image.height)),
        float(np.log(image.width / image.height)),
        float(grey.mean()) / 255,
        float(grey.std()) / 255,
        _log_sharpness(grey.reshape(height, width)),
        float(((most - least) / np.maximum(most, 1)).mean()),
        float(-(present * np.log2(present)).sum()),
        float(shares[:5].sum()),
        float(shares[251:].sum()),
        float(red - green) / 255,
        float(blue - green) / 255,
    )


def _log_sharpness(grey: Floats) -> float:
    """Log of the variance of the Laplacian, on the small copy: a fixed scale, whatever the camera's resolution."""
    if min(grey.shape) < 3:
        return float("nan")
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(np.log1p(laplacian.var()))


def _of_model(found: Found, feature: npt.NDArray[np.floating] | None) -> tuple[float, ...]:
    nan = float("nan")
    norm = nan if feature is None else float(np.linalg.norm(feature.astype(np.float32)))
    sure = found.confidences.astype(np.float64)
    if not len(sure):
        return norm, 0.0, nan, nan, nan
    shares = sure / max(float(sure.sum()), 1e-12)
    entropy = float(-(shares * np.log(np.maximum(shares, 1e-12))).sum())
    margin = float(sure[0] - sure[1]) if len(sure) > 1 else float(sure[0])
    return norm, float(sure[0]), float(sure.mean()), entropy, margin


def _of_boxes(image: Image, found: Found, threshold: float) -> tuple[float, ...]:
    nan = float("nan")
    sure, boxes = found.confidences, found.boxes
    near = np.abs(sure - threshold) <= NEAR
    if boxes is None:
        return nan, float(near[:1].sum()), nan, nan, nan, nan, nan
    said = sure >= threshold
    among = float(near.sum() / max(1, int((said | near).sum())))
    if not said.any():
        return 0.0, among if near.any() else nan, nan, nan, nan, nan, 0.0
    x1, y1, x2, y2 = boxes[said].T.astype(np.float64)
    width, height = np.maximum(x2 - x1, 1e-6), np.maximum(y2 - y1, 1e-6)
    whole = image.width * image.height
    return (
        float(said.sum()),
        among,
        _median(np.log(width * height / whole)),
        _median(np.log(width / height)),
        float(((x1 + x2) / 2).mean()) / image.width,
        float(((y1 + y2) / 2).mean()) / image.height,
        float(min(1.0, (width * height).sum() / whole)),
    )


def _median(values: npt.NDArray[np.float64]) -> float:
    """As numpy's own, which takes longer than everything else here together."""
    ordered, middle = np.sort(values), len(values) // 2
    return float(ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)
