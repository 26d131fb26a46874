"""Rows of alert rules and where they stand, of alerts and of what happened to them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from relens.alerts.alert import Alert, AlertEvent
from relens.alerts.rule import AlertRule, NoRule, Watch
from relens.alerts.tables import alert, alert_event, alert_rule, alert_watch
from relens.infra.statements import add, upsert
from relens.kit.clock import Micros

_WATCH = tuple(Watch.__dataclass_fields__)


def insert_rule(connection: Connection, rule: AlertRule) -> None:
    add(connection, alert_rule, _row(rule))


def replace_rule(connection: Connection, rule: AlertRule) -> None:
    connection.execute(update(alert_rule).where(alert_rule.c.id == rule.id).values(**_row(rule)))


def delete_rule(connection: Connection, rule_id: str) -> None:
    """Its alerts stay as history."""
    connection.execute(delete(alert_rule).where(alert_rule.c.id == rule_id))
    connection.execute(delete(alert_watch).where(alert_watch.c.rule == rule_id))


def get_rule(connection: Connection, rule_id: str, lock: bool = False) -> AlertRule:
    """NoRule when there is none. `lock` holds the row until the transaction ends."""
    query = select(alert_rule).where(alert_rule.c.id == rule_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NoRule(f"there is no alert rule {rule_id}")
    return _rule(row)


def rules(connection: Connection, deployment: str | None = None, active_only: bool = False) -> list[AlertRule]:
    """The oldest first."""
    query = select(alert_rule).order_by(alert_rule.c.created_at, alert_rule.c.id)
    if deployment is not None:
        query = query.where(alert_rule.c.deployment == deployment)
    if active_only:
        query = query.where(alert_rule.c.active == 1)
    return [_rule(row) for row in connection.execute(query)]


def watches(connection: Connection, rule_ids: Collection[str]) -> dict[str, dict[str, Watch]]:
    """Where rules stand, by rule and slice."""
    found: dict[str, dict[str, Watch]] = {rule_id: {} for rule_id in rule_ids}
    for row in connection.execute(select(alert_watch).where(alert_watch.c.rule.in_(rule_ids))):
        found[row.rule][row.slice] = _watch(row)
    return found


def get_watch(connection: Connection, rule_id: str, slice_: str) -> Watch:
    here = (alert_watch.c.rule == rule_id) & (alert_watch.c.slice == slice_)
    row = connection.execute(select(alert_watch).where(here)).one_or_none()
    return Watch() if row is None else _watch(row)


def set_watch(connection: Connection, rule_id: str, slice_: str, watch: Watch) -> None:
    values = {name: getattr(watch, name) for name in _WATCH} | {"no_data": int(watch.no_data)}
    upsert(connection, alert_watch, [{"rule": rule_id, "slice": slice_, **values}], ["rule", "slice"], _WATCH)


def forget_watches(connection: Connection, rule_id: str) -> None:
    connection.execute(delete(alert_watch).where(alert_watch.c.rule == rule_id))


def insert_alert(connection: Connection, made: Alert) -> None:
    values = {name: getattr(made, name) for name in Alert.__dataclass_fields__}
    add(connection, alert, values | {"told": int(made.told)})


def get_alert(connection: Connection, alert_id: str) -> Alert:
    """NoRule when there is none."""
    row = connection.execute(select(alert).where(alert.c.id == alert_id)).one_or_none()
    if row is None:
        raise NoRule(f"there is no alert {alert_id}")
    return _alert(row)


def change_alert(connection: Connection, alert_id: str, **values: Any) -> None:
    connection.execute(update(alert).where(alert.c.id == alert_id).values(**values))


def firing(connection: Connection, rule_id: str, slice_: str | None = None) -> list[Alert]:
    """The alerts of this rule that stand now, of one slice or of all."""
    query = select(alert).where(alert.c.rule == rule_id, alert.c.state == "firing").order_by(alert.c.since)
    if slice_ is not None:
        query = query.where(alert.c.slice == slice_)
    return [_alert(row) for row in connection.execute(query)]


def alerts(
    connection: Connection,
    deployment: str | None,
    open_only: bool,
    before: tuple[Micros, str] | None = None,
    limit: int = 100,
) -> list[Alert]:
    """The newest first."""
    query = select(alert).order_by(alert.c.since.desc(), alert.c.id.desc()).limit(limit)
    if deployment is not None:
        query = query.where(alert.c.deployment == deployment)
    if open_only:
        query = query.where(alert.c.state == "firing")
    if before is not None:
        query = query.where(or_(alert.c.since < before[0], and_(alert.c.since == before[0], alert.c.id < before[1])))
    return [_alert(row) for row in connection.execute(query)]


def count_open(connection: Connection, deployment: str) -> int:
    """How many alerts of a deployment stand."""
    query = select(func.count()).select_from(alert).where(alert.c.deployment == deployment, alert.c.state == "firing")
    return int(connection.execute(query).scalar_one())


def open_by_severity(connection: Connection) -> dict[tuple[str, str], int]:
    """How many alerts stand, by deployment and severity."""
    at = (alert.c.deployment, alert.c.severity)
    query = select(*at, func.count().label("n")).where(alert.c.state == "firing").group_by(*at)
    return {(row.deployment, row.severity): row.n for row in connection.execute(query)}


def acknowledge(connection: Connection, alert_id: str, by: str, at: Micros) -> bool:
    """The first one who saw it stays; whether that was now."""
    unseen = (alert.c.id == alert_id) & alert.c.acknowledged_by.is_(None)
    return bool(connection.execute(update(alert).where(unseen).values(acknowledged_by=by, acknowledged_at=at)).rowcount)


def insert_event(connection: Connection, happened: AlertEvent) -> None:
    add(connection, alert_event, {name: getattr(happened, name) for name in AlertEvent.__dataclass_fields__})


def events(connection: Connection, alert_id: str) -> list[AlertEvent]:
    """What happened to an alert, in order."""
    query = select(alert_event).where(alert_event.c.alert == alert_id).order_by(alert_event.c.at, alert_event.c.id)
    return [
        AlertEvent(**{name: row._mapping[name] for name in AlertEvent.__dataclass_fields__})
        for row in connection.execute(query)
    ]


def _row(rule: AlertRule) -> dict[str, Any]:
    values = {name: getattr(rule, name) for name in AlertRule.__dataclass_fields__}
    return values | {
        "active": int(rule.active),
        "channels": list(rule.channels),
    }


def _rule(row: Any) -> AlertRule:
    values = {name: getattr(row, name) for name in AlertRule.__dataclass_fields__}
    given = {"active": bool(row.active), "channels": tuple(row.channels)}
    return AlertRule(**values | given)


def _watch(row: Any) -> Watch:
    return Watch(**{name: getattr(row, name) for name in _WATCH} | {"no_data": bool(row.no_data)})


def _alert(row: Any) -> Alert:
    # `count` is a method of rows, so columns are asked for by name.
    values = {name: row._mapping[name] for name in Alert.__dataclass_fields__}
    return Alert(**values | {"told": bool(values["told"])})
