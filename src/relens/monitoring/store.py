"""Rows of the cursors behind the sums, of training data and of fitted references."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    select,
    update,
)

from relens.infra.statements import add, upsert
from relens.infra.tables import metadata
from relens.monitoring import sums
from relens.monitoring.training_data import FittedReference, TrainingData
from relens.predictions import store as predictions

MOST_BEHIND = 100_000

projection_cursor = Table(
    "projection_cursor",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("log_seq", BigInteger, nullable=False),
    # 1 while a rebuild is taking the old sums away; nothing is counted before that is done.
    Column("clearing", Integer, nullable=False),
    # Which metrics the sums are of, and in which form (see `sums.counted_as`).
    Column("kinds", String(64), nullable=False, server_default=""),
)

reference = Table(
    "reference",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("dataset_version", String(36), nullable=False),
    Column("model_version", String(36), nullable=False),
    Column("state", String(12), nullable=False),
    Column("job", String(36)),
    Column("images", Integer, nullable=False),
    Column("ready_seq", BigInteger, nullable=False),
    Column("filled_seq", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("reference_by_deployment", "deployment", "created_at"),
)

training_data = Table(
    "training_data",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("dataset_version", String(36), nullable=False),
    Column("model_version", String(36), nullable=False),
    Column("reference", String(36)),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", String(36), nullable=False),
)


class Cursor(NamedTuple):
    """How far the log is counted."""

    log_seq: int
    clearing: bool
    kinds: str = ""
    """Which metrics are counted, and in which form."""


def cursors(connection: Connection) -> dict[str, Cursor]:
    return {r.deployment: _cursor(r) for r in connection.execute(select(projection_cursor))}


def behind(connection: Connection, deployment: str) -> int:
    """How many predictions of the log the sums do not hold yet; counted up to MOST_BEHIND."""
    found = connection.execute(
        select(projection_cursor.c.log_seq).where(projection_cursor.c.deployment == deployment)
    ).scalar()
    return predictions.waiting_since(connection, found or 0, MOST_BEHIND, deployment)


def lock_cursor(connection: Connection, deployment: str) -> Cursor:
    """The cursor, held until the transaction ends; starts at 0."""
    fresh = {"deployment": deployment, "log_seq": 0, "clearing": 0, "kinds": sums.counted_as()}
    upsert(connection, projection_cursor, [fresh], ["deployment"])
    query = select(projection_cursor).where(projection_cursor.c.deployment == deployment).with_for_update()
    return _cursor(connection.execute(query).one())


def move_cursor(
    connection: Connection, deployment: str, log_seq: int, clearing: bool = False, kinds: str | None = None
) -> None:
    """`kinds`: what is counted from here on; None: as before."""
    here = projection_cursor.c.deployment == deployment
    values = {"log_seq": log_seq, "clearing": int(clearing)} | ({} if kinds is None else {"kinds": kinds})
    connection.execute(update(projection_cursor).where(here).values(**values))


def references(connection: Connection, deployment: str) -> list[FittedReference]:
    """The oldest first."""
    query = (
        select(reference).where(reference.c.deployment == deployment).order_by(reference.c.created_at, reference.c.id)
    )
    return [_fitted(row) for row in connection.execute(query)]


def get_reference(connection: Connection, reference_id: str) -> FittedReference | None:
    row = connection.execute(select(reference).where(reference.c.id == reference_id)).one_or_none()
    return None if row is None else _fitted(row)


def lock_reference(connection: Connection, reference_id: str) -> FittedReference | None:
    """The same, held until the transaction ends."""
    row = connection.execute(select(reference).where(reference.c.id == reference_id).with_for_update()).one_or_none()
    return None if row is None else _fitted(row)


def insert_reference(connection: Connection, fitted: FittedReference) -> None:
    add(connection, reference, {name: getattr(fitted, name) for name in FittedReference.__dataclass_fields__})


def change_reference(connection: Connection, reference_id: str, **values: Any) -> None:
    connection.execute(update(reference).where(reference.c.id == reference_id).values(**values))


def set_training_data(connection: Connection, chosen: TrainingData) -> None:
    row = {name: getattr(chosen, name) for name in TrainingData.__dataclass_fields__}
    upsert(connection, training_data, [row], ["deployment"], [name for name in row if name != "deployment"])


def get_training_data(connection: Connection, deployment: str) -> TrainingData | None:
    row = connection.execute(select(training_data).where(training_data.c.deployment == deployment)).one_or_none()
    return None if row is None else _chosen(row)


def all_training_data(connection: Connection) -> list[TrainingData]:
    return [_chosen(row) for row in connection.execute(select(training_data))]


def _cursor(row: Any) -> Cursor:
    return Cursor(row.log_seq, bool(row.clearing), row.kinds)


def _fitted(row: Any) -> FittedReference:
    return FittedReference(**{name: getattr(row, name) for name in FittedReference.__dataclass_fields__})


def _chosen(row: Any) -> TrainingData:
    return TrainingData(**{name: getattr(row, name) for name in TrainingData.__dataclass_fields__})
