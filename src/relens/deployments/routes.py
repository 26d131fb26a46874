"""HTTP: deployments and their roles."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access import store as access_store
from relens.access.asking import Asking
from relens.deployments import change, store
from relens.deployments.deployment import Deployment, Role, Target, Threshold
from relens.deployments.free_settings import free_settings
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.web import Instant, Page, TaskName, part
from relens.registry import store as registry_store

router = APIRouter(prefix="/api/v1", tags=["deployments"])
Db = Annotated[Database, part(Database)]


class RoleOut(BaseModel):
    """The version that has a role."""

    id: str
    title: str
    model_name: str
    number: int
    artifact: str
    since: Instant | None


class ServingOut(BaseModel):
    """How far this deployment's servers follow."""

    state: Literal["loading", "warming", "live", "failed", "external"]
    message: str
    model_version: str | None


class DeploymentOut(BaseModel):
    """A deployment as the API shows it."""

    id: str
    name: str
    task: TaskName
    labels: list[str]
    target: Target
    threshold: float
    revision: int
    champion: RoleOut | None
    shadow: RoleOut | None
    canary: RoleOut | None
    canary_share: float
    serving: ServingOut
    settings: dict[str, Any]
    created_at: Instant
    created_by: str
    archived_at: Instant | None
    deleting_since: Instant | None


class DeploymentIn(BaseModel):
    """`threshold` null takes the one the version advises."""

    name: str
    model_version: str = Field(description='an id, "name/3" or "name/latest"')
    threshold: float | None = None
    target: Target = "server"
    settings: dict[str, Any] = Field(default_factory=dict, description="free values shown with the deployment")


class RoleIn(BaseModel):
    """Gives a role to a version; null takes it away (not for the champion). `share`: of the images, for a canary (0 to 1)."""

    role: Role
    model_version: str | None
    reason: str = ""
    share: float | None = None
    threshold: float | None = Field(
        None,
        description="from which confidence on the champion answers; null: a person's threshold stays, an advised one goes with its version",
    )


class RoleLineOut(BaseModel):
    """One line of the history of roles."""

    role: Role
    model_version: RoleOut | None
    since: Instant
    until: Instant | None
    reason: str
    by: str
    threshold_before: float | None = Field(
        description="the deployment's when a champion took over; null: of another role, or nobody knows"
    )
    threshold: float | None = Field(description="with which it began to answer")


def shown(connection: Connection, deployments: list[Deployment]) -> list[DeploymentOut]:
    """Deployments with the names behind their ids."""
    people = access_store.names(connection, {d.created_by for d in deployments})
    serving = store.serving(connection, [d.id for d in deployments])
    return [_shown(connection, d, people.get(d.created_by, d.created_by), serving) for d in deployments]


def _shown(connection: Connection, found: Deployment, by: str, serving: dict[str, Any]) -> DeploymentOut:
    plain = (
        "id",
        "name",
        "task",
        "target",
        "threshold",
        "canary_share",
        "revision",
        "created_at",
        "archived_at",
        "deleting_since",
    )
    state = serving.get(found.id)
    return DeploymentOut(
        **{name: getattr(found, name) for name in plain},
        labels=list(found.labels),
        champion=_role(connection, found, "champion"),
        shadow=_role(connection, found, "shadow"),
        canary=_role(connection, found, "canary"),
        serving=ServingOut(state=state.state, message=state.message, model_version=state.model_version)
        if state
        else ServingOut(state="loading", message="", model_version=None),
        settings=dict(found.settings),
        created_by=by,
    )


def _role(connection: Connection, found: Deployment, role: Role) -> RoleOut | None:
    version_id = found.version_in(role)
    return _version(connection, version_id, store.since_of(connection, found.id, role)) if version_id else None


def _version(connection: Connection, version_id: str, since: int | None = None) -> RoleOut:
    version = registry_store.get(connection, version_id)
    return RoleOut(
        id=version.id,
        title=version.title,
        model_name=version.model_name,
        number=version.number,
        artifact=version.artifact,
        since=since,
    )


@router.get("/deployments")
def list_deployments(
    database: Db, archived: Annotated[bool, Query(description="those that were put away, instead")] = False
) -> Page[DeploymentOut]:
    with database.read() as connection:
        known = store.all_of_them(connection, archived=archived)
        return Page(items=shown(connection, [one for one in known if (one.archived_at is not None) == archived]))


@router.post("/deployments", status_code=201)
def create_deployment(
    asked: DeploymentIn, actor: Asking, database: Db, server: Annotated[Settings, part(Settings)]
) -> DeploymentOut:
    """Makes an address that answers with this version as soon as it is loaded."""
    actor.must_be("operator")
    team = {"blind_share": server.blind_share, "second_share": server.second_share}

    def work(connection: Connection) -> DeploymentOut:
        version = registry_store.find(connection, asked.model_version)
        made = change.create(
            connection,
            name=asked.name,
            version=version,
            threshold=asked.threshold,
            target=asked.target,
            actor=actor,
            settings={**free_settings(asked.settings, new=True), "review_team": team},
        )
        return shown(connection, [made])[0]

    return database.write(work)


class LabelIn(BaseModel):
    """A label that people miss while reviewing."""

    label: str = Field(min_length=1, max_length=200)


@router.post("/deployments/{deployment}/labels")
def add_label(deployment: str, asked: LabelIn, actor: Asking, database: Db) -> DeploymentOut:
    """From now on reviews can use it; the dataset that the deployment feeds learns it with its next version."""

    def work(connection: Connection) -> DeploymentOut:
        found = change.add_label(connection, store.get(connection, deployment), asked.label, actor)
        return shown(connection, [found])[0]

    return database.write(work)


@router.get("/deployments/{deployment}/roles")
def list_roles(deployment: str, database: Db) -> Page[RoleLineOut]:
    """Which version had which role when, the newest first."""
    with database.read() as connection:
        lines = store.history(connection, store.get(connection, deployment).id)
        people = access_store.names(connection, {line.by for line in lines})
        items = [
            RoleLineOut(
                role=line.role,
                model_version=_version(connection, line.model_version) if line.model_version else None,
                since=line.since,
                until=line.until,
                reason=line.reason,
                by=people.get(line.by, line.by),
                threshold_before=line.threshold[0].value if line.threshold else None,
                threshold=line.threshold[1].value if line.threshold else None,
            )
            for line in lines
        ]
    return Page(items=items)


@router.post("/deployments/{deployment}/roles")
def set_role(deployment: str, asked: RoleIn, actor: Asking, database: Db) -> DeploymentOut:
    """Gives a role to a version; the one before answers until the new one can."""
    actor.must_be("operator")

    def work(connection: Connection) -> DeploymentOut:
        found = store.get(connection, deployment)
        version = registry_store.find(connection, asked.model_version) if asked.model_version else None
        threshold = None if asked.threshold is None else Threshold(asked.threshold, "person")
        reason = asked.reason or f"set by {actor.name}"
        change.set_role(connection, found, asked.role, version, reason, actor, threshold=threshold)
        if asked.role == "canary" and asked.share is not None:
            change.set_canary_share(connection, found, asked.share)
        return shown(connection, [store.get(connection, found.id)])[0]

    return database.write(work)
