"""HTTP: is it alive, is it ready, its numbers for Prometheus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text

from relens import __version__
from relens.deployments import store as deployments
from relens.deployments.keeping import keeping_of
from relens.infra.database import Database
from relens.infra.folder_size import FolderSize
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.infra.telemetry import forget_all_but
from relens.infra.web import Instant, part
from relens.kit import clock
from relens.kit.errors import Unavailable
from relens.predictions.record import Recorder

router = APIRouter(tags=["system"])
numbers_router = APIRouter(tags=["system"])
STARTED_AT = clock.now()
"""Of this process."""


class Health(BaseModel):
    """The server answers."""

    status: str = "ok"


class SystemOut(BaseModel):
    """What runs here. `trouble`: why the log cannot be written just now."""

    version: str
    home: str
    durability: str
    database: str
    asks_for_token: bool
    started_at: Instant
    free_bytes: int | None
    trouble: str | None


class HomeSizeOut(BaseModel):
    """What the home folder holds, and so what a copy of it takes; counted at most every five minutes."""

    files: int
    size_bytes: int
    at: Instant


@router.get("/healthz")
async def alive() -> Health:
    """Answers as long as the process does."""
    return Health()


class NotWritable(Unavailable):
    """The server runs and its log cannot be written."""


@router.get("/readyz")
def ready(database: Annotated[Database, part(Database)], recorder: Annotated[Recorder, part(Recorder)]) -> Health:
    """Answers when the database does and the log can be written; where every deployment answers unlogged, it says so instead."""
    with database.read() as connection:
        connection.execute(text("SELECT 1"))
    trouble = recorder.writable.trouble()
    if trouble is None:
        return Health()
    with database.read() as connection:
        served = [one for one in deployments.all_of_them(connection) if one.target == "server"]
    if served and all(keeping_of(one.settings).when_full == "answer unlogged" for one in served):
        return Health(status=f"answering, and nothing is logged: {trouble}")
    raise NotWritable(f"the log cannot be written: {trouble}", 5.0)


@numbers_router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def numbers(database: Annotated[Database, part(Database)]) -> Response:
    """The server's own numbers in Prometheus form."""
    with database.read() as connection:
        forget_all_but({one.name for one in deployments.all_of_them(connection)})
    return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@numbers_router.get("/api/v1/system")
def system(
    settings: Annotated[Settings, part(Settings)],
    storage: Annotated[Storage, part(Storage)],
    recorder: Annotated[Recorder, part(Recorder)],
) -> SystemOut:
    """Version, home folder and room left."""
    return SystemOut(
        version=__version__,
        home=str(settings.home),
        durability=settings.durability,
        database=settings.database_url.partition(":")[0].partition("+")[0],
        asks_for_token=settings.token is not None,
        started_at=STARTED_AT,
        free_bytes=storage.free_bytes(),
        trouble=recorder.writable.trouble(),
    )


@numbers_router.get("/api/v1/system/size")
def home_size(size: Annotated[FolderSize, part(FolderSize)]) -> HomeSizeOut:
    """What the home folder holds."""
    found = size.now()
    return HomeSizeOut(files=found.files, size_bytes=found.size_bytes, at=found.at)
