"""Rows of the review queue: one per prediction that a person could look at, with its place among the random checks.

The priority of hard cases is a signal of the prediction itself, kept by the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, or_, select, update

from relens.infra.statements import append_rows, upsert
from relens.review.chance import Scale, after_arrival, after_leave, after_review
from relens.review.cohort_rows import cohorts, replace, stretches
from relens.review.habits import USUAL_SAMPLER
from relens.review.queue_tables import Lane, queue_cursor, queue_item, queue_scale

HOLD_S = 600
"""How long what somebody was given is offered to nobody else."""
_AT_ONCE = 500
_FRESH = ("prediction", "deployment", "log_seq", "open", "size", "chance", "twin")


def put(connection: Connection, rows: Sequence[Mapping[str, Any]], scales: Mapping[str, Scale]) -> None:
    """Queues predictions, in the order of the log; those that are there keep their place. `scales`: by deployment, with these images."""
    append_rows(connection, queue_item, _FRESH, [tuple(row.get(name) for name in _FRESH) for row in rows])
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(str(row["deployment"]), int(row["log_seq"]))
    for deployment, seq in first.items():
        before = cohorts(connection, deployment)
        replace(connection, deployment, before, after_arrival(before, seq))
    values = [{"deployment": one, "images": scale.images, "total": scale.total} for one, scale in scales.items()]
    upsert(connection, queue_scale, values, ["deployment"], ["images", "total"])


def scales(connection: Connection, deployments: Sequence[str]) -> dict[str, Scale]:
    """The residuals seen so far, by deployment."""
    query = select(queue_scale).where(queue_scale.c.deployment.in_(deployments))
    return {row.deployment: Scale(row.images, row.total) for row in connection.execute(query)}


def close(connection: Connection, predictions: Sequence[str]) -> None:
    """Nobody can review these (any more): their images have left."""
    left: dict[str, list[tuple[int, float]]] = {}
    for start in range(0, len(predictions), _AT_ONCE):
        some = predictions[start : start + _AT_ONCE]
        _open_twins(connection, some)
        waited = connection.execute(
            update(queue_item)
            .where(queue_item.c.prediction.in_(some), queue_item.c.open)
            .values(open=False, held_by=None, held_until=None)
            .returning(queue_item.c.deployment, queue_item.c.log_seq, queue_item.c.chance)
        )
        for row in waited:
            left.setdefault(row.deployment, []).append((row.log_seq, row.chance))
    for deployment, places in left.items():
        before = after = cohorts(connection, deployment)
        for first, last, highest in stretches(connection, deployment, before, sorted(places)):
            after = after_leave(after, first, last, highest)
        replace(connection, deployment, before, after)


def set_open(connection: Connection, prediction_id: str, is_open: bool, twins: Sequence[str] = ()) -> None:
    """A settled prediction leaves the queue, which lowers its head; a reopened one comes back. Either is held by nobody.

    `twins`: other predictions on the same image; what is said once is said of all of them.
    """
    deployment = connection.execute(
        update(queue_item)
        .where(queue_item.c.prediction == prediction_id)
        .values(open=is_open, twin=None, held_by=None, held_until=None)
        .returning(queue_item.c.deployment)
    ).scalar_one_or_none()
    if deployment is None:
        return
    if is_open:
        _open_twins(connection, [prediction_id])
        return
    for start in range(0, len(twins), _AT_ONCE):
        same = queue_item.c.prediction.in_(twins[start : start + _AT_ONCE]) & (queue_item.c.deployment == deployment)
        closed = {"open": False, "twin": prediction_id, "held_by": None, "held_until": None}
        connection.execute(update(queue_item).where(same, queue_item.c.open).values(**closed))
    here = (queue_item.c.deployment == deployment) & queue_item.c.open
    head = connection.execute(select(func.max(queue_item.c.chance)).where(here)).scalar_one() or 0.0
    before = cohorts(connection, deployment)
    replace(connection, deployment, before, after_review(before, head))


def _open_twins(connection: Connection, predictions: Sequence[str]) -> None:
    deployment = select(queue_item.c.deployment).where(queue_item.c.prediction.in_(predictions))
    here = queue_item.c.twin.in_(predictions) & queue_item.c.deployment.in_(deployment)
    connection.execute(update(queue_item).where(here).values(open=True, twin=None))


def by_chance(
    connection: Connection, deployment: str, limit: int, actor: str = "", now: int = 0, skip: int = 0
) -> list[str]:
    """Predictions that wait, and that nobody but `actor` holds at `now`, in the order of the random checks, after the first `skip`."""
    query = (
        select(queue_item.c.prediction)
        .where(queue_item.c.deployment == deployment, queue_item.c.open, free_for(actor, now))
        .order_by(queue_item.c.chance.desc(), queue_item.c.prediction)
        .limit(limit)
        .offset(skip)
    )
    return list(connection.execute(query).scalars())


def free(connection: Connection, predictions: Sequence[str], actor: str, now: int) -> set[str]:
    """Which of `predictions` wait, and are held by nobody other than `actor`."""
    found: set[str] = set()
    for start in range(0, len(predictions), _AT_ONCE):
        here = queue_item.c.prediction.in_(predictions[start : start + _AT_ONCE])
        found |= set(
            connection.execute(
                select(queue_item.c.prediction).where(here, queue_item.c.open, free_for(actor, now))
            ).scalars()
        )
    return found


def held(connection: Connection, deployment: str, actor: str, now: int) -> list[str]:
    """The waiting predictions that somebody other than `actor` holds."""
    here = (queue_item.c.deployment == deployment) & queue_item.c.open & ~free_for(actor, now)
    return list(connection.execute(select(queue_item.c.prediction).where(here)).scalars())


def hold(connection: Connection, predictions: Sequence[str], actor: str, until: int, now: int) -> set[str]:
    """Those of `predictions` that `actor` holds from now on; another may have been quicker."""
    taken = connection.execute(
        update(queue_item)
        .where(queue_item.c.prediction.in_(predictions), queue_item.c.open, free_for(actor, now))
        .values(held_by=actor, held_until=until)
        .returning(queue_item.c.prediction)
    )
    return set(taken.scalars())


def free_for(actor: str, now: int) -> Any:
    """The condition that nobody but `actor` holds a row at `now`."""
    return or_(queue_item.c.held_until.is_(None), queue_item.c.held_until <= now, queue_item.c.held_by == actor)


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


class Ranking(NamedTuple):
    """Whose priorities a deployment's waiting predictions have, and up to where they are made anew (None: all of them)."""

    deployment: str
    sampler: str
    ranked_seq: int | None


def rankings(connection: Connection) -> list[Ranking]:
    """Of every deployment that has a queue."""
    query = select(queue_scale.c.deployment, queue_scale.c.sampler, queue_scale.c.ranked_seq)
    return [Ranking(row.deployment, row.sampler or USUAL_SAMPLER, row.ranked_seq) for row in connection.execute(query)]


def set_ranked(connection: Connection, deployment: str, sampler: str, until: int | None) -> None:
    here = queue_scale.c.deployment == deployment
    connection.execute(update(queue_scale).where(here).values(sampler=sampler, ranked_seq=until))


def waiting_after(connection: Connection, deployment: str, log_seq: int, limit: int) -> tuple[list[str], int]:
    """What waits after a place in the log, in its order, and the place of the last of these."""
    query = (
        select(queue_item.c.prediction, queue_item.c.log_seq)
        .where(queue_item.c.deployment == deployment, queue_item.c.log_seq > log_seq, queue_item.c.open)
        .order_by(queue_item.c.log_seq)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    return [row.prediction for row in rows], rows[-1].log_seq if rows else log_seq


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
