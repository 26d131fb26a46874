"""Rows of actors and of the tokens that name them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Connection, ForeignKey, String, Table, select

from relens.access.actor import Actor, Kind, Permission
from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.kit import clock
from relens.kit.ids import new_id

actor = Table(
    "actor",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("kind", String(10), nullable=False),
    Column("permission", String(10), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("actor", String(36), ForeignKey("actor.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)


def named(connection: Connection, name: str, kind: Kind, permission: Permission) -> Actor:
    """The actor of that name, made on first sight."""
    row = {"id": new_id(), "name": name, "kind": kind, "permission": permission, "created_at": clock.now()}
    upsert(connection, actor, [row], ["name"])
    return _actor(connection.execute(select(actor).where(actor.c.name == name)).one())


def get(connection: Connection, actor_id: str) -> Actor | None:
    row = connection.execute(select(actor).where(actor.c.id == actor_id)).one_or_none()
    return None if row is None else _actor(row)


def names(connection: Connection, ids: set[str]) -> dict[str, str]:
    """The names behind ids, for showing them."""
    return {row.id: row.name for row in connection.execute(select(actor.c.id, actor.c.name).where(actor.c.id.in_(ids)))}


def _actor(row: Any) -> Actor:
    return Actor(row.id, row.name, row.kind, row.permission, row.created_at)
