"""The tables of alerts: rules and where they stand, alerts and what happened to them, channels, and the messages on their way."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, String, Table, Text

from relens.infra.tables import metadata

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
    Column("active", Integer, nullable=False),
    Column("clear_value", Float),
    Column("for_s", Integer, nullable=False),
    Column("keep_firing_s", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
    Column("estimator", String(10), nullable=False, server_default="point"),
    Column("severity", String(10), nullable=False, server_default="warning"),
    Column("cooldown_s", Integer, nullable=False, server_default="0"),
    Column("remind_s", Integer),
    Column("no_data_after_s", Integer),
    Column("source", String(200)),
    Column("tag", String(200)),
    Column("label", String(200)),
    # source, tag or label: every one by itself.
    Column("each", String(10)),
    Column("channels", JSON, nullable=False, server_default="[]"),
    Index("alert_rule_by_deployment", "deployment"),
)

# Where a rule stands with one slice; "" is all images together.
alert_watch = Table(
    "alert_watch",
    metadata,
    Column("rule", String(36), primary_key=True),
    Column("slice", String(200), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("last_held", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("told_at", BigInteger, nullable=False),
    Column("unknown_since", BigInteger, nullable=False),
    Column("no_data", Integer, nullable=False),
    Column("snoozed_until", BigInteger, nullable=False),
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
    Column("severity", String(10), nullable=False, server_default="warning"),
    Column("slice", String(200), nullable=False, server_default=""),
    Column("cause", Text, nullable=False, server_default=""),
    Column("ended_value", Float),
    Column("snoozed_until", BigInteger),
    Column("part_of", String(36)),
    Column("told", Integer, nullable=False, server_default="1"),
    Index("alert_by_state", "state", "since"),
    Index("alert_by_deployment", "deployment", "since"),
)

# What happened to an alert, with the number at that time.
alert_event = Table(
    "alert_event",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("alert", String(36), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("value", Float),
    Column("count", Integer),
    Column("by", String(36)),
    Column("note", Text, nullable=False),
    Index("alert_event_by_alert", "alert", "at"),
)

planned_stop = Table(
    "planned_stop",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("source", String(200)),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_by", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("planned_stop_by_deployment", "deployment", "until"),
)

channel = Table(
    "alert_channel",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("settings", JSON, nullable=False),
    # JSON of the secret settings, sealed.
    Column("sealed", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("active", Integer, nullable=False),
    Column("off_reason", Text, nullable=False),
    Column("refusals", Integer, nullable=False),
    Column("last_at", BigInteger),
    Column("last_error", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("rule", String(36), nullable=False),
    Column("alert", String(36)),
    Column("kind", String(10), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("body", JSON, nullable=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("deployment", String(36), nullable=False, server_default=""),
    # Deliveries that go out as one message carry the id of its first.
    Column("batch", String(36)),
    Index("delivery_by_state", "state", "next_at"),
    Index("delivery_by_rule", "rule", "created_at"),
)

notice = Table(
    "alert_notice",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("deployment", String(36)),
    Column("sentence", Text, nullable=False),
    Column("seen_by", String(36)),
    Column("seen_at", BigInteger),
    Index("alert_notice_by_time", "at"),
)
