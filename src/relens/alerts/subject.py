"""What alerts can be about: a number of a metric, how it is written, and what to do when it is beyond its limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from relens.kit.errors import Invalid
from relens.kit.spoken import percent

Unit = Literal["ms", "share", "distance", "images", "times", "per minute", "number"]
Bounded = Literal["no", "share", "all traffic"]

_LATENCY = "compare the latency of the versions and look at what else runs on the machine; if it began with a promotion, roll back"
_FEED = "look at the camera, the line and the program that sends images"
_UNLOGGED = "free some space on the disk of the images and the database: /readyz says what is wrong"
_DRIFT = "look at the images behind it: mark them as normal, or review them so that the next version learns them"
_UNUSUAL = "look at the most unusual images; review them, or mend the camera"
_REVIEWED = "look at the latest corrections; train on them, or bring the version before back"
_UNKNOWN = "the dashboard says what is missing; where no images come, look at the camera, the line and the program that sends them"
_UNREVIEWED = "review some of the latest images, the random checks first"
_ANSWERS = "look at a few of the latest answers beside those of last week"


class BadRule(Invalid):
    """A rule that could never hold, or about a number that does not exist."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A number alerts can be about.

    `bounded`: where a lower and an upper bound come from: the share itself ("share"), or the estimate for all traffic from random checks.
    """

    title: str
    unit: Unit
    next_step: str = ""
    bounded: Bounded = "no"


SUBJECTS: dict[tuple[str, str], Subject] = {
    ("latency", "p50"): Subject("median latency", "ms", _LATENCY),
    ("latency", "p90"): Subject("latency p90", "ms", _LATENCY),
    ("latency", "p95"): Subject("latency p95", "ms", _LATENCY),
    ("latency", "p99"): Subject("latency p99", "ms", _LATENCY),
    ("latency", "mean"): Subject("mean latency", "ms", _LATENCY),
    ("errors", "share"): Subject(
        "share of failed predictions",
        "share",
        "read the latest errors in the log, the most frequent kind first",
        "share",
    ),
    ("volume", "images"): Subject("number of images", "images", _FEED),
    ("throughput", "per_minute"): Subject("throughput", "per minute", _FEED),
    ("silence", "usual_gaps"): Subject("silence", "times", _FEED),
    ("unlogged", "today"): Subject("number of answers that could not be logged since yesterday", "images", _UNLOGGED),
    ("outlier", "unusual_share"): Subject("share of unusual images", "share", _UNUSUAL, "share"),
    ("outlier", "mean"): Subject("mean outlier score", "number", _UNUSUAL),
    ("drift", "from_usual"): Subject("drift from usual production", "distance", _DRIFT),
    ("drift", "d"): Subject("drift from the training data", "distance", _DRIFT),
    ("drift", "d_beyond_chance"): Subject("drift beyond chance from the training data", "distance", _DRIFT),
    ("detections_per_image", "mean"): Subject("detections per image", "number", _ANSWERS),
    ("detections_per_image", "empty_share"): Subject("share of images without detections", "share", _ANSWERS),
    ("confidence", "mean"): Subject("mean confidence", "number", _ANSWERS),
    ("average_precision", "map50"): Subject("mAP50 on reviewed images", "number", _REVIEWED, "all traffic"),
    ("average_precision", "map50_95"): Subject("mAP50-95 on reviewed images", "number", _REVIEWED, "all traffic"),
    ("detection_report", "precision"): Subject("precision on reviewed images", "share", _REVIEWED, "all traffic"),
    ("detection_report", "recall"): Subject("recall on reviewed images", "share", _REVIEWED, "all traffic"),
    ("detection_report", "f1"): Subject("F1 on reviewed images", "share", _REVIEWED, "all traffic"),
    ("classification_report", "accuracy"): Subject("accuracy on reviewed images", "share", _REVIEWED, "all traffic"),
    ("classification_report", "balanced_accuracy"): Subject("balanced accuracy on reviewed images", "share", _REVIEWED),
    ("classification_report", "macro_f1"): Subject("macro F1 on reviewed images", "share", _REVIEWED),
}
"""By metric and field of its value; the first field of a metric listed here is not special, DEFAULT_FIELD is."""

OF_PRODUCTION = frozenset({("drift", "from_usual")})
"""Judged over the windows of usual production, not over a rule's own: a distance is told once it is no chance, and 0 before."""

DEFAULT_FIELD: dict[str, str] = {
    "latency": "p95",
    "errors": "share",
    "volume": "images",
    "throughput": "per_minute",
    "silence": "usual_gaps",
    "unlogged": "today",
    "outlier": "unusual_share",
    "drift": "from_usual",
    "detections_per_image": "mean",
    "confidence": "mean",
    "average_precision": "map50",
    "detection_report": "precision",
    "classification_report": "accuracy",
}

FEED = {"volume", "throughput", "silence"}
"""About whether images come at all: none is a number here, and a stand-still is no news while one is planned."""

COUNTS = FEED | {"unlogged"}
"""Of these none is a number too."""

ALL_OR_SOURCE = FEED | {"drift"}
"""Of these sums are kept by source, and nothing else is asked for."""
BY_LABEL = {"confidence", "average_precision", "detection_report", "classification_report"}
"""These can be told of the answers of one label."""


def subject_of(metric: str, field: str) -> Subject:
    """What the rule is about; BadRule when alerts cannot be about it."""
    if (metric, field) not in SUBJECTS:
        known_ones = ", ".join(f"{m}.{f}" for m, f in SUBJECTS)
        raise BadRule(f"there is no alert about {metric}.{field}: choose one of {known_ones}")
    return SUBJECTS[metric, field]


def next_step(metric: str, field: str) -> str:
    """What to do when the number is beyond its limit."""
    return subject_of(metric, field).next_step


def next_step_when_unknown(metric: str, field: str) -> str:
    """What to do about a number that is not known: what its being beyond a limit asks for would not help."""
    return _UNREVIEWED if subject_of(metric, field).next_step == _REVIEWED else _UNKNOWN


def written(value: float, unit: Unit) -> str:
    """A number as people read it."""
    if unit == "share":
        return percent(value, 1)
    if unit == "images":
        return f"{value:,.0f} images"
    if unit == "ms":
        return f"{value:,.0f} ms" if value >= 100 else f"{value:.1f} ms" if value >= 1 else f"{value:.3g} ms"
    if unit == "per minute":
        return f"{value:,.3g} images per minute"
    if unit == "times":
        return f"{value:.3g} times the usual gap"
    return f"{value:.3g}"
