"""HTTP: asking for a replay, whose progress is that of its job, and what came of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import JobOut
from relens.infra.web import part
from relens.kit.errors import NotFound
from relens.loop.replay import MOST_IMAGES, REPLAY, ask_for_replay
from relens.predictions.routes import TitledVersion
from relens.registry import store as registry
from relens.serving.routes import DetectionOut

router = APIRouter(prefix="/api/v1", tags=["loop"])


class NoReplay(NotFound):
    """No replay has ended under this job id."""


class ReplayIn(BaseModel):
    """Which version looks again, and at how many of the latest images."""

    model_version: str = Field(description='an id, "name/3" or "name/latest"')
    images: int = Field(200, ge=1, le=MOST_IMAGES)


@router.post("/deployments/{deployment}/replays", status_code=202)
def replay(
    deployment: str,
    wanted: ReplayIn,
    actor: Asking,
    database: Annotated[Database, part(Database)],
    jobs: Annotated[Jobs, part(Jobs)],
) -> JobOut:
    """Lets a version answer the latest logged images again; nothing is logged and nobody is answered.

    The job's result: `images` compared, `same`, `different`, `gone` (not kept any more), how often each label is said before and after,
    and `items`: the images that differ most, with what is gone, new or named otherwise.
    """

    def ask(connection: Connection) -> str:
        found = deployments.get(connection, deployment)
        return ask_for_replay(
            connection, jobs, found, registry.find(connection, wanted.model_version), wanted.images, actor
        )

    return JobOut.of(jobs.get(database.write(ask)), actor.name)


class RelabelledOut(BaseModel):
    """One place that is called something else."""

    before: DetectionOut
    after: DetectionOut


class DifferingOut(BaseModel):
    """An image whose answer would be another; `amount` sums the confidences of what differs."""

    prediction: str
    asset: str
    amount: float
    gone: list[DetectionOut]
    new: list[DetectionOut]
    relabelled: list[RelabelledOut]


class SaidOut(BaseModel):
    """How often a label was said, and how often it would be."""

    before: int
    after: int


class ReplayedOut(BaseModel):
    """What a replay found; `gone`: images that are not kept any more. `items`: those that differ most."""

    model_version: TitledVersion
    threshold: float
    images: int
    same: int
    different: int
    gone: int
    labels: dict[str, SaidOut]
    items: list[DifferingOut]


@router.get("/replays/{job}")
def get_replay(
    job: str, database: Annotated[Database, part(Database)], jobs: Annotated[Jobs, part(Jobs)]
) -> ReplayedOut:
    """What came of a replay, once its job has succeeded."""
    found = jobs.get(job)
    if found.kind != REPLAY or found.result is None:
        raise NoReplay(f"the job {job} is no finished replay: see /api/v1/jobs/{job}")
    with database.read() as connection:
        version = registry.get(connection, found.result["model_version"])
    return ReplayedOut.model_validate(
        {**found.result, "model_version": TitledVersion(id=version.id, title=version.title)}
    )
