"""About two dozen numbers per prediction that move when the world does: of the image, of the model, of what it found.

Drift compares how they are spread now with how they were. NaN says that a number does not apply to this prediction.
"""

from __future__ import annotations

import math
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
_LEVELS = np.arange(256, dtype=np.float64)

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


def of_the_image(looked: Look) -> Floats:
    """The numbers in the order of NAMES where nobody knows what a model found, or all of it: those of the image, the others are not known."""
    return np.asarray([*looked.numbers, *[math.nan] * (len(NAMES) - len(looked.numbers))], np.float32)


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
    # In whole numbers of few bytes, and from the histogram where that is enough: after a model has run nothing of this is in the processor's
    # caches, and what is brought there counts, not what is worked out.
    width, height = image.small.size
    pixels = width * height
    planes = np.ascontiguousarray(np.asarray(image.small).reshape(-1, 3).T)
    red, green, blue = (np.add.reduce(planes, axis=1, dtype=np.uint32) / pixels).tolist()
    most, least = np.maximum.reduce(planes), np.minimum.reduce(planes)
    saturation = np.divide(most - least, np.maximum(most, 1), dtype=np.float32)
    shares = np.asarray(image.grey.histogram(), np.float64) / pixels
    brightness = float(np.add.reduce(shares * _LEVELS))
    present = shares[shares > 0]
    return (
        math.log(image.width * image.height),
        math.log(image.width / image.height),
        brightness / 255,
        math.sqrt(float(np.add.reduce(shares * (_LEVELS - brightness) ** 2))) / 255,
        _log_sharpness(np.asarray(image.grey).astype(np.int16)),
        float(np.add.reduce(saturation)) / pixels,
        -float(np.add.reduce(present * np.log2(present))),
        float(np.add.reduce(shares[:5])),
        float(np.add.reduce(shares[251:])),
        (red - green) / 255,
        (blue - green) / 255,
    )


def _log_sharpness(grey: npt.NDArray[np.int16]) -> float:
    """Log of the variance of the Laplacian, on the small copy: a fixed scale, whatever the camera's resolution."""
    if min(grey.shape) < 3:
        return float("nan")
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    values = laplacian.ravel().astype(np.float32)
    mean = float(np.add.reduce(values)) / values.size
    return math.log1p(max(0.0, float(np.add.reduce(values * values)) / values.size - mean * mean))


def _of_model(found: Found, feature: npt.NDArray[np.floating] | None) -> tuple[float, ...]:
    # Mostly a handful of numbers, for which Python takes less time than numpy to begin.
    nan = float("nan")
    norm = nan if feature is None else _norm(feature.astype(np.float32))
    sure: list[float] = found.confidences.tolist()
    if not sure:
        return norm, 0.0, nan, nan, nan
    total = max(sum(sure), 1e-12)
    entropy = -sum(one / total * math.log(max(one / total, 1e-12)) for one in sure)
    margin = sure[0] - sure[1] if len(sure) > 1 else sure[0]
    return norm, sure[0], sum(sure) / len(sure), entropy, margin


def _norm(feature: Floats) -> float:
    return math.sqrt(float(feature.dot(feature)))


def _of_boxes(image: Image, found: Found, threshold: float) -> tuple[float, ...]:
    nan = float("nan")
    # Confidences have 32 bits, and are compared with what these bits can say.
    level, near = float(np.float32(threshold)), float(np.float32(NEAR))
    sure: list[float] = found.confidences.tolist()
    close = [abs(one - level) <= near for one in sure]
    if found.boxes is None:
        return nan, float(sum(close[:1])), nan, nan, nan, nan, nan
    said = [place for place, one in enumerate(sure) if one >= level]
    among = sum(close) / max(1, sum(one >= level or beside for one, beside in zip(sure, close, strict=True)))
    if not said:
        return 0.0, among if any(close) else nan, nan, nan, nan, nan, 0.0
    boxes = (found.boxes[said] if len(said) < len(sure) else found.boxes).tolist()
    sizes = [(max(x2 - x1, 1e-6), max(y2 - y1, 1e-6)) for x1, y1, x2, y2 in boxes]
    whole = image.width * image.height
    return (
        float(len(said)),
        among,
        _median([math.log(width * height / whole) for width, height in sizes]),
        _median([math.log(width / height) for width, height in sizes]),
        sum((x1 + x2) / 2 for x1, _, x2, _ in boxes) / len(said) / image.width,
        sum((y1 + y2) / 2 for _, y1, _, y2 in boxes) / len(said) / image.height,
        min(1.0, sum(width * height for width, height in sizes) / whole),
    )


def _median(values: list[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
