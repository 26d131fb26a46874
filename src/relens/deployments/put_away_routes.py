"""HTTP: putting a deployment away and bringing it back, and another try at what failed to load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter
from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.access.asking import Asking
from relens.deployments import change, store
from relens.deployments.deployment import Deployment
from relens.deployments.routes import DeploymentOut, shown
from relens.infra.database import Database
from relens.infra.web import part

router = APIRouter(prefix="/api/v1", tags=["deployments"])
Db = Annotated[Database, part(Database)]


@router.post("/deployments/{deployment}/archive")
def archive(deployment: str, actor: Asking, database: Db) -> DeploymentOut:
    """It answers nobody any more and stands in no list; its log, images and reviews stay, and it can be restored."""
    return _changed(database, actor, deployment, change.archive)


@router.post("/deployments/{deployment}/restore")
def restore(deployment: str, actor: Asking, database: Db) -> DeploymentOut:
    """An archived deployment answers again, as it was."""
    return _changed(database, actor, deployment, change.restore)


@router.post("/deployments/{deployment}/retry")
def retry(deployment: str, actor: Asking, database: Db) -> DeploymentOut:
    """Loads what it wants once more, now; a version that failed to load is tried again by itself every 15 seconds anyway."""
    return _changed(database, actor, deployment, change.try_again)


def _changed(
    database: Database, actor: Actor, reference: str, verb: Callable[[Connection, Deployment], None]
) -> DeploymentOut:
    actor.must_be("operator")

    def work(connection: Connection) -> DeploymentOut:
        found = store.get(connection, reference)
        verb(connection, found)
        return shown(connection, [store.get(connection, found.id)])[0]

    return database.write(work)
