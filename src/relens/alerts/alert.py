"""An alert: one time a rule began to hold, until it no longer did; what happened to it; and the sentences that tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from relens.alerts.rule import AlertRule, Operator, Severity
from relens.alerts.slice import shown
from relens.alerts.subject import OF_PRODUCTION, Subject, subject_of, written
from relens.kit.clock import Micros

AlertState = Literal["firing", "resolved"]
EventKind = Literal["firing", "resolved", "reminder", "acknowledged", "snoozed", "woken"]


@dataclass(frozen=True, slots=True)
class Alert:
    """`value` is the number when it began, `limit` the rule's at that time, `ended_value` the number when it was over.

    `slice`: which images it is about (a source, "tag night", "label scratch"), "" for all. `cause`: what is likely behind it, in a sentence ("" for not known). `part_of`: the alert
    that tells of the same trouble, so that this one was not told by itself. `told`: somebody was, or is about to be.
    """

    id: str
    rule: str
    deployment: str
    metric: str
    field: str
    operator: Operator
    value: float
    limit: float
    count: int
    state: AlertState
    since: Micros
    resolved_at: Micros | None
    acknowledged_by: str | None
    acknowledged_at: Micros | None
    sentence: str
    severity: Severity = "warning"
    slice: str = ""
    cause: str = ""
    ended_value: float | None = None
    snoozed_until: Micros | None = None
    part_of: str | None = None
    told: bool = True


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One thing that happened to an alert, with the number at that time, and by whom where a person did it."""

    id: str
    alert: str
    at: Micros
    kind: EventKind
    value: float | None
    count: int | None
    by: str | None
    note: str = ""


def sentence(rule: AlertRule, name: str, value: float, count: int, cause: str = "", slice_: str = "") -> str:
    """What people read: "latency p95 of conveyor is 812 ms, above 500 ms (last hour, 240 images)"."""
    subject = subject_of(rule.metric, rule.field)
    now, limit = written(value, subject.unit), written(rule.value, subject.unit)
    said = f"{_about(rule, subject, name, slice_)} is {now}, {rule.operator} {limit}{_behind(rule, count)}"
    return f"{said}; {cause}" if cause else said


def resolved_sentence(rule: AlertRule, name: str, value: float, slice_: str = "") -> str:
    subject = subject_of(rule.metric, rule.field)
    limit = written(rule.clear, subject.unit)
    now = written(value, subject.unit)
    return f"{subject.title} of {_place(rule, name, slice_)} is {now}, no longer {rule.operator} {limit}"


def no_data_sentence(rule: AlertRule, name: str, slice_: str, seconds: int, back: bool) -> str:
    subject = subject_of(rule.metric, rule.field)
    if back:
        return f"{subject.title} of {_place(rule, name, slice_)} is known again"
    return f"{subject.title} of {_place(rule, name, slice_)} has not been known for {duration(seconds)}: too few images, or none"


def _about(rule: AlertRule, subject: Subject, name: str, slice_: str) -> str:
    if rule.estimator == "point":
        return f"{subject.title} of {_place(rule, name, slice_)}"
    title = subject.title.replace(" on reviewed images", " of all traffic")
    return f"the {rule.estimator} bound of {title} of {_place(rule, name, slice_)}"


def _place(rule: AlertRule, name: str, slice_: str) -> str:
    about = shown(rule, slice_)
    return f"{name} ({about})" if about else name


def _behind(rule: AlertRule, count: int) -> str:
    """What the number rests on; silence is about no window, and unlogged answers are summed by day."""
    if rule.metric in ("silence", "unlogged"):
        return ""
    if rule.metric in ("volume", "throughput"):
        return f" ({span(rule.window_s)})"
    if (rule.metric, rule.field) in OF_PRODUCTION:
        return f" ({count:,} images)"
    unit = (
        "reviews"
        if rule.estimator != "point" and subject_of(rule.metric, rule.field).bounded == "all traffic"
        else "images"
    )
    return f" ({span(rule.window_s)}, {count:,} {unit})"


def span(seconds: int) -> str:
    """ "last hour", "last 3 days"."""
    written_out = duration(seconds)
    return f"last {written_out.removeprefix('1 ')}" if written_out.startswith("1 ") else f"last {written_out}"


def duration(seconds: int) -> str:
    """ "1 hour", "3 days", "61 seconds"."""
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            n = seconds // size
            return f"1 {word}" if n == 1 else f"{n} {word}s"
    return f"{seconds} seconds"
