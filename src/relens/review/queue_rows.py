"""Rows of the review queue: one per prediction that a person could look at, with its place among the random checks.

The priority of hard cases is a signal of the prediction itself, kept by the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, Index, String, Table, func, select, update

from relens.infra.database import metadata, upsert

Lane = Literal["random checks", "hard cases"]

NEVER = -1.0
"""The chance of what is no random check."""

queue_item = Table(
    "queue_item",
    metadata,
    Column("prediction", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("chance", Float, nullable=False),
    Column("lane", String(20)),
    Column("chosen_at", BigInteger),
    Index("queue_by_chance", "deployment", "open", "chance"),
)

queue_cursor = Table(
    "queue_cursor",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("log_seq", BigInteger, nullable=False),
)


def put(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Queues predictions; those that are there keep their place."""
    upsert(connection, queue_item, [{"lane": None, "chosen_at": None, **row} for row in rows], ["prediction"])


def close(connection: Connection, predictions: Sequence[str]) -> None:
    """Nobody can review these (any more): their images have left."""
    for start in range(0, len(predictions), 500):
        here = queue_item.c.prediction.in_(predictions[start : start + 500])
        connection.execute(update(queue_item).where(here).values(open=False))


def set_open(connection: Connection, prediction_id: str, is_open: bool) -> None:
    """A settled prediction leaves the queue, a reopened one comes back."""
    connection.execute(update(queue_item).where(queue_item.c.prediction == prediction_id).values(open=is_open))


def by_chance(connection: Connection, deployment: str, limit: int) -> list[str]:
    """Predictions that wait, in the order of the random checks."""
    waiting = (queue_item.c.deployment == deployment) & queue_item.c.open & (queue_item.c.chance > NEVER)
    query = (
        select(queue_item.c.prediction)
        .where(waiting)
        .order_by(queue_item.c.chance.desc(), queue_item.c.prediction)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def mark(connection: Connection, lane: Lane, predictions: Sequence[str], now: int) -> None:
    """Remembers which lane a prediction was first chosen by: numbers about all traffic may rest on the random one only."""
    fresh = queue_item.c.prediction.in_(predictions) & queue_item.c.lane.is_(None)
    connection.execute(update(queue_item).where(fresh).values(lane=lane, chosen_at=now))


def lanes(connection: Connection, predictions: Sequence[str]) -> dict[str, Lane]:
    """The lane each was chosen by, for those that were."""
    query = select(queue_item.c.prediction, queue_item.c.lane).where(
        queue_item.c.prediction.in_(predictions), queue_item.c.lane.is_not(None)
    )
    return {row.prediction: row.lane for row in connection.execute(query)}


def waiting(connection: Connection, deployment: str) -> int:
    """How many could be reviewed now."""
    here = (queue_item.c.deployment == deployment) & queue_item.c.open
    return int(connection.execute(select(func.count()).where(here)).scalar_one())


def cursor(connection: Connection) -> int:
    """The log_seq up to which predictions were queued."""
    return int(connection.execute(select(queue_cursor.c.log_seq).where(queue_cursor.c.name == "queue")).scalar() or 0)


def move_cursor(connection: Connection, log_seq: int) -> None:
    upsert(connection, queue_cursor, [{"name": "queue", "log_seq": log_seq}], ["name"], ["log_seq"])
