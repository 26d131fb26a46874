"""Rows of deployments and of the history of their roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    false,
    or_,
    select,
    update,
)

from relens.deployments.deployment import (
    Deployment,
    NoDeployment,
    RoleChange,
    Serving,
    SettingChange,
    Threshold,
    must_be_in_use,
)
from relens.infra.statements import add, quick, upsert
from relens.infra.tables import metadata
from relens.kit.clock import Micros
from relens.kit.ids import new_id

deployment = Table(
    "deployment",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("task", String(30), nullable=False),
    Column("labels", JSON, nullable=False),
    Column("target", String(10), nullable=False),
    Column("threshold", Float, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("champion", String(36)),
    Column("shadow", String(36)),
    Column("canary", String(36)),
    Column("canary_share", Float, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(36), nullable=False),
    Column("archived_at", BigInteger),
    Column("deleting_since", BigInteger),
)

role_history = Table(
    "role_history",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("deployment", String(36), ForeignKey("deployment.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(10), nullable=False),
    Column("model_version", String(36)),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("reason", Text, nullable=False),
    Column("by", String(36), nullable=False),
    Column("went_back", Boolean, nullable=False, server_default=false()),
    Column("threshold", JSON(none_as_null=True)),
    Index("role_history_by_deployment", "deployment", "since"),
)

former_name = Table(
    "former_name",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("deployment", String(36), ForeignKey("deployment.id", ondelete="CASCADE"), nullable=False),
)

serving_state = Table(
    "serving_state",
    metadata,
    Column("deployment", String(36), ForeignKey("deployment.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("message", Text, nullable=False),
    Column("model_version", String(36)),
)


setting_history = Table(
    "setting_history",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("deployment", String(36), ForeignKey("deployment.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(30), nullable=False),
    Column("value", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String(36), nullable=False),
    Index("setting_history_by_deployment", "deployment", "name", "at"),
)


class Changed(Exception):
    """A deployment is another than it was when it was looked up."""


def all_of_them(connection: Connection, *, archived: bool = False) -> list[Deployment]:
    """By name; `archived`: those too that were put away."""
    query = select(deployment).order_by(deployment.c.name)
    if not archived:
        query = query.where(deployment.c.archived_at.is_(None))
    return [_deployment(row) for row in connection.execute(query)]


def get(connection: Connection, reference: str) -> Deployment:
    """By id, by name, or by a name it had before; NoDeployment when there is none."""
    query = select(deployment).where(or_(deployment.c.id == reference, deployment.c.name == reference))
    row = connection.execute(query).first()
    if row is None:
        renamed = select(former_name.c.deployment).where(former_name.c.name == reference).scalar_subquery()
        row = connection.execute(select(deployment).where(deployment.c.id == renamed)).first()
    if row is None:
        raise NoDeployment(f"there is no deployment '{reference}'")
    return _deployment(row)


def lock(connection: Connection, deployment_id: str) -> Deployment:
    """As it is now; no other server changes it until the transaction ends."""
    row = connection.execute(select(deployment).where(deployment.c.id == deployment_id).with_for_update()).first()
    if row is None:
        raise NoDeployment(f"there is no deployment '{deployment_id}'")
    return _deployment(row)


def in_use(connection: Connection, reference: str) -> Deployment:
    """The same, and Archived where it was put away: for whoever wants an answer of it, or to add to its log."""
    found = get(connection, reference)
    must_be_in_use(found)
    return found


def named(connection: Connection, name: str) -> Deployment | None:
    row = connection.execute(select(deployment).where(deployment.c.name == name)).first()
    return None if row is None else _deployment(row)


def remember_name(connection: Connection, name: str, deployment_id: str) -> None:
    """`name` goes on leading to the deployment until another one takes it."""
    upsert(connection, former_name, [{"name": name, "deployment": deployment_id}], ["name"], ["deployment"])


def revisions(connection: Connection, *, archived: bool = False) -> dict[str, int]:
    """What a server polls to see whether anything changed; `archived`: those too that were put away."""
    here = "" if archived else " WHERE archived_at IS NULL"
    return {row[0]: row[1] for row in quick(connection, f"SELECT id, revision FROM deployment{here}", ())}


def check_revision(connection: Connection, known: Deployment) -> None:
    """Raises Changed where the deployment is not what `known` says any more."""
    found = quick(connection, "SELECT revision FROM deployment WHERE id = ?", (known.id,))
    if not found or found[0][0] != known.revision:
        raise Changed


def insert(connection: Connection, made: Deployment) -> None:
    row: dict[str, Any] = {name: getattr(made, name) for name in Deployment.__dataclass_fields__}
    add(connection, deployment, row | {"labels": list(made.labels), "settings": dict(made.settings)})


def change(connection: Connection, deployment_id: str, **values: Any) -> None:
    """Sets columns and moves the revision on, so that servers notice."""
    connection.execute(
        update(deployment).where(deployment.c.id == deployment_id).values(**values, revision=deployment.c.revision + 1)
    )


def delete_row(connection: Connection, deployment_id: str) -> None:
    """With its roles, settings and former names; the name is free again."""
    connection.execute(delete(deployment).where(deployment.c.id == deployment_id))


def open_role(connection: Connection, line: RoleChange) -> None:
    """Ends the role's present line of history and begins `line`."""
    here = (
        (role_history.c.deployment == line.deployment)
        & (role_history.c.role == line.role)
        & role_history.c.until.is_(None)
    )
    connection.execute(update(role_history).where(here).values(until=line.since))
    if line.model_version is not None:
        row: Mapping[str, Any] = {name: getattr(line, name) for name in RoleChange.__dataclass_fields__}
        threshold = None if line.threshold is None else [asdict(one) for one in line.threshold]
        add(connection, role_history, {"id": new_id(), **row, "threshold": threshold})


