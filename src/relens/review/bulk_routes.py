"""HTTP: one review for everything a query finds, with a look ahead and a way back."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from relens.access.asking import Asking
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import JobOut
from relens.infra.web import part
from relens.kit import clock
from relens.predictions import browse
from relens.predictions.browse import Filter
from relens.review import bulk, queue_rows

router = APIRouter(prefix="/api/v1", tags=["review"])

Db = Annotated[Database, part(Database)]
Work = Annotated[Jobs, part(Jobs)]
_COUNT_S = 1.0
Saying = Literal["accepted", "nothing here", "unusable", "skipped"]


class BulkIn(BaseModel, extra="forbid"):
    """What is said of everything that waits and that the query finds."""

    query: str = Field(max_length=2_000, description="in the query language of the log; empty: everything that waits")
    status: Saying
    reason: str = Field("", max_length=2_000)


class BulkPreviewOut(BaseModel):
    """`count` images wait and fit (`more`: at least so many); `held` waiting images of the deployment are in other people's hands and stay theirs.

    `reviewed` fit as well and stay as they are.
    """

    count: int
    more: bool
    held: int
    reviewed: int


@router.get("/deployments/{deployment}/bulk-reviews/preview")
def preview_bulk(
    deployment: str, actor: Asking, database: Db, status: Saying, query: Annotated[str, Query(max_length=2_000)] = ""
) -> BulkPreviewOut:
    """What a review of everything a query finds would decide."""
    with database.read() as connection:
        here = deployments.get(connection, deployment)
        bulk.check(here, status)
        asked = query or None
        waits = browse.count(connection, here.id, Filter(review="pending", query=asked), _COUNT_S)
        reviewed = browse.count(connection, here.id, Filter(review="reviewed", query=asked), _COUNT_S)
        held = queue_rows.held(connection, here.id, actor.id, clock.now())
    return BulkPreviewOut(count=waits.count, more=waits.more, held=len(held), reviewed=reviewed.count)


@router.post("/deployments/{deployment}/bulk-reviews", status_code=202)
def start_bulk(deployment: str, wanted: BulkIn, actor: Asking, database: Db, jobs: Work) -> JobOut:
    """Reviews everything that waits now and fits, as a job; arrivals after this moment are left alone.

    The job's result: `reviewed`, `held` by others, reviewed `meanwhile`, `refused` with some `problems`. What is accepted, or said to hold
    nothing, stays among the random checks: it speaks for all traffic only when somebody has looked at the image.
    """
    job = database.write(
        lambda connection: bulk.ask(
            connection, jobs, deployments.get(connection, deployment), wanted.query, wanted.status, wanted.reason, actor
        )
    )
    return JobOut.of(jobs.get(job), actor.name)


@router.post("/bulk-reviews/{job}/undo", status_code=202)
def undo_bulk(job: str, actor: Asking, database: Db, jobs: Work) -> JobOut:
    """Everything the job decided waits again, as a job; what somebody changed since stays. Asked twice, it is undone once."""
    done = jobs.get(job)
    undo = database.write(lambda connection: bulk.ask_undo(connection, jobs, done, actor))
    return JobOut.of(jobs.get(undo), actor.name)
