"""Rows of second looks and of what people drew without seeing the answer; neither is a verdict, so no number rests on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Index,
    String,
    Table,
    Text,
    delete,
    func,
    or_,
    select,
    update,
)

from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.kit.clock import Micros
from relens.vision.annotation import Annotation

Outcome = Literal["open", "agreed", "disagreed", "settled", "passed"]
"""`settled`: they disagreed, and it was decided. `passed`: the second person could not say."""

second_look = Table(
    "second_look",
    metadata,
    Column("prediction", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("wanted_at", BigInteger, nullable=False),
    # Whose look counts, and who looked too.
    Column("first_by", String(36), nullable=False),
    Column("second_by", String(36)),
    Column("status", String(12)),
    Column("annotations", JSON),
    Column("reason", Text),
    Column("at", BigInteger),
    Column("settled_by", String(36)),
    Column("settled_at", BigInteger),
    Column("held_by", String(36)),
    Column("held_until", BigInteger),
    Index("second_look_by_outcome", "deployment", "outcome", "wanted_at"),
)

blind_look = Table(
    "blind_look",
    metadata,
    Column("prediction", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("actor", String(36), nullable=False),
    Column("annotations", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("blind_look_by_deployment", "deployment", "at"),
)


@dataclass(frozen=True, slots=True)
class Second:
    """A second look: wanted (`open`), or what it said and what came of it."""

    prediction: str
    deployment: str
    outcome: Outcome
    first_by: str
    second_by: str | None
    status: str | None
    annotations: tuple[Annotation, ...]
    reason: str
    at: Micros | None


@dataclass(frozen=True, slots=True)
class Blind:
    """What a person drew before seeing the answer."""

    prediction: str
    actor: str
    annotations: tuple[Annotation, ...]
    at: Micros


def want(connection: Connection, prediction: str, deployment: str, first_by: str, now: Micros) -> None:
    row = {
        "prediction": prediction,
        "deployment": deployment,
        "outcome": "open",
        "wanted_at": now,
        "first_by": first_by,
    }
    upsert(connection, second_look, [row], ["prediction"])


def change(connection: Connection, prediction: str, **values: Any) -> None:
    connection.execute(update(second_look).where(second_look.c.prediction == prediction).values(**values))


def second(connection: Connection, prediction: str) -> Second | None:
    row = connection.execute(select(second_look).where(second_look.c.prediction == prediction)).one_or_none()
    return None if row is None else _second(row)


def seconds(connection: Connection, deployment: str, outcomes: Sequence[Outcome]) -> list[Second]:
    query = select(second_look).where(second_look.c.deployment == deployment, second_look.c.outcome.in_(outcomes))
    return [_second(row) for row in connection.execute(query.order_by(second_look.c.wanted_at))]


def count_outcomes(connection: Connection, deployment: str) -> dict[Outcome, int]:
    query = select(second_look.c.outcome, func.count()).where(second_look.c.deployment == deployment)
    return {row[0]: int(row[1]) for row in connection.execute(query.group_by(second_look.c.outcome))}


def last_look(connection: Connection, deployment: str, actor: str) -> Micros:
    """When a person last gave a second look; 0 for never."""
    query = select(func.max(second_look.c.at)).where(
        second_look.c.deployment == deployment, second_look.c.second_by == actor
    )
    return int(connection.execute(query).scalar_one() or 0)


def waiting(
    connection: Connection, deployment: str, outcome: Outcome, actor: str, now: Micros, limit: int, own: bool = False
) -> list[Second]:
    """The oldest that `actor` may take: nobody else holds it, and (unless `own`) neither look was theirs."""
    free = or_(second_look.c.held_until.is_(None), second_look.c.held_until <= now, second_look.c.held_by == actor)
    query = select(second_look).where(second_look.c.deployment == deployment, second_look.c.outcome == outcome, free)
    if not own:
        other = or_(second_look.c.second_by.is_(None), second_look.c.second_by != actor)
        query = query.where(second_look.c.first_by != actor, other)
    return [_second(row) for row in connection.execute(query.order_by(second_look.c.wanted_at).limit(limit))]


def hold(connection: Connection, predictions: Sequence[str], actor: str, until: Micros, now: Micros) -> set[str]:
    """Those that are `actor`'s from now on; another may have been quicker."""
    free = or_(second_look.c.held_until.is_(None), second_look.c.held_until <= now, second_look.c.held_by == actor)
    taken = connection.execute(
        update(second_look)
        .where(second_look.c.prediction.in_(predictions), free)
        .values(held_by=actor, held_until=until)
        .returning(second_look.c.prediction)
    )
    return set(taken.scalars())


def keep_blind(connection: Connection, drawn: Blind, deployment: str) -> None:
    """The first drawing stays: a second one would no longer be blind."""
    row = {
        "prediction": drawn.prediction,
        "deployment": deployment,
        "actor": drawn.actor,
        "annotations": [one.to_json() for one in drawn.annotations],
        "at": drawn.at,
    }
    upsert(connection, blind_look, [row], ["prediction"])


def count_blind(connection: Connection, deployment: str) -> int:
    return int(connection.execute(select(func.count()).where(blind_look.c.deployment == deployment)).scalar_one())


def blind(
    connection: Connection, deployment: str, predictions: Sequence[str] | None = None, latest: int | None = None
) -> list[Blind]:
    """The blind looks of a deployment, or of some of its predictions, the latest first."""
    query = (
        select(blind_look).where(blind_look.c.deployment == deployment).order_by(blind_look.c.at.desc()).limit(latest)
    )
    if predictions is not None:
        query = query.where(blind_look.c.prediction.in_(predictions))
    return [
        Blind(row.prediction, row.actor, tuple(map(Annotation.from_json, row.annotations)), row.at)
        for row in connection.execute(query)
    ]


def forget(connection: Connection, prediction: str) -> None:
    for table in (second_look, blind_look):
        connection.execute(delete(table).where(table.c.prediction == prediction))


def drop(connection: Connection, prediction: str) -> None:
    """Nobody needs to look a second time."""
    connection.execute(delete(second_look).where(second_look.c.prediction == prediction))


def _second(row: Any) -> Second:
    return Second(
        prediction=row.prediction,
        deployment=row.deployment,
        outcome=row.outcome,
        first_by=row.first_by,
        second_by=row.second_by,
        status=row.status,
        annotations=tuple(map(Annotation.from_json, row.annotations or [])),
        reason=row.reason or "",
        at=row.at,
    )
