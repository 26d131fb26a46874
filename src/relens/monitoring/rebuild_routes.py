"""HTTP: counting the log again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from relens.access.asking import Asking
from relens.infra.database import Database
from relens.infra.web import part
from relens.monitoring.rebuild import Rebuilding

router = APIRouter(prefix="/api/v1", tags=["system"])


class RebuildIn(BaseModel):
    """Whose sums are made anew."""

    deployment: str | None = Field(None, max_length=200, description="name or id; every deployment if left out")


class RebuildOut(BaseModel):
    """The job that does it."""

    job: str


@router.post("/system/rebuild-metrics", status_code=202)
def rebuild_metrics(
    body: RebuildIn,
    actor: Asking,
    database: Annotated[Database, part(Database)],
    rebuilding: Annotated[Rebuilding, part(Rebuilding)],
) -> RebuildOut:
    """Takes the sums away and counts the log again, as far back as it is whole; charts fill up meanwhile."""
    return RebuildOut(job=database.write(lambda connection: rebuilding.start(connection, actor, body.deployment)))
