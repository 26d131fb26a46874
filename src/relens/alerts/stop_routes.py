"""HTTP: planned stops of a deployment."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.access.store import names as actor_names
from relens.alerts import stop_rows
from relens.alerts.stop import PlannedStop
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.web import Instant, Page, part
from relens.kit import clock
from relens.kit.ids import new_id

router = APIRouter(prefix="/api/v1", tags=["alerts"])

Db = Annotated[Database, part(Database)]


class StopIn(BaseModel):
    """From when until when (RFC 3339; `since` is now if left out), and why. `source`: only that one."""

    since: str | None = None
    until: str
    reason: str = Field("", max_length=500)
    source: str | None = Field(None, max_length=200)


class StopOut(BaseModel):
    """A planned stop: no alert begins in it, and nobody is told."""

    id: str
    deployment: str
    source: str | None
    since: Instant
    until: Instant
    reason: str
    created_by: str


@router.get("/deployments/{deployment}/planned-stops")
def list_stops(deployment: str, database: Db) -> Page[StopOut]:
    """Those that are not over, the earliest first."""
    with database.read() as connection:
        found = deployments.get(connection, deployment)
        return Page(items=_shown(connection, found.name, stop_rows.since(connection, found.id, clock.now())))


@router.post("/deployments/{deployment}/planned-stops", status_code=201)
def plan_stop(deployment: str, body: StopIn, actor: Asking, database: Db) -> StopOut:
    actor.must_be("operator")
    now = clock.now()
    since, until = clock.from_text(body.since) if body.since else now, clock.from_text(body.until)

    def plan(connection: Connection) -> StopOut:
        found = deployments.get(connection, deployment)
        made = PlannedStop(new_id(), found.id, body.source or None, since, until, body.reason.strip(), actor.id, now)
        stop_rows.insert(connection, made)
        return _shown(connection, found.name, [made])[0]

    return database.write(plan)


@router.delete("/planned-stops/{stop_id}", status_code=204)
def cancel_stop(stop_id: str, actor: Asking, database: Db) -> None:
    actor.must_be("operator")
    database.write(lambda connection: stop_rows.end(connection, stop_id, clock.now()))


def _shown(connection: Connection, name: str, stops: list[PlannedStop]) -> list[StopOut]:
    people = actor_names(connection, {one.created_by for one in stops})
    return [
        StopOut(
            id=one.id, deployment=name, source=one.source, since=one.since, until=one.until, reason=one.reason,
            created_by=people.get(one.created_by, one.created_by),
        )
        for one in stops
    ]  # fmt: skip
