"""HTTP: one deployment, and what can be changed of it at once: its name, threshold, the canary's share and free values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.deployments import change, seen, store
from relens.deployments.deployment import Deployment
from relens.deployments.free_settings import OWNED, changed
from relens.deployments.routes import DeploymentOut, shown
from relens.deployments.seen import IfMatch, Saving
from relens.infra.database import Database
from relens.infra.web import part

router = APIRouter(prefix="/api/v1", tags=["deployments"])
Db = Annotated[Database, part(Database)]
PLAIN = ("name", "threshold", "canary_share")


class DeploymentChange(BaseModel):
    """What to change; what is left out stays. `settings`: free values to add or change; null takes one away."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    threshold: float | None = None
    canary_share: float | None = None
    settings: dict[str, Any] | None = None


@router.get("/deployments/{deployment}")
def get_deployment(deployment: str, database: Db, response: Response) -> DeploymentOut:
    """The ETag is that of what PATCH changes."""
    with database.read() as connection:
        found = store.get(connection, deployment)
        seen.show(response, seen.tag_of(_values(found)))
        return shown(connection, [found])[0]


@router.patch("/deployments/{deployment}")
def change_deployment(
    deployment: str,
    asked: DeploymentChange,
    actor: Asking,
    database: Db,
    response: Response,
    if_match: IfMatch = None,
) -> DeploymentOut:
    """A new threshold, or a canary's new share, counts within a quarter of a second."""

    def work(connection: Connection) -> DeploymentOut:
        found = store.get(connection, deployment)
        wanted = {name: value for name in PLAIN if (value := getattr(asked, name)) is not None}
        wanted |= _free(asked.settings or {})
        tag = Saving(found, "general", actor, if_match).save(
            connection, wanted, lambda: _values(store.get(connection, found.id)), _change(connection, found.id, asked)
        )
        seen.show(response, tag)
        return shown(connection, [store.get(connection, found.id)])[0]

    return database.write(work)


def _change(connection: Connection, deployment_id: str, asked: DeploymentChange) -> Callable[[], None]:
    def write() -> None:
        here = store.get(connection, deployment_id)
        if asked.name is not None:
            change.rename(connection, here, asked.name)
        if asked.threshold is not None:
            change.set_threshold(connection, here, asked.threshold)
        if asked.canary_share is not None:
            change.set_canary_share(connection, here, asked.canary_share)
        if asked.settings is not None:
            now = store.get(connection, deployment_id)
            store.change(connection, deployment_id, settings=changed(now.settings, asked.settings))

    return write


def _values(found: Deployment) -> dict[str, Any]:
    return {name: getattr(found, name) for name in PLAIN} | _free(found.settings)


def _free(settings: Any) -> dict[str, Any]:
    return {f"settings.{name}": value for name, value in settings.items() if name not in OWNED}
