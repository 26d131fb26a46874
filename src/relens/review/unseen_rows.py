"""Rows that count answers whose images had no chance of being kept: no random check speaks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, func, select, update

from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.kit.clock import Micros

queue_unseen = Table(
    "queue_unseen",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("source", String(200), primary_key=True),
    Column("model_version", String(36), primary_key=True),
    Column("role", String(10), primary_key=True),
    Column("images", Integer, nullable=False),
)
_KEYS = ("deployment", "hour", "source", "model_version", "role")


class Unseen(NamedTuple):
    """Where such an answer belongs; `hour` is when that begins, and "" stands for a source or version nobody named."""

    deployment: str
    hour: Micros
    source: str
    model_version: str
    role: str


def count_unseen(connection: Connection, unseen: Mapping[Unseen, int]) -> None:
    """Adds to the counts there are."""
    upsert(connection, queue_unseen, [{**one._asdict(), "images": 0} for one in unseen], _KEYS)
    for one, images in unseen.items():
        here = [queue_unseen.c[name] == value for name, value in one._asdict().items()]
        connection.execute(update(queue_unseen).where(*here).values(images=queue_unseen.c.images + images))


def unseen(
    connection: Connection,
    deployment: str,
    since: Micros,
    until: Micros,
    source: str | None = None,
    model_version: str | None = None,
    role: str | None = None,
) -> int:
    """How many answers of these whole hours had an image that nobody could ever look at; None means any."""
    here = [queue_unseen.c.deployment == deployment, queue_unseen.c.hour >= since, queue_unseen.c.hour < until]
    wanted = {"source": source, "model_version": model_version, "role": role}
    here += [queue_unseen.c[name] == value for name, value in wanted.items() if value is not None]
    return int(connection.execute(select(func.coalesce(func.sum(queue_unseen.c.images), 0)).where(*here)).scalar_one())
