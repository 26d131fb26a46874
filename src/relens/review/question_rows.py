"""Rows of questions: the latest about each prediction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, String, Table, Text, delete, select

from relens.access.actor import Actor
from relens.access.store import actor as actors
from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.review.question import Question

question = Table(
    "question",
    metadata,
    Column("prediction", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("text", Text, nullable=False),
    Column("actor", String(36), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_by", String(36)),
    Column("answered_at", BigInteger),
    Index("question_by_deployment", "deployment", "at"),
)


def keep(connection: Connection, asked: Question) -> None:
    """In place of an earlier one about the same prediction."""
    row = {
        "prediction": asked.prediction,
        "deployment": asked.deployment,
        "text": asked.text,
        "actor": asked.actor.id,
        "at": asked.at,
        "answer": asked.answer,
        "answered_by": asked.answered_by.id if asked.answered_by else None,
        "answered_at": asked.answered_at,
    }
    upsert(connection, question, [row], ["prediction"], [name for name in row if name != "prediction"])


def get(connection: Connection, prediction_id: str) -> Question | None:
    row = connection.execute(select(question).where(question.c.prediction == prediction_id)).one_or_none()
    if row is None:
        return None
    people = _people(connection, {row.actor, row.answered_by} - {None})
    return Question(
        prediction=row.prediction,
        deployment=row.deployment,
        text=row.text,
        actor=people[row.actor],
        at=row.at,
        answer=row.answer,
        answered_by=people.get(row.answered_by),
        answered_at=row.answered_at,
    )


def remove(connection: Connection, prediction_id: str) -> None:
    connection.execute(delete(question).where(question.c.prediction == prediction_id))


def _people(connection: Connection, ids: set[Any]) -> dict[str, Actor]:
    rows = connection.execute(select(actors).where(actors.c.id.in_(ids)))
    return {row.id: Actor(row.id, row.name, row.kind, row.permission, row.created_at) for row in rows}
