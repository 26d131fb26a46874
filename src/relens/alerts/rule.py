"""An alert rule: a number of a metric, a limit, and when crossing it is worth telling. Pure.

What is not known neither fires nor resolves anything: an alert that stands goes on standing when the data stops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from relens.kit.clock import SECOND, Micros
from relens.kit.errors import Invalid, NotFound

Operator = Literal["above", "below"]
State = Literal["ok", "pending", "firing"]
Change = Literal["firing", "resolved"]
Unit = Literal["ms", "share", "distance", "images", "number"]

LONGEST_WINDOW_S = 90 * 86_400


class BadRule(Invalid):
    """A rule that could never hold, or about a number that does not exist."""


class NoRule(NotFound):
    """There is no rule or alert of this id."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A number alerts can be about."""

    title: str
    unit: Unit


SUBJECTS: dict[tuple[str, str], Subject] = {
    ("latency", "p50"): Subject("median latency", "ms"),
    ("latency", "p95"): Subject("latency p95", "ms"),
    ("latency", "p99"): Subject("latency p99", "ms"),
    ("volume", "images"): Subject("number of images", "images"),
    ("outlier", "unusual_share"): Subject("share of unusual images", "share"),
    ("outlier", "mean"): Subject("mean outlier score", "number"),
    ("drift", "from_usual"): Subject("drift from usual production", "distance"),
    ("drift", "d"): Subject("drift from the training data", "distance"),
    ("drift", "d_beyond_chance"): Subject("drift from the training data beyond chance", "distance"),
    ("detections_per_image", "mean"): Subject("detections per image", "number"),
    ("detections_per_image", "empty_share"): Subject("share of images without detections", "share"),
    ("confidence", "mean"): Subject("mean confidence", "number"),
    ("average_precision", "map50"): Subject("mAP50 on reviewed images", "number"),
    ("detection_report", "precision"): Subject("precision on reviewed images", "share"),
    ("detection_report", "recall"): Subject("recall on reviewed images", "share"),
    ("detection_report", "f1"): Subject("F1 on reviewed images", "share"),
    ("classification_report", "accuracy"): Subject("accuracy on reviewed images", "share"),
}
"""By metric and field of its value; the first field of a metric listed here is not special, DEFAULT_FIELD is."""

OF_PRODUCTION = frozenset({("drift", "from_usual")})
"""Judged over the windows of usual production, not over a rule's own: a distance is told once it is no chance, and 0 before."""

DEFAULT_FIELD: dict[str, str] = {
    "latency": "p95",
    "volume": "images",
    "outlier": "unusual_share",
    "drift": "from_usual",
    "detections_per_image": "mean",
    "confidence": "mean",
    "average_precision": "map50",
    "detection_report": "precision",
    "classification_report": "accuracy",
}


@dataclass(frozen=True, slots=True)
class AlertRule:
    """`window_s`: over the last so many seconds. `min_count`: only when so many images stand behind the number.

    `clear_value`: the limit that ends an alert (None: the same). `for_s`: how long it must hold before anyone is told;
    `keep_firing_s`: how long it must be over before that is told.
    """

    id: str
    deployment: str
    metric: str
    field: str
    operator: Operator
    value: float
    window_s: int
    min_count: int
    webhook: str | None
    active: bool
    created_at: Micros
    created_by: str
    clear_value: float | None = None
    for_s: int = 0
    keep_firing_s: int = 0

    def __post_init__(self) -> None:
        subject_of(self.metric, self.field)
        limits = (self.value, self.clear if self.clear_value is not None else self.value)
        if not all(map(math.isfinite, limits)):
            raise BadRule("the limit of an alert is a finite number")
        if self.clear_value is not None and self._beyond(self.clear_value, self.value):
            raise BadRule("the value that ends an alert must not itself be beyond the limit")
        if not 60 <= self.window_s <= LONGEST_WINDOW_S:
            raise BadRule("a window is 60 seconds to 90 days long")
        if self.min_count < 1 or self.for_s < 0 or self.keep_firing_s < 0:
            raise BadRule("min_count is at least 1, and durations are not negative")

    @property
    def clear(self) -> float:
        return self.value if self.clear_value is None else self.clear_value

    def holds(self, value: float) -> bool:
        """Whether the number is beyond the limit."""
        return self._beyond(value, self.value)

    def still_holds(self, value: float) -> bool:
        """Whether it is still beyond the value that ends an alert."""
        return self._beyond(value, self.clear)

    def _beyond(self, value: float, limit: float) -> bool:
        return value > limit if self.operator == "above" else value < limit


@dataclass(frozen=True, slots=True)
class Reading:
    """The number now (None: not known) and how many images stand behind it."""

    value: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Where a rule stands. `since`: when this state began; `last_held`: when the number was last beyond its limit."""

    state: State = "ok"
    since: Micros = 0
    last_held: Micros = 0


def advance(rule: AlertRule, watch: Watch, reading: Reading, at: Micros) -> tuple[Watch, Change | None]:
    """The next state, and what there is to tell. At most one thing per call; firing and resolved take turns."""
    if not known(rule, reading):
        return (Watch("ok", at) if watch.state == "pending" else watch), None
    assert reading.value is not None
    if watch.state == "firing":
        return _while_firing(rule, watch, reading.value, at)
    if not rule.holds(reading.value):
        return (watch if watch.state == "ok" else Watch("ok", at)), None
    began = watch.since if watch.state == "pending" else at
    if at - began >= rule.for_s * SECOND:
        return Watch("firing", at, at), "firing"
    return Watch("pending", began, at), None


def known(rule: AlertRule, reading: Reading) -> bool:
    """Whether the number can be judged. How many images there are is known even when there are none."""
    if reading.value is None or not math.isfinite(reading.value):
        return False
    return rule.metric == "volume" or reading.count >= rule.min_count


def _while_firing(rule: AlertRule, watch: Watch, value: float, at: Micros) -> tuple[Watch, Change | None]:
    if rule.still_holds(value):
        return Watch("firing", watch.since, at), None
    if at - watch.last_held >= rule.keep_firing_s * SECOND:
        return Watch("ok", at), "resolved"
    return watch, None


def subject_of(metric: str, field: str) -> Subject:
    """What the rule is about; BadRule when alerts cannot be about it."""
    if (metric, field) not in SUBJECTS:
        known_ones = ", ".join(f"{m}.{f}" for m, f in SUBJECTS)
        raise BadRule(f"there is no alert about {metric}.{field}: choose one of {known_ones}")
    return SUBJECTS[metric, field]


def written(value: float, unit: Unit) -> str:
    """A number as people read it."""
    if unit == "share":
        return f"{value:.1%}"
    if unit == "images":
        return f"{value:,.0f} images"
    if unit == "ms":
        return f"{value:,.0f} ms" if value >= 100 else f"{value:.1f} ms"
    return f"{value:.3g}"
