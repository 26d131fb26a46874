"""Rows of the review queue: one per prediction that a person could look at, with its place among the random checks.

The priority of hard cases is a signal of the prediction itself, kept by the log.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, Literal, NamedTuple

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
from relens.review.chance import Cohort, Scale, after_arrival, after_leave, after_review
from relens.review.habits import USUAL_SAMPLER
from relens.review.store import verdict

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
    # Another prediction on the very same image, which was reviewed: what is true there is true here.
    Column("twin", String(36)),
    # How far the answer of a shadow (`against`, its version) was from this one; higher is further.
    Column("disagreement", Float),
    Column("against", String(36)),
    Index("queue_by_chance", "deployment", "open", "chance"),
    Index("queue_by_arrival", "deployment", "log_seq"),
)
# Few images come twice, and few are answered by a shadow; the others take no place in these.
for _name, _columns, _filled in (
    ("queue_by_twin", ("deployment", "twin"), queue_item.c.twin),
    ("queue_by_disagreement", ("deployment", "against", "disagreement"), queue_item.c.disagreement),
):
    _some = _filled.is_not(None)
    Index(_name, *(queue_item.c[one] for one in _columns), sqlite_where=_some, postgresql_where=_some)

queue_cohort = Table(
    "queue_cohort",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("tau", Float),
    Column("floor", Float, nullable=False, server_default="0"),
)

queue_scale = Table(
    "queue_scale",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("images", Integer, nullable=False),
    Column("total", Float, nullable=False),
    # The sampler that gave the priorities, and how far they are made anew by it (NULL: all of them).
    Column("sampler", String(100)),
    Column("ranked_seq", BigInteger),
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
    fresh = {"lane": None, "chosen_at": None, "held_by": None, "held_until": None, "twin": None}
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
    return [Cohort(row.first_seq, inf if row.tau is None else row.tau, row.floor) for row in connection.execute(query)]


def _replace(connection: Connection, deployment: str, before: Sequence[Cohort], after: Sequence[Cohort]) -> None:
    same = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    if before[same:]:
        here = (queue_cohort.c.deployment == deployment) & (queue_cohort.c.first_seq >= before[same].first)
        connection.execute(delete(queue_cohort).where(here))
    rows = [
        {
            "deployment": deployment,
            "first_seq": one.first,
            "tau": None if one.tau == inf else one.tau,
            "floor": one.floor,
        }
        for one in after[same:]
    ]
    add(connection, queue_cohort, *rows)


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
        for first, last, highest in _stretches(connection, deployment, before, sorted(places)):
            after = after_leave(after, first, last, highest)
        _replace(connection, deployment, before, after)


def _stretches(
    connection: Connection, deployment: str, there: Sequence[Cohort], places: Sequence[tuple[int, float]]
) -> list[tuple[int, int, float]]:
    """(first, last, highest chance) of stretches of the log in which nothing waits any more; `places`: (log_seq, chance) of what left, in order.

    Each reaches from one waiting image to the next, over the reviewed ones too: cut where something was left over, those beside it would
    stand for themselves alone because they had been drawn.
    """
    of = queue_item.c.deployment == deployment
    place = queue_item.c.log_seq
    waits = select(place).where(of, queue_item.c.open).limit(1)
    firsts = [cohort.first for cohort in there]
    found: list[tuple[int, int, float]] = []
    for seq, chance in places:
        if found and seq <= found[-1][1]:
            first, last, highest = found[-1]
            found[-1] = (first, last, max(highest, chance))
            continue
        # What left before is a cohort of its own already: looking back ends there.
        least = firsts[max(bisect_right(firsts, seq) - 1, 0)] if firsts else 0
        before = connection.execute(waits.where(place >= least, place < seq).order_by(place.desc())).scalar()
        after = connection.execute(waits.where(place > seq).order_by(place)).scalar()
        last = connection.execute(select(func.max(place)).where(of)).scalar_one() if after is None else after - 1
        found.append((least if before is None else before + 1, int(last), chance))
    return found


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
    _replace(connection, deployment, before, after_review(before, head))


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
        .where(queue_item.c.deployment == deployment, queue_item.c.open, _free(actor, now))
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
                select(queue_item.c.prediction).where(here, queue_item.c.open, _free(actor, now))
            ).scalars()
        )
    return found


def held(connection: Connection, deployment: str, actor: str, now: int) -> list[str]:
    """The waiting predictions that somebody other than `actor` holds."""
    here = (queue_item.c.deployment == deployment) & queue_item.c.open & ~_free(actor, now)
    return list(connection.execute(select(queue_item.c.prediction).where(here)).scalars())


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
    return [(row.prediction, row.size, tau, row.open) for row, tau in drawn(connection, deployment, since_seq)]


def drawn(connection: Connection, deployment: str, since_seq: int = 0) -> list[tuple[Any, float]]:
    """The same as rows of the queue with `status` and `seq` of what was said of each (of its twin, where it has one), and its tau.

    Only what somebody has said something about is looked at: whatever waits, or left unseen, has a priority below tau.
    """
    there = cohorts(connection, deployment)
    firsts = [cohort.first for cohort in there]
    columns = [queue_item.c[name] for name in ("prediction", "size", "open", "twin", "log_seq", "chance")]
    said = select(*columns, verdict.c.status, verdict.c.seq)
    here = (queue_item.c.deployment == deployment) & (queue_item.c.log_seq > since_seq)
    own = said.join(verdict, verdict.c.prediction == queue_item.c.prediction)
    twins = said.join(verdict, verdict.c.prediction == queue_item.c.twin)
    found: list[tuple[Any, float]] = []
    for query in (
        own.where(here, verdict.c.deployment == deployment, queue_item.c.twin.is_(None)),
        twins.where(here, queue_item.c.twin.is_not(None)),
    ):
        for row in connection.execute(query):
            number = bisect_right(firsts, row.log_seq) - 1
            if number >= 0 and row.chance > there[number].tau:
                found.append((row, there[number].tau))
    return sorted(found, key=lambda one: int(one[0].log_seq))


def not_yet_drawn(connection: Connection, deployment: str) -> int:
    """How many were reviewed as random checks while an earlier one waited, and still waits: until it is reviewed none of them counts."""
    there = cohorts(connection, deployment)
    firsts = [cohort.first for cohort in there]
    reviewed = (queue_item.c.deployment == deployment) & ~queue_item.c.open & queue_item.c.twin.is_(None)
    query = select(queue_item.c.log_seq, queue_item.c.chance).where(reviewed, queue_item.c.lane == "random checks")
    places = [(bisect_right(firsts, row.log_seq) - 1, row.chance) for row in connection.execute(query)]
    return sum(place >= 0 and chance <= there[place].tau for place, chance in places)


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
        .where(here, queue_item.c.disagreement > 0, _free(actor, now))
        .order_by(queue_item.c.disagreement.desc(), queue_item.c.log_seq.desc())
        .limit(limit)
    )
    return {row.prediction: row.disagreement for row in connection.execute(query)}


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
