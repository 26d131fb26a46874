"""HTTP: what a deployment keeps of its images, and who chose it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access import store as access_store
from relens.access.asking import Asking
from relens.deployments import change, seen, store
from relens.deployments.deployment import Deployment
from relens.deployments.keeping import LEAST_SHARE, LONGEST_DAYS, Images, Keeping, WhenFull, keeping_of
from relens.deployments.seen import IfMatch, Saving
from relens.infra.database import Database
from relens.infra.web import Instant, part

router = APIRouter(prefix="/api/v1", tags=["deployments"])
Db = Annotated[Database, part(Database)]


class KeepingIn(BaseModel, extra="forbid"):
    """What to keep of the images from now on; what is left out takes its default."""

    images: Images = Field(
        "all", description="every image, a random share, uncertain or unusual ones and a share, none"
    )
    share: float = Field(0.1, ge=LEAST_SHARE, le=1, description="of all images, by chance")
    days: int | None = Field(None, ge=1, le=LONGEST_DAYS, strict=True, description="null: as long as there is room")
    when_full: WhenFull = Field(
        "refuse", description="an image that cannot be logged: refused (507), or answered unlogged"
    )


class KeepingChangeOut(KeepingIn):
    """One choice of the past."""

    at: Instant
    by: str


class KeepingOut(KeepingIn):
    """The policy in force. Without `traffic_estimates`, numbers about all traffic that need images read "not available"."""

    traffic_estimates: bool
    history: list[KeepingChangeOut]

    @staticmethod
    def of(connection: Connection, found: Deployment) -> KeepingOut:
        lines = store.setting_changes(connection, found.id, "images")
        people = access_store.names(connection, {line.by for line in lines})
        history = [
            KeepingChangeOut.model_validate({**line.value, "at": line.at, "by": people.get(line.by, line.by)})
            for line in lines
        ]
        keeping = keeping_of(found.settings)
        return KeepingOut.model_validate(
            {**keeping.to_json(), "traffic_estimates": keeping.estimates, "history": history}
        )


@router.get("/deployments/{deployment}/images")
def get_keeping(deployment: str, database: Db, response: Response) -> KeepingOut:
    """Which images this deployment keeps, and for how long."""
    with database.read() as connection:
        found = store.get(connection, deployment)
        seen.show(response, seen.tag_of(keeping_of(found.settings).to_json()))
        return KeepingOut.of(connection, found)


@router.put("/deployments/{deployment}/images")
def put_keeping(
    deployment: str, wanted: KeepingIn, actor: Asking, database: Db, response: Response, if_match: IfMatch = None
) -> KeepingOut:
    """Counts within a quarter of a second. Images kept before stay until they are older than `days`, or until the disk runs full."""

    def work(connection: Connection) -> KeepingOut:
        found = store.get(connection, deployment)
        tag = Saving(found, "images", actor, if_match).save(
            connection,
            wanted.model_dump(),
            lambda: keeping_of(store.get(connection, found.id).settings).to_json(),
            lambda: change.set_keeping(
                connection, store.get(connection, found.id), Keeping(**wanted.model_dump()), actor
            ),
        )
        seen.show(response, tag)
        return KeepingOut.of(connection, store.get(connection, found.id))

    return database.write(work)
