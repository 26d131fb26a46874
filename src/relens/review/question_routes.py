"""HTTP: a question about a prediction, and its answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from relens.access.actor import Actor
from relens.access.asking import Asking
from relens.infra.database import Database
from relens.infra.web import Instant, part
from relens.predictions import store as predictions
from relens.review import ask, question_rows
from relens.review.question import Question, State
from relens.review.routes import VerdictBy

router = APIRouter(prefix="/api/v1", tags=["review"])

Db = Annotated[Database, part(Database)]


class QuestionIn(BaseModel, extra="forbid"):
    """What is asked, or what is answered."""

    text: str


class QuestionOut(BaseModel):
    """The latest question about a prediction; `state` is null when nobody ever asked."""

    prediction: str
    state: State | None
    text: str
    by: VerdictBy | None
    at: Instant | None
    answer: str
    answered_by: VerdictBy | None
    answered_at: Instant | None

    @staticmethod
    def of(prediction: str, asked: Question | None) -> QuestionOut:
        return QuestionOut(
            prediction=prediction,
            state=asked.state if asked else None,
            text=asked.text if asked else "",
            by=_by(asked.actor) if asked else None,
            at=asked.at if asked else None,
            answer=asked.answer if asked else "",
            answered_by=_by(asked.answered_by) if asked else None,
            answered_at=asked.answered_at if asked else None,
        )


def _by(actor: Actor | None) -> VerdictBy | None:
    return VerdictBy(id=actor.id, name=actor.name, kind=actor.kind) if actor else None


@router.get("/predictions/{prediction}/question")
def get_question(prediction: str, database: Db) -> QuestionOut:
    with database.read() as connection:
        predictions.get(connection, prediction)
        return QuestionOut.of(prediction, question_rows.get(connection, prediction))


@router.put("/predictions/{prediction}/question")
def put_question(prediction: str, asked: QuestionIn, actor: Asking, database: Db) -> QuestionOut:
    """Asks, in place of an earlier question. Nothing is reviewed by it; `question = "open"` finds it in the log."""
    kept = database.write(lambda connection: ask.ask(connection, prediction, asked.text, actor=actor))
    return QuestionOut.of(prediction, kept)


@router.put("/predictions/{prediction}/question/answer")
def answer_question(prediction: str, said: QuestionIn, actor: Asking, database: Db) -> QuestionOut:
    """Answers the open question, which closes it."""
    kept = database.write(lambda connection: ask.answer(connection, prediction, said.text, actor=actor))
    return QuestionOut.of(prediction, kept)


@router.delete("/predictions/{prediction}/question")
def delete_question(prediction: str, actor: Asking, database: Db) -> QuestionOut:
    """Takes the open question back."""
    database.write(lambda connection: ask.withdraw(connection, prediction, actor=actor))
    return QuestionOut.of(prediction, None)
