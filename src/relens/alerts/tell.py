"""Writes down what a rule has to tell: the alert, its history, and a delivery for every channel. Inside one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from relens.alerts import channel_rows, delivery_rows, store
from relens.alerts.alert import Alert, AlertEvent, EventKind, no_data_sentence, resolved_sentence, sentence
from relens.alerts.delivery import GROUP_S, Delivery
from relens.alerts.message import Told
from relens.alerts.rule import AlertRule, Change, Reading, Watch
from relens.alerts.slice import Slice, shown
from relens.alerts.subject import FEED, next_step, next_step_when_unknown
from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.clock import SECOND, Micros
from relens.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to a rule with one slice ("" for all images), and what was known then."""

    rule: AlertRule
    deployment: Deployment
    slice: str
    change: Change
    reading: Reading
    cause: str
    at: Micros
    address: str


def tell(connection: Connection, what: Happening, before: Watch) -> None:
    """`before`: where the rule stood."""
    if what.change == "firing":
        _begin(connection, what, snoozed=what.at < before.snoozed_until)
    elif what.change == "resolved":
        _end(connection, what)
    elif what.change == "reminder":
        _remind(connection, what, woken=before.snoozed_until > 0)
    else:
        _of_data(connection, what, before)


def _begin(connection: Connection, what: Happening, snoozed: bool) -> None:
    rule, value = what.rule, what.reading.value
    assert value is not None
    name, count = what.deployment.name, what.reading.count
    part_of = _same_trouble(connection, what)
    alert = Alert(
        new_id(), rule.id, rule.deployment, rule.metric, rule.field, rule.operator, value, rule.value, count, "firing", what.at,
        None, None, None, sentence(rule, name, value, count, what.cause, what.slice), rule.severity, what.slice, what.cause,
        part_of=part_of, told=not snoozed and part_of is None,
    )  # fmt: skip
    store.insert_alert(connection, alert)
    remember(connection, alert, "firing", what.at, what.reading)
    if alert.told:
        _deliver(connection, what, alert, sentence(rule, name, value, count, slice_=what.slice))


def _end(connection: Connection, what: Happening) -> None:
    value = what.reading.value if what.reading.point is None else what.reading.point
    assert value is not None
    for alert in store.firing(connection, what.rule.id, what.slice):
        store.change_alert(
            connection, alert.id, state="resolved", resolved_at=what.at, ended_value=value, snoozed_until=None
        )
        remember(connection, alert, "resolved", what.at, replace(what.reading, value=value))
        if alert.told:
            _deliver(
                connection, what, alert, resolved_sentence(what.rule, what.deployment.name, value, what.slice), value
            )


def _remind(connection: Connection, what: Happening, woken: bool) -> None:
    """Whoever has seen an alert is not reminded of it, unless they asked to be later."""
    value, count = what.reading.value, what.reading.count
    for alert in store.firing(connection, what.rule.id, what.slice):
        if alert.part_of is not None or (alert.acknowledged_by is not None and not woken):
            continue
        store.change_alert(connection, alert.id, told=1, snoozed_until=None)
        remember(connection, alert, "woken" if woken else "reminder", what.at, what.reading)
        said = (
            alert.sentence
            if value is None
            else sentence(what.rule, what.deployment.name, value, count, slice_=what.slice)
        )
        _deliver(connection, what, alert, said, value)


def _of_data(connection: Connection, what: Happening, before: Watch) -> None:
    back = what.change == "data"
    seconds = (what.at - before.unknown_since) // SECOND if before.unknown_since else what.rule.no_data_after_s or 0
    minutes = max(seconds // 60, 1) * 60
    said = no_data_sentence(what.rule, what.deployment.name, what.slice, minutes, back)
    # Whoever has the inbox among the channels of the rule is told there, and not twice.
    if what.at < before.snoozed_until or not _deliver(connection, what, None, said, unknown_since=before.unknown_since):
        channel_rows.post_notice(connection, what.at, what.change, what.rule.severity, what.deployment.id, said)


def remember(
    connection: Connection,
    alert: Alert,
    kind: EventKind,
    at: Micros,
    reading: Reading | None,
    by: str | None = None,
    note: str = "",
) -> None:
    """A line of the alert's history, with the numbers at the time."""
    value, count = (reading.value, reading.count) if reading is not None else (None, None)
    store.insert_event(connection, AlertEvent(new_id(), alert.id, at, kind, value, count, by, note))


def _same_trouble(connection: Connection, what: Happening) -> str | None:
    """The standing alert about silence that says it already: one feed that stops is one message."""
    if what.rule.metric not in FEED or (what.rule.metric == "silence" and not what.slice):
        return None
    for other in store.alerts(connection, what.rule.deployment, open_only=True):
        wider = other.slice == "" or (other.slice == what.slice and what.rule.metric != "silence")
        if other.metric == "silence" and wider and other.rule != what.rule.id:
            return other.id
    return None


def _deliver(
    connection: Connection,
    what: Happening,
    alert: Alert | None,
    said: str,
    value: float | None = None,
    unknown_since: Micros = 0,
) -> bool:
    """Whether the inbox of the pages is among those who are told."""
    told = told_of(what, alert, said, value, unknown_since)
    known = channel_rows.several(connection, what.rule.channels)
    active = [channel for channel in what.rule.channels if channel in known and known[channel].active]
    for channel in active:
        delivery_rows.insert(connection, delivery(what.rule, told, channel, what.at))
    return any(known[channel].kind == "in_app" for channel in active)


def told_of(what: Happening, alert: Alert | None, said: str, value: float | None, unknown_since: Micros = 0) -> Told:
    """The thing told, with everything a receiver may want to know of it. `unknown_since`: of a number that is not known (0: it is)."""
    rule = what.rule
    step = next_step_when_unknown if what.change == "no data" else next_step
    now = value if value is not None or alert is None or what.change != "firing" else alert.value
    return Told(
        state=what.change,
        sentence=said,
        deployment=what.deployment.name,
        link=f"{what.address}/deployments/{what.deployment.name}",
        rule=rule.id,
        alert=alert.id if alert else None,
        metric=rule.metric,
        field=rule.field,
        operator=rule.operator,
        source=Slice.of(rule, what.slice).source,
        slice=shown(rule, what.slice) or None,
        severity=rule.severity,
        value=now,
        value_then=alert.value if alert else None,
        limit=alert.limit if alert else rule.value,
        count=what.reading.count,
        since=clock.to_text(alert.since if alert else unknown_since or what.at),
        cause=alert.cause if alert else "",
        next_step=step(rule.metric, rule.field),
    )


def delivery(rule: AlertRule, told: Told, channel: str, at: Micros, wait_s: int = GROUP_S) -> Delivery:
    """One thing on its way; it waits a little for what else happens at the same time."""
    due = at + wait_s * SECOND
    return Delivery(
        new_id(), rule.id, told.alert, rule.deployment, told.state, channel, told.as_json(), "waiting", 0, due, "", at, None
    )  # fmt: skip
