"""HTTP: back-ups of everything, made while the server runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from relens.access.asking import Asking
from relens.infra.back_up import BackUps, made
from relens.infra.back_up.pack import as_tar
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import JobOut
from relens.infra.settings import Settings
from relens.infra.web import Instant, part

router = APIRouter(prefix="/api/v1/system", tags=["system"])


class BackUpOut(BaseModel):
    """A finished back-up: a home folder of its own. `at` is the moment it is of; it shares all but `written_bytes` with what lay there before."""

    name: str
    path: str
    version: str
    at: Instant
    files: int
    size_bytes: int
    written_bytes: int


class BackUpsOut(BaseModel):
    """Where back-ups are made and those that are there, the newest first. `same_disk`: they would be lost with the disk of the home folder."""

    folder: str
    same_disk: bool
    free_bytes: int | None
    items: list[BackUpOut]


@router.get("/back-ups")
def list_back_ups(
    back_ups: Annotated[BackUps, part(BackUps)], settings: Annotated[Settings, part(Settings)]
) -> BackUpsOut:
    """Finished ones; the one under way is a job of kind `back-up`."""
    place = back_ups.place
    there = next(one for one in (place, *place.parents) if one.exists())
    return BackUpsOut(
        folder=str(place),
        same_disk=there.stat().st_dev == settings.home.stat().st_dev,
        free_bytes=shutil.disk_usage(there).free,
        items=[_shown(place, one) for one in made.all_in(place)],
    )


@router.post("/back-ups", status_code=202)
def make_back_up(
    actor: Asking,
    database: Annotated[Database, part(Database)],
    jobs: Annotated[Jobs, part(Jobs)],
    back_ups: Annotated[BackUps, part(BackUps)],
) -> JobOut:
    """Copies everything while the server goes on answering, as a job; while one is under way, answers that one."""
    actor.must_be("owner")
    job = database.write(lambda connection: back_ups.start(connection, jobs, actor.id))
    return JobOut.of(jobs.get(job), actor.name)


@router.get(
    "/back-ups/{name}/tar",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-tar": {}}}},
)
def download_back_up(name: str, actor: Asking, back_ups: Annotated[BackUps, part(BackUps)]) -> StreamingResponse:
    """All of it as one tar file, to be kept elsewhere: unpacked it is the back-up again. It holds the server's own key."""
    actor.must_be("owner")
    found = made.get(back_ups.place, name)
    return StreamingResponse(
        as_tar(back_ups.place / found.name),
        media_type="application/x-tar",
        headers={"Content-Disposition": f'attachment; filename="{found.name}.tar"'},
    )


@router.delete("/back-ups/{name}", status_code=202)
def delete_back_up(
    name: str,
    actor: Asking,
    database: Annotated[Database, part(Database)],
    jobs: Annotated[Jobs, part(Jobs)],
    back_ups: Annotated[BackUps, part(BackUps)],
) -> JobOut:
    """Deletes one for good, as a job; the others keep all of theirs."""
    actor.must_be("owner")
    job = database.write(lambda connection: back_ups.delete(connection, jobs, name, actor.id))
    return JobOut.of(jobs.get(job), actor.name)


def _shown(place: Path, one: made.Made) -> BackUpOut:
    return BackUpOut(
        name=one.name,
        path=str(place / one.name),
        version=one.version,
        at=one.at,
        files=one.files,
        size_bytes=one.size_bytes,
        written_bytes=one.written_bytes,
    )
