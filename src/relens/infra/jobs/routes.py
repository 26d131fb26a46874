"""HTTP: jobs, their progress, and cancelling one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query
from pydantic import BaseModel

from relens.infra.database import Database
from relens.infra.jobs import store
from relens.infra.jobs.job import OPEN, Job, State
from relens.infra.jobs.table import Jobs
from relens.infra.web import Cursor, Instant, Limit, Page, part, read_cursor, write_cursor


class Names(Protocol):
    """Names of actors by id. Who the actors are is a higher room's knowledge."""

    def names(self, ids: Collection[str]) -> Mapping[str, str]: ...


router = APIRouter(prefix="/api/v1", tags=["jobs"])


class JobOut(BaseModel):
    """A job as the API shows it."""

    id: str
    kind: str
    title: str
    about: str | None
    state: State
    step: str | None
    finished_steps: list[str]
    done: int
    total: int | None
    message: str
    result: dict[str, Any] | None
    error: str | None
    created_by: str
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None

    @staticmethod
    def of(job: Job, created_by: str) -> JobOut:
        plain = JobOut.model_fields.keys() - {"finished_steps", "created_by"}
        return JobOut(
            **{name: getattr(job, name) for name in plain},
            finished_steps=list(job.finished_steps),
            created_by=created_by,
        )


def jobs_shown(jobs: Sequence[Job], people: Names) -> list[JobOut]:
    """As the API shows them, with the names of who began them."""
    known = people.names({job.created_by for job in jobs})
    return [JobOut.of(job, known.get(job.created_by, job.created_by)) for job in jobs]


@router.get("/jobs")
def list_jobs(
    database: Annotated[Database, part(Database)],
    people: Annotated[Names, part(Names)],
    state: Annotated[str | None, Query(description="one of the states, or open")] = None,
    about: str | None = None,
    kind: str | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[JobOut]:
    states = OPEN if state == "open" else (state,) if state else ()
    before = tuple(read_cursor(cursor, int, str)) if cursor else None
    with database.read() as connection:
        found = store.page(connection, states, about, before, limit + 1, kind)
    following = write_cursor(found[limit - 1].created_at, found[limit - 1].id) if len(found) > limit else None
    return Page(items=jobs_shown(found[:limit], people), next=following)


@router.get("/jobs/{job_id}")
def get_job(job_id: str, jobs: Annotated[Jobs, part(Jobs)], people: Annotated[Names, part(Names)]) -> JobOut:
    return jobs_shown([jobs.get(job_id)], people)[0]