def history(connection: Connection, deployment_id: str) -> list[RoleChange]:
    """The newest first."""
    query = (
        select(role_history)
        .where(role_history.c.deployment == deployment_id)
        .order_by(role_history.c.since.desc(), role_history.c.id.desc())
    )
    return [
        RoleChange(
            r.deployment,
            r.role,
            r.model_version,
            r.since,
            r.until,
            r.reason,
            r.by,
            r.went_back,
            None if r.threshold is None else (Threshold(**r.threshold[0]), Threshold(**r.threshold[1])),
        )
        for r in connection.execute(query)
    ]


def remember_setting(connection: Connection, line: SettingChange) -> None:
    row: dict[str, Any] = {name: getattr(line, name) for name in SettingChange.__dataclass_fields__}
    add(connection, setting_history, {"id": new_id(), **row, "value": dict(line.value)})


def setting_changes(connection: Connection, deployment_id: str, name: str) -> list[SettingChange]:
    """The newest first."""
    here = (setting_history.c.deployment == deployment_id) & (setting_history.c.name == name)
    query = select(setting_history).where(here).order_by(setting_history.c.at.desc(), setting_history.c.id.desc())
    return [SettingChange(r.deployment, r.name, r.value, r.at, r.by) for r in connection.execute(query)]


def set_serving(connection: Connection, deployment_id: str, serving: Serving) -> None:
    """What the servers say of how far they follow."""
    row = {
        "deployment": deployment_id,
        "state": serving.state,
        "message": serving.message,
        "model_version": serving.model_version,
    }
    upsert(connection, serving_state, [row], ["deployment"], ["state", "message", "model_version"])


def serving(connection: Connection, ids: Sequence[str]) -> dict[str, Serving]:
    rows = connection.execute(select(serving_state).where(serving_state.c.deployment.in_(ids)))
    return {row.deployment: Serving(row.state, row.message, row.model_version) for row in rows}


def since_of(connection: Connection, deployment_id: str, role: str) -> Micros | None:
    """When the present version took the role."""
    query = select(role_history.c.since).where(
        role_history.c.deployment == deployment_id, role_history.c.role == role, role_history.c.until.is_(None)
    )
    return connection.execute(query).scalar()


def _deployment(row: Any) -> Deployment:
    values = {name: getattr(row, name) for name in Deployment.__dataclass_fields__}
    return Deployment(**values | {"labels": tuple(row.labels)})
