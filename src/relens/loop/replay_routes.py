"""HTTP: asking for a replay; its progress and its result are those of its job."""

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
from relens.loop.replay import MOST_IMAGES, ask_for_replay
from relens.registry import store as registry

router = APIRouter(prefix="/api/v1", tags=["loop"])


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
