"""Rows of the queue that a shadow disputes: it answered otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from relens.review.queue_rows import free_for
from relens.review.queue_tables import queue_item


class Disputed(NamedTuple):
    """A prediction to which the shadow `against` (a version) answered otherwise, and how far."""

    prediction: str
    against: str
    disagreement: float


def dispute(connection: Connection, disputed: Sequence[Disputed]) -> None:
    """Keeps how far a shadow was from what was answered."""
    for one in disputed:
        here = queue_item.c.prediction == one.prediction
        connection.execute(update(queue_item).where(here).values(**one._asdict()))


def disputed(
    connection: Connection, deployment: str, against: str, limit: int, actor: str, now: int
) -> dict[str, float]:
    """What waits and is free for `actor`, and how far the shadow `against` answered otherwise; the furthest first."""
    here = (queue_item.c.deployment == deployment) & (queue_item.c.against == against) & queue_item.c.open
    query = (
        select(queue_item.c.prediction, queue_item.c.disagreement)
        .where(here, queue_item.c.disagreement > 0, free_for(actor, now))
        .order_by(queue_item.c.disagreement.desc(), queue_item.c.log_seq.desc())
        .limit(limit)
    )
    return {row.prediction: row.disagreement for row in connection.execute(query)}
