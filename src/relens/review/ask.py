"""Asks about a prediction, answers, and takes a question back; the log's search finds each by its state."""

from __future__ import annotations

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.kit import clock
from relens.predictions import marks
from relens.predictions.logged import Logged
from relens.review import question_rows
from relens.review.question import NotAsked, Question, State, checked
from relens.review.settle import to_review

WORD = "question"
"""What the query language calls it."""


def ask(connection: Connection, prediction_id: str, text: str, *, actor: Actor) -> Question:
    """A question beside whatever was reviewed; NoPrediction, BadQuestion. It takes the place of an earlier one."""
    actor.must_be("reviewer")
    logged = to_review(connection, prediction_id)
    asked = Question(logged.id, logged.deployment, checked(text), actor, clock.now())
    return _keep(connection, logged, asked)


def answer(connection: Connection, prediction_id: str, text: str, *, actor: Actor) -> Question:
    """Closes the open question; NotAsked when there is none."""
    actor.must_be("reviewer")
    logged = to_review(connection, prediction_id)
    return _keep(connection, logged, _open(connection, logged).answered(text, actor, clock.now()))


def withdraw(connection: Connection, prediction_id: str, *, actor: Actor) -> None:
    """As if nobody had asked; NotAsked when no question is open."""
    actor.must_be("reviewer")
    logged = to_review(connection, prediction_id)
    _open(connection, logged)
    forget(connection, logged)


def forget(connection: Connection, logged: Logged) -> None:
    """Nothing of it stays, also where the prediction is erased."""
    question_rows.remove(connection, logged.id)
    _mark(connection, logged, None)


def _open(connection: Connection, logged: Logged) -> Question:
    found = question_rows.get(connection, logged.id)
    if found is None or found.state != "open":
        raise NotAsked("nobody asks about this image at present: reload to see what was answered")
    return found


def _keep(connection: Connection, logged: Logged, asked: Question) -> Question:
    question_rows.keep(connection, asked)
    _mark(connection, logged, asked.state)
    return asked


def _mark(connection: Connection, logged: Logged, state: State | None) -> None:
    marks.put(connection, logged, WORD, state)
