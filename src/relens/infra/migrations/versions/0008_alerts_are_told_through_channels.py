"""Alerts are told through channels: webhooks move there, rules stand somewhere per source, and what happens to an alert is kept."""

import json
import uuid
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

PLAIN = "plain:"
"""An upgrade has no key: the server seals what stands behind this at its start."""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        # What was readable is overwritten when it is moved.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    _new_tables()
    _new_columns()
    _move(connection)
    for name in ("webhook", "state", "state_since", "last_held"):
        op.drop_column("alert_rule", name)
    op.drop_column("delivery", "target")


def _new_tables() -> None:
    op.create_table(
        "alert_channel",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("off_reason", sa.Text(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "alert_event",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("alert", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=36), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_event_by_alert", "alert_event", ["alert", "at"])
    op.create_table(
        "alert_notice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("deployment", sa.String(length=36), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("seen_by", sa.String(length=36), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_notice_by_time", "alert_notice", ["at"])
    op.create_table(
        "alert_watch",
        sa.Column("rule", sa.String(length=36), nullable=False),
        sa.Column("slice", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("last_held", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("unknown_since", sa.BigInteger(), nullable=False),
        sa.Column("no_data", sa.Integer(), nullable=False),
        sa.Column("snoozed_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "slice"),
    )
    op.create_table(
        "planned_stop",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("deployment", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("planned_stop_by_deployment", "planned_stop", ["deployment", "until"])


def _new_columns() -> None:
    of_rules: tuple[sa.Column[Any], ...] = (
        sa.Column("estimator", sa.String(length=10), nullable=False, server_default="point"),
        sa.Column("severity", sa.String(length=10), nullable=False, server_default="warning"),
        sa.Column("cooldown_s", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("remind_s", sa.Integer(), nullable=True),
        sa.Column("no_data_after_s", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("each_source", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("channels", sa.JSON(), nullable=False, server_default="[]"),
    )
    of_alerts: tuple[sa.Column[Any], ...] = (
        sa.Column("severity", sa.String(length=10), nullable=False, server_default="warning"),
        sa.Column("slice", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("cause", sa.Text(), nullable=False, server_default=""),
        sa.Column("ended_value", sa.Float(), nullable=True),
        sa.Column("snoozed_until", sa.BigInteger(), nullable=True),
        sa.Column("part_of", sa.String(length=36), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False, server_default="1"),
    )
    for column in of_rules:
        op.add_column("alert_rule", column)
    for column in of_alerts:
        op.add_column("alert", column)
    op.add_column("delivery", sa.Column("deployment", sa.String(length=36), nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("batch", sa.String(length=36), nullable=True))


def _move(connection: sa.Connection) -> None:
    text = sa.text
    connection.execute(
        text(
            "INSERT INTO alert_watch (rule, slice, state, since, last_held, told_at, unknown_since, no_data, snoozed_until) "
            "SELECT id, '', state, state_since, last_held, state_since, 0, 0, 0 FROM alert_rule"
        )
    )
    ids: dict[str, str] = {}
    rules = connection.execute(text("SELECT id, webhook, created_at, created_by FROM alert_rule ORDER BY created_at"))
    for rule in rules.all():
        if not rule.webhook:
            continue
        if rule.webhook not in ids:
            ids[rule.webhook] = _channel(connection, rule.webhook, len(ids), rule.created_at, rule.created_by)
        told = {"channels": json.dumps([ids[rule.webhook]]), "id": rule.id}
        connection.execute(text("UPDATE alert_rule SET channels = :channels WHERE id = :id"), told)
    for one in connection.execute(text("SELECT id, rule, target, state, error, body FROM delivery")).all():
        body = json.loads(one.body) if isinstance(one.body, str) else one.body
        lost = one.target not in ids and one.state == "waiting"
        values = {
            "id": one.id,
            "channel": ids.get(one.target, ""),
            "body": json.dumps(body.get("data", body)),
            "state": "failed" if lost else one.state,
            # What went wrong may name the whole address.
            "error": "its rule has another address now" if lost else one.error.replace(one.target, "the address"),
        }
        connection.execute(
            text("UPDATE delivery SET channel = :channel, body = :body, state = :state, error = :error WHERE id = :id"),
            values,
        )
    connection.execute(
        text(
            "UPDATE delivery SET deployment = coalesce((SELECT deployment FROM alert_rule WHERE alert_rule.id = delivery.rule), '')"
        )
    )


def _channel(connection: sa.Connection, url: str, before: int, at: int, by: str) -> str:
    parts = urlsplit(url)
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    channel = str(uuid.uuid4())
    row = {
        "id": channel,
        "name": f"{place[:80]} {before + 1}" if before else place[:90],
        "sealed": PLAIN + json.dumps({"url": url, "secret": ""}),
        "place": f"{place}/…",
        "at": at,
        "by": by,
    }
    connection.execute(
        sa.text(
            "INSERT INTO alert_channel (id, name, kind, settings, sealed, place, active, off_reason, refusals, last_error, "
            "created_at, created_by) VALUES (:id, :name, 'webhook', '{}', :sealed, :place, 1, '', 0, '', :at, :by)"
        ),
        row,
    )
    return channel
