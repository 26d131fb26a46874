"""Rows of alert rules and where they stand, of alerts, and of deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)

from relens.alerts.alert import Alert, Delivery
from relens.alerts.rule import AlertRule, NoRule, Watch
from relens.infra.database import add, metadata
from relens.kit.clock import Micros

alert_rule = Table(
    "alert_rule",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("metric", String(64), nullable=False),
    Column("field", String(64), nullable=False),
    Column("operator", String(8), nullable=False),
    Column("value", Float, nullable=False),
    Column("window_s", Integer, nullable=False),
    Column("min_count", Integer, nullable=False),
    Column("webhook", Text),
    Column("active", Integer, nullable=False),
    Column("clear_value", Float),
    Column("for_s", Integer, nullable=False),
    Column("keep_firing_s", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
    Column("state", String(10), nullable=False),
    Column("state_since", BigInteger, nullable=False),
    Column("last_held", BigInteger, nullable=False),
    Index("alert_rule_by_deployment", "deployment"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("rule", String(36), nullable=False),
    Column("deployment", String(36), nullable=False),
    Column("metric", String(64), nullable=False),
    Column("field", String(64), nullable=False),
    Column("operator", String(8), nullable=False),
    Column("value", Float, nullable=False),
    Column("limit", Float, nullable=False),
    Column("count", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("acknowledged_by", String(36)),
    Column("acknowledged_at", BigInteger),
    Column("sentence", Text, nullable=False),
    Index("alert_by_state", "state", "since"),
    Index("alert_by_deployment", "deployment", "since"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("rule", String(36), nullable=False),
    Column("alert", String(36)),
    Column("kind", String(10), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("target", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Index("delivery_by_state", "state", "next_at"),
    Index("delivery_by_rule", "rule", "created_at"),
)


def insert_rule(connection: Connection, rule: AlertRule) -> None:
    add(connection, alert_rule, _row(rule) | {"state": "ok", "state_since": rule.created_at, "last_held": 0})


def replace_rule(connection: Connection, rule: AlertRule) -> None:
    connection.execute(update(alert_rule).where(alert_rule.c.id == rule.id).values(**_row(rule)))


def delete_rule(connection: Connection, rule_id: str) -> None:
    """Its alerts stay as history."""
    connection.execute(delete(alert_rule).where(alert_rule.c.id == rule_id))


def get_rule(connection: Connection, rule_id: str, lock: bool = False) -> tuple[AlertRule, Watch]:
    """The rule and where it stands; NoRule when there is none. `lock` holds the row until the transaction ends."""
    query = select(alert_rule).where(alert_rule.c.id == rule_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NoRule(f"there is no alert rule {rule_id}")
    return _rule(row), _watch(row)


def rules(
    connection: Connection, deployment: str | None = None, active_only: bool = False
) -> list[tuple[AlertRule, Watch]]:
    """The oldest first."""
    query = select(alert_rule).order_by(alert_rule.c.created_at, alert_rule.c.id)
    if deployment is not None:
        query = query.where(alert_rule.c.deployment == deployment)
    if active_only:
        query = query.where(alert_rule.c.active == 1)
    return [(_rule(row), _watch(row)) for row in connection.execute(query)]


def set_watch(connection: Connection, rule_id: str, watch: Watch) -> None:
    values = {"state": watch.state, "state_since": watch.since, "last_held": watch.last_held}
    connection.execute(update(alert_rule).where(alert_rule.c.id == rule_id).values(**values))


def insert_alert(connection: Connection, made: Alert) -> None:
    add(connection, alert, {name: getattr(made, name) for name in Alert.__dataclass_fields__})


def get_alert(connection: Connection, alert_id: str) -> Alert:
    """NoRule when there is none."""
    row = connection.execute(select(alert).where(alert.c.id == alert_id)).one_or_none()
    if row is None:
        raise NoRule(f"there is no alert {alert_id}")
    return _alert(row)


def firing(connection: Connection, rule_id: str) -> Alert | None:
    """The alert of this rule that stands now."""
    row = connection.execute(select(alert).where(alert.c.rule == rule_id, alert.c.state == "firing")).first()
    return None if row is None else _alert(row)


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


def resolve(connection: Connection, alert_id: str, at: Micros) -> None:
    connection.execute(update(alert).where(alert.c.id == alert_id).values(state="resolved", resolved_at=at))


def acknowledge(connection: Connection, alert_id: str, by: str, at: Micros) -> None:
    """The first one who saw it stays."""
    unseen = (alert.c.id == alert_id) & alert.c.acknowledged_by.is_(None)
    connection.execute(update(alert).where(unseen).values(acknowledged_by=by, acknowledged_at=at))


def insert_delivery(connection: Connection, made: Delivery) -> None:
    row = {name: getattr(made, name) for name in Delivery.__dataclass_fields__}
    add(connection, delivery, row | {"body": dict(made.body)})


def due(connection: Connection, now: Micros, limit: int) -> list[Delivery]:
    """Those whose time has come, the oldest first."""
    query = select(delivery).where(delivery.c.state == "waiting", delivery.c.next_at <= now)
    return [
        _delivery(row) for row in connection.execute(query.order_by(delivery.c.created_at, delivery.c.id).limit(limit))
    ]


def change_delivery(connection: Connection, delivery_id: str, **values: Any) -> None:
    connection.execute(update(delivery).where(delivery.c.id == delivery_id).values(**values))


def latest_deliveries(connection: Connection, rule_ids: Sequence[str]) -> dict[str, Delivery]:
    """The newest delivery of each rule."""
    newest = (
        select(delivery.c.rule, func.max(delivery.c.created_at).label("created_at"))
        .where(delivery.c.rule.in_(rule_ids))
        .group_by(delivery.c.rule)
        .subquery()
    )
    query = select(delivery).join(
        newest, and_(newest.c.rule == delivery.c.rule, newest.c.created_at == delivery.c.created_at)
    )
    return {row.rule: _delivery(row) for row in connection.execute(query)}


def _row(rule: AlertRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in AlertRule.__dataclass_fields__} | {"active": int(rule.active)}


def _rule(row: Any) -> AlertRule:
    return AlertRule(
        **{name: getattr(row, name) for name in AlertRule.__dataclass_fields__} | {"active": bool(row.active)}
    )


def _watch(row: Any) -> Watch:
    return Watch(row.state, row.state_since, row.last_held)


def _alert(row: Any) -> Alert:
    # `count` is a method of rows, so columns are asked for by name.
    return Alert(**{name: row._mapping[name] for name in Alert.__dataclass_fields__})


def _delivery(row: Any) -> Delivery:
    return Delivery(**{name: getattr(row, name) for name in Delivery.__dataclass_fields__})
