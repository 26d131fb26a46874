"""HTTP: from reviews forward to what they changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from relens.access.asking import Asking
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.web import Instant, Page, part
from relens.loop.bodies import LineageOut, LineageStep
from relens.loop.effects import Effect, effects, forward

router = APIRouter(prefix="/api/v1", tags=["loop"])
Db = Annotated[Database, part(Database)]


class CountedOut(BaseModel):
    """Of one label, on the test images of the gate: objects, and how many were missed and invented before and after."""

    label: str
    objects: int
    missed: tuple[int, int]
    wrong: tuple[int, int]


class ContributionOut(BaseModel):
    """One person's reviews in it."""

    name: str
    accepted: int
    corrected: int
    taken_out: int
    mine: bool


class EffectOut(BaseModel):
    """A promotion and the reviews behind it. `sentence` speaks to whoever asks; `counts` are empty where the gate did not count yet."""

    decision: str
    at: Instant
    version: str
    before: str
    data: list[str]
    sentence: str
    people: list[ContributionOut]
    counts: list[CountedOut]

    @staticmethod
    def of(found: Effect, person: str) -> EffectOut:
        return EffectOut(
            decision=found.decision,
            at=found.at,
            version=found.version,
            before=found.before,
            data=list(found.data),
            sentence=found.sentence(person),
            people=[
                ContributionOut(
                    name=one.name,
                    accepted=one.accepted,
                    corrected=one.corrected,
                    taken_out=one.taken_out,
                    mine=one.id == person,
                )
                for one in found.people
            ],
            counts=[
                CountedOut(label=one.label, objects=one.objects, missed=one.missed, wrong=one.wrong)
                for one in found.counts
            ],
        )


@router.get("/deployments/{deployment}/effects")
def get_effects(
    deployment: str, actor: Asking, database: Db, limit: Annotated[int, Query(ge=1, le=50)] = 10
) -> Page[EffectOut]:
    """What the reviews of this deployment changed: each promotion they went into, the newest first."""
    with database.read() as connection:
        found = effects(connection, deployments.get(connection, deployment), limit)
    return Page(items=[EffectOut.of(one, actor.id) for one in found], next=None)


@router.get("/predictions/{prediction}/effects")
def get_forward(prediction: str, database: Db) -> LineageOut:
    """What the review of this prediction changed: dataset versions, the versions that learned from them, and which of those answered."""
    with database.read() as connection:
        steps = forward(connection, prediction)
    return LineageOut(
        steps=[LineageStep(**{name: getattr(step, name) for name in LineageStep.model_fields}) for step in steps]
    )
