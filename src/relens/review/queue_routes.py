"""HTTP: how the review queue is mixed, and what its random checks are worth."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.deployments import change, seen
from relens.deployments import store as deployments
from relens.deployments.seen import IfMatch, Saving
from relens.infra.database import Database
from relens.infra.web import Page, part
from relens.review.checks import Drawn, sample
from relens.review.habits import LEAST_SHARE, Habits, habits_of
from relens.review.sampler import samplers
from relens.review.verdict import Status

router = APIRouter(prefix="/api/v1", tags=["review"])

Db = Annotated[Database, part(Database)]


class HabitsIn(BaseModel, extra="forbid"):
    """How the queue is mixed."""

    random_share: float = Field(0.5, ge=LEAST_SHARE, le=1, description="of the queue: what speaks for all traffic")
    sampler: str = Field("uncertainty", max_length=100, description="who ranks the hard cases")


class HabitsOut(HabitsIn):
    """`samplers`: those that could rank."""

    samplers: dict[str, str]

    @staticmethod
    def of(habits: Habits) -> HabitsOut:
        titles = {name: samplers.get(name).title for name in samplers.names()}
        return HabitsOut(**habits.to_json(), samplers=titles)


class CheckOut(BaseModel):
    """A random check: the probability with which the prediction came to be one, and what people said of it."""

    prediction: str
    probability: float
    status: Status

    @staticmethod
    def of(check: Drawn) -> CheckOut:
        return CheckOut(prediction=check.prediction, probability=check.probability, status=check.status)


@router.get("/deployments/{deployment}/review-queue")
def get_habits(deployment: str, database: Db, response: Response) -> HabitsOut:
    """The share of random checks, and the sampler of the hard cases."""
    with database.read() as connection:
        habits = habits_of(deployments.get(connection, deployment).settings)
    seen.show(response, seen.tag_of(habits.to_json()))
    return HabitsOut.of(habits)


@router.put("/deployments/{deployment}/review-queue")
def put_habits(
    deployment: str, wanted: HabitsIn, actor: Asking, database: Db, response: Response, if_match: IfMatch = None
) -> HabitsOut:
    """Mixes the queue anew; what people hold stays theirs."""
    actor.must_be("operator")
    habits = Habits(wanted.random_share, wanted.sampler)

    def work(connection: Connection) -> str:
        found = deployments.get(connection, deployment)
        return Saving(found, "review-queue", actor, if_match).save(
            connection,
            habits.to_json(),
            lambda: habits_of(deployments.get(connection, found.id).settings).to_json(),
            lambda: change.set_settings(
                connection, deployments.get(connection, found.id), {"review_queue": habits.to_json()}
            ),
        )

    seen.show(response, database.write(work))
    return HabitsOut.of(habits)


@router.get("/deployments/{deployment}/random-checks")
def get_checks(
    deployment: str,
    database: Db,
    since_seq: Annotated[int, Query(ge=0, description="only predictions after this place in the log")] = 0,
) -> Page[CheckOut]:
    """A sample of the traffic with known probabilities: what is estimated for all traffic rests on it (weights are 1 / probability)."""
    with database.read() as connection:
        found = sample(connection, deployments.get(connection, deployment).id, since_seq)
    return Page(items=[CheckOut.of(check) for check in found], next=None)
