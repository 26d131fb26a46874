"""An alert: one time a rule began to hold, until it no longer did; and the deliveries that tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from relens.alerts.rule import OF_PRODUCTION, AlertRule, Change, Operator, subject_of, written
from relens.kit.clock import SECOND, Micros

AlertState = Literal["firing", "resolved"]
DeliveryState = Literal["waiting", "sent", "failed"]
DeliveryKind = Literal["firing", "resolved", "test"]

GIVE_UP_AFTER_S = 86_400
_LONGEST_PAUSE_S = 600


@dataclass(frozen=True, slots=True)
class Alert:
    """`value` is the number when it began, `limit` the rule's at that time."""

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


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one address, tried until it arrives or is given up."""

    id: str
    rule: str
    alert: str | None
    kind: DeliveryKind
    channel: str
    target: str
    body: Mapping[str, Any]
    state: DeliveryState
    attempts: int
    next_at: Micros
    error: str
    created_at: Micros
    sent_at: Micros | None


def sentence(rule: AlertRule, name: str, value: float, count: int, cause: str = "") -> str:
    """What people read: "latency p95 of conveyor is 812 ms, above 500 ms (last hour, 240 images)"."""
    subject = subject_of(rule.metric, rule.field)
    now, limit = written(value, subject.unit), written(rule.value, subject.unit)
    if (rule.metric, rule.field) in OF_PRODUCTION:
        behind = f"{count:,} images"
    else:
        behind = span(rule.window_s) if rule.metric == "volume" else f"{span(rule.window_s)}, {count:,} images"
    said = f"{subject.title} of {name} is {now}, {rule.operator} {limit} ({behind})"
    return f"{said}; {cause}" if cause else said


def resolved_sentence(rule: AlertRule, name: str, value: float) -> str:
    subject = subject_of(rule.metric, rule.field)
    limit = written(rule.clear, subject.unit)
    return f"{subject.title} of {name} is {written(value, subject.unit)}, no longer {rule.operator} {limit}"


def span(seconds: int) -> str:
    """ "last hour", "last 3 days"."""
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            n = seconds // size
            return f"last {word}" if n == 1 else f"last {n} {word}s"
    return f"last {seconds} seconds"


def event(
    delivery_id: str, kind: Change | Literal["test"], alert: Mapping[str, Any], address: str, at: str
) -> dict[str, Any]:
    """A CloudEvents 1.0 event in structured mode; the id stays the same over all attempts, so that receivers can tell."""
    return {
        "specversion": "1.0",
        "id": delivery_id,
        "source": address,
        "type": f"relens.alert.{kind}",
        "subject": alert["deployment"],
        "time": at,
        "datacontenttype": "application/json",
        "data": dict(alert),
    }


def pause(attempts: int) -> Micros:
    """How long to wait after so many failed attempts: 1 s, 2 s, 4 s, .. 10 min."""
    return int(min(1 << max(attempts - 1, 0), _LONGEST_PAUSE_S)) * SECOND
