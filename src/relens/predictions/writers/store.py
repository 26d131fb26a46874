"""Rows of what writers told, and the numbers that are missing in the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, String, Table, Text, select

from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.kit.clock import Micros
from relens.predictions.filing import filed
from relens.predictions.writers.gaps import Hole, Loss
from relens.predictions.writers.run_rows import around, leave
from relens.predictions.writers.runs import Of, hole_after, hole_before, holes_between

writer = Table(
    "writer",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("heard_at", BigInteger, nullable=False),
    # What it runs, where it answers by itself.
    Column("state", String(10)),
    Column("message", Text, nullable=False),
    Column("model_version", String(36)),
)

writer_source = Table(
    "writer_source",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("writer", String(100), primary_key=True),
    Column("source", String(200), primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("waiting", BigInteger, nullable=False),
)

writer_loss = Table(
    "writer_loss",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("writer", String(100), primary_key=True),
    Column("source", String(200), primary_key=True),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("reason", String(40), nullable=False),
)

MOST_HOLES = 1000


@dataclass(frozen=True, slots=True)
class Writer:
    """A program that logs from outside: when it was last heard of and, where it answers by itself, what it runs."""

    name: str
    heard_at: Micros
    state: str | None
    message: str
    model_version: str | None


@dataclass(frozen=True, slots=True)
class Numbered:
    """How far a writer has numbered one source, and how much of that waited there when it said so."""

    writer: str
    source: str | None
    last_seq: int
    waiting: int


def hear(
    connection: Connection, deployment_id: str, said: Writer, sources: Sequence[Numbered], losses: Sequence[Loss]
) -> None:
    """Keeps what a writer told; the same again changes nothing."""
    row: dict[str, Any] = {name: getattr(said, name) for name in Writer.__dataclass_fields__}
    told = ["heard_at"] if said.state is None else ["heard_at", "state", "message", "model_version"]
    upsert(connection, writer, [row | {"deployment": deployment_id}], ["deployment", "name"], told)
    here = {"deployment": deployment_id, "writer": said.name}
    upsert(
        connection,
        writer_source,
        [here | {"source": one.source or "", "last_seq": one.last_seq, "waiting": one.waiting} for one in sources],
        ["deployment", "writer", "source"],
        ["last_seq", "waiting"],
    )
    rows = [
        here
        | {"source": one.source or "", "first_seq": one.first, "last_seq": one.last}
        | {"since": one.since, "until": one.until, "reason": one.reason}
        for one in losses
    ]
    upsert(connection, writer_loss, rows, ["deployment", "writer", "source", "first_seq"], ["last_seq", "until"])


def erased(
    connection: Connection, deployment_id: str, writer_name: str, source: str | None, seq: int, at: Micros
) -> None:
    """This number was in the log until a person erased its prediction: it is missed, and nobody need look for it."""
    row = {
        "deployment": deployment_id,
        "writer": writer_name,
        "source": source or "",
        "first_seq": seq,
        "last_seq": seq,
    }
    fresh = row | {"since": at, "until": at, "reason": "erased"}
    upsert(connection, writer_loss, [fresh], ["deployment", "writer", "source", "first_seq"])
    leave(connection, deployment_id, Of(writer_name, source or ""), seq, at)


def writers(connection: Connection, deployment_id: str) -> list[Writer]:
    """The one heard of last first."""
    query = select(writer).where(writer.c.deployment == deployment_id).order_by(writer.c.heard_at.desc())
    return [Writer(r.name, r.heard_at, r.state, r.message, r.model_version) for r in connection.execute(query)]


def numbered(connection: Connection, deployment_id: str) -> list[Numbered]:
    rows = connection.execute(select(writer_source).where(writer_source.c.deployment == deployment_id))
    return [Numbered(r.writer, r.source or None, r.last_seq, r.waiting) for r in rows]


def losses(connection: Connection, deployment_id: str) -> list[Loss]:
    rows = connection.execute(select(writer_loss).where(writer_loss.c.deployment == deployment_id))
    return [Loss(r.writer, r.source or None, r.first_seq, r.last_seq, r.since, r.until, r.reason) for r in rows]


def holes(connection: Connection, deployment_id: str, since: Micros, until: Micros) -> list[Hole]:
    """The missing numbers of every writer and source around that time, MOST_HOLES at most, in the order of their time.

    A number is missing when none of that writer and source has it, whenever its image was taken: what arrives late closes its hole.
    """
    told = {Of(one.writer, one.source or ""): one.last_seq for one in numbered(connection, deployment_id)}
    there = around(connection, deployment_id, since, until, filed(connection))
    found = [hole for of in told.keys() - there.keys() for hole in hole_after(of, None, told[of], until)]
    for of, (runs, first, last) in there.items():
        found += holes_between(of, runs, since, until)
        if of in told:
            found += hole_before(of, runs[0], since) if first else []
            found += hole_after(of, runs[-1], told[of], until) if last else []
    return sorted(found, key=lambda hole: (hole.since or 0, hole.writer, hole.source or "", hole.first))[:MOST_HOLES]
