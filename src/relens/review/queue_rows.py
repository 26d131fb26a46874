"""Rows of the review queue: one per prediction that a person could look at, with its place among the random checks.

The priority of hard cases is a signal of the prediction itself, kept by the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    delete,
    func,
    or_,
    select,
    update,
)

from relens.infra.database import add, metadata, upsert
from relens.review.chance import Cohort, Scale, after_arrival, after_review

Lane = Literal["random checks", "hard cases"]

queue_item = Table(
    "queue_item",
    metadata,
    Column("prediction", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("log_seq", BigInteger, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("size", Float, nullable=False),
    Column("chance", Float, nullable=False),
    Column("lane", String(20)),
    Column("chosen_at", BigInteger),
    Column("held_by", String(36)),
    Column("held_until", BigInteger),
    Index("queue_by_chance", "deployment", "open", "chance"),
    Index("queue_by_arrival", "deployment", "log_seq"),
)

queue_cohort = Table(
    "queue_cohort",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("tau", Float),
)

queue_scale = Table(
    "queue_scale",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("images", Integer, nullable=False),
    Column("total", Float, nullable=False),
)

queue_cursor = Table(
    "queue_cursor",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("log_seq", BigInteger, nullable=False),
)
_AT_ONCE = 500


def put(connection: Connection, rows: Sequence[Mapping[str, Any]], scales: Mapping[str, Scale]) -> None:
    """Queues predictions, in the order of the log; those that are there keep their place. `scales`: by deployment, with these images."""
    fresh = {"lane": None, "chosen_at": None, "held_by": None, "held_until": None}
    upsert(connection, queue_item, [fresh | dict(row) for row in rows], ["prediction"])
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(str(row["deployment"]), int(row["log_seq"]))
    for deployment, seq in first.items():
        before = cohorts(connection, deployment)
        _replace(connection, deployment, before, after_arrival(before, seq))
    values = [{"deployment": one, "images": scale.images, "total": scale.total} for one, scale in scales.items()]
    upsert(connection, queue_scale, values, ["deployment"], ["images", "total"])


def scales(connection: Connection, deployments: Sequence[str]) -> dict[str, Scale]:
    """The residuals seen so far, by deployment."""
    query = select(queue_scale).where(queue_scale.c.deployment.in_(deployments))
    return {row.deployment: Scale(row.images, row.total) for row in connection.execute(query)}


def cohorts(connection: Connection, deployment: str) -> list[Cohort]:
    """In order of arrival."""
    query = select(queue_cohort).where(queue_cohort.c.deployment == deployment).order_by(queue_cohort.c.first_seq)
    return [Cohort(row.first_seq, inf if row.tau is None else row.tau) for row in connection.execute(query)]


def _replace(connection: Connection, deployment: str, before: Sequence[Cohort], after: Sequence[Cohort]) -> None:
    same = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    if before[same:]:
        here = (queue_cohort.c.deployment == deployment) & (queue_cohort.c.first_seq >= before[same].first)
        connection.execute(delete(queue_cohort).where(here))
    rows = [
        {"deployment": deployment, "first_seq": one.first, "tau": None if one.tau == inf else one.tau}
        for one in after[same:]
    ]
    add(connection, queue_cohort, *rows)


def close(connection: Connection, predictions: Sequence[str]) -> None:
    """Nobody can review these (any more): their images have left."""
    for start in range(0, len(predictions), _AT_ONCE):
        here = queue_item.c.prediction.in_(predictions[start : start + _AT_ONCE])
        connection.execute(update(queue_item).where(here).values(open=False))


def set_open(connection: Connection, prediction_id: str, is_open: bool) -> None:
    """A settled prediction leaves the queue, which lowers its head; a reopened one comes back. Either is held by nobody."""
    deployment = connection.execute(
        update(queue_item)
        .where(queue_item.c.prediction == prediction_id)
        .values(open=is_open, held_by=None, held_until=None)
        .returning(queue_item.c.deployment)
    ).scalar_one_or_none()
    if deployment is None or is_open:
        return
    here = (queue_item.c.deployment == deployment) & queue_item.c.open
    head = connection.execute(select(func.max(queue_item.c.chance)).where(here)).scalar_one() or 0.0
    before = cohorts(connection, deployment)
    _replace(connection, deployment, before, after_review(before, head))


def by_chance(connection: Connection, deployment: str, limit: int, actor: str = "", now: int = 0) -> list[str]:
    """Predictions that wait, and that nobody but `actor` holds at `now`, in the order of the random checks."""
    query = (
        select(queue_item.c.prediction)
        .where(queue_item.c.deployment == deployment, queue_item.c.open, _free(actor, now))
        .order_by(queue_item.c.chance.desc(), queue_item.c.prediction)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def held(connection: Connection, predictions: Sequence[str], actor: str, now: int) -> set[str]:
    """Which of `predictions` somebody other than `actor` holds."""
    query = select(queue_item.c.prediction).where(queue_item.c.prediction.in_(predictions), ~_free(actor, now))
    return set(connection.execute(query).scalars())


def hold(connection: Connection, predictions: Sequence[str], actor: str, until: int, now: int) -> set[str]:
    """Those of `predictions` that `actor` holds from now on; another may have been quicker."""
    taken = connection.execute(
        update(queue_item)
        .where(queue_item.c.prediction.in_(predictions), queue_item.c.open, _free(actor, now))
        .values(held_by=actor, held_until=until)
        .returning(queue_item.c.prediction)
    )
    return set(taken.scalars())


def _free(actor: str, now: int) -> Any:
    return or_(queue_item.c.held_until.is_(None), queue_item.c.held_until <= now, queue_item.c.held_by == actor)


def above(connection: Connection, deployment: str, since_seq: int = 0) -> list[Any]:
    """Rows (prediction, size, tau, open) of the images whose priority is above the tau of their cohort, that arrived after `since_seq`.

    These are the random checks: a sample with known probabilities, also where a person came upon them in another way.
    """
    there = cohorts(connection, deployment)
    found: list[Any] = []
    columns = (queue_item.c.prediction, queue_item.c.size, queue_item.c.open)
    for number, cohort in enumerate(there):
        if cohort.tau == inf:
            continue
        here = (queue_item.c.deployment == deployment) & (queue_item.c.log_seq >= max(cohort.first, since_seq + 1))
        if number + 1 < len(there):
            here &= queue_item.c.log_seq < there[number + 1].first
        rows = connection.execute(select(*columns).where(here, queue_item.c.chance > cohort.tau))
        found += [(row.prediction, row.size, cohort.tau, row.open) for row in rows]
    return found


def mark(connection: Connection, lane: Lane, predictions: Sequence[str], now: int) -> None:
    """Remembers which lane a prediction was first chosen by."""
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


def move_cursor(connection: Connection, after: int, until: int) -> bool:
    """False, and nothing moved, when the cursor was not at `after` (any more)."""
    if after == 0:
        upsert(connection, queue_cursor, [{"name": "queue", "log_seq": 0}], ["name"])
    here = (queue_cursor.c.name == "queue") & (queue_cursor.c.log_seq == after)
    return connection.execute(update(queue_cursor).where(here).values(log_seq=until)).rowcount == 1
