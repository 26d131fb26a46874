"""Rows of buckets, of the cursors behind them, of training data and of fitted references."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    func,
    select,
    update,
)

from relens.infra.database import add, metadata, upsert
from relens.kit.clock import Micros
from relens.metrics.metric import State
from relens.monitoring.bucket import IMPORTED, Bucket, Cell, pack, unpack
from relens.monitoring.training_data import FittedReference, TrainingData

_KEYS = ("deployment", "metric", "hour", "source", "model_version", "role", "reference", "label")

bucket = Table(
    "bucket",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("metric", String(64), primary_key=True),
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("source", String(200), primary_key=True),
    Column("model_version", String(36), primary_key=True),
    Column("role", String(10), primary_key=True),
    Column("reference", String(36), primary_key=True),
    Column("label", String(200), primary_key=True),
    Column("state", LargeBinary, nullable=False),
)

projection_cursor = Table(
    "projection_cursor",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("log_seq", BigInteger, nullable=False),
    # 1 while a rebuild is taking the old sums away; nothing is counted before that is done.
    Column("clearing", Integer, nullable=False),
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


class Which(NamedTuple):
    """Which buckets; None means any, and any role but shadow. The champion's are also those `imported`, unless that is False."""

    first_hour: Micros | None = None
    until: Micros | None = None
    source: str | None = None
    model_version: str | None = None
    role: str | None = None
    label: str | None = None
    imported: bool = True


def cursors(connection: Connection) -> dict[str, Cursor]:
    return {r.deployment: Cursor(r.log_seq, bool(r.clearing)) for r in connection.execute(select(projection_cursor))}


def lock_cursor(connection: Connection, deployment: str) -> Cursor:
    """The cursor, held until the transaction ends; starts at 0."""
    upsert(connection, projection_cursor, [{"deployment": deployment, "log_seq": 0, "clearing": 0}], ["deployment"])
    query = select(projection_cursor).where(projection_cursor.c.deployment == deployment).with_for_update()
    row = connection.execute(query).one()
    return Cursor(row.log_seq, bool(row.clearing))


def move_cursor(connection: Connection, deployment: str, log_seq: int, clearing: bool = False) -> None:
    here = projection_cursor.c.deployment == deployment
    connection.execute(update(projection_cursor).where(here).values(log_seq=log_seq, clearing=int(clearing)))


def add_states(connection: Connection, deployment: str, states: Mapping[Cell, State]) -> None:
    """Adds to the sums there are."""
    if not states:
        return
    there = _present(connection, deployment, states.keys())
    rows = [
        {
            "deployment": deployment,
            "metric": cell.metric,
            **cell.bucket._asdict(),
            "reference": cell.reference,
            "label": cell.label,
            "state": pack(unpack(there[cell]) + state if cell in there else state),
        }
        for cell, state in states.items()
    ]
    upsert(connection, bucket, rows, _KEYS, ["state"])


def _present(connection: Connection, deployment: str, cells: Collection[Cell]) -> dict[Cell, bytes]:
    conditions: list[ColumnElement[bool]] = [
        bucket.c.metric.in_({cell.metric for cell in cells}),
        *(
            bucket.c[name].in_({getattr(cell.bucket, name) for cell in cells})
            for name in ("hour", "source", "model_version", "role")
        ),
    ]
    rows = connection.execute(select(bucket).where(bucket.c.deployment == deployment, *conditions))
    found = {_cell(row): row.state for row in rows}
    return {cell: found[cell] for cell in cells if cell in found}


def cells(
    connection: Connection, deployment: str, metrics: Collection[str], which: Which
) -> Iterator[tuple[Cell, State]]:
    """The states of these metrics in these buckets. A label leaves out other labels, not the states of whole images."""
    conditions: list[ColumnElement[bool]] = [bucket.c.metric.in_(metrics)]
    if which.first_hour is not None:
        conditions.append(bucket.c.hour >= which.first_hour)
    if which.until is not None:
        conditions.append(bucket.c.hour < which.until)
    conditions += [bucket.c[n] == v for n in ("source", "model_version") if (v := getattr(which, n)) is not None]
    roles = ["champion", "canary"] if which.role is None else [which.role]
    if which.imported and "champion" in roles:
        roles.append(IMPORTED)
    conditions.append(bucket.c.role.in_(roles))
    if which.label is not None:
        conditions.append(bucket.c.label.in_(["", which.label]))
    for row in connection.execute(select(bucket).where(bucket.c.deployment == deployment, *conditions)):
        yield _cell(row), unpack(row.state)


def extent(connection: Connection, deployment: str) -> tuple[Micros, Micros] | None:
    """The first and the last hour that hold anything."""
    query = select(func.min(bucket.c.hour), func.max(bucket.c.hour))
    first, last = connection.execute(query.where(bucket.c.deployment == deployment, bucket.c.metric == "volume")).one()
    return None if first is None else (first, last)


def clear_some(connection: Connection, deployment: str, limit: int = 2000) -> bool:
    """Takes up to about `limit` rows away; True when there are more."""
    hour = connection.execute(
        select(bucket.c.metric, bucket.c.hour)
        .where(bucket.c.deployment == deployment)
        .order_by(bucket.c.metric, bucket.c.hour)
        .offset(limit)
        .limit(1)
    ).first()
    here = bucket.c.deployment == deployment
    if hour is None:
        connection.execute(delete(bucket).where(here))
        return False
    earlier = (bucket.c.metric < hour.metric) | ((bucket.c.metric == hour.metric) & (bucket.c.hour <= hour.hour))
    connection.execute(delete(bucket).where(here & earlier))
    return True


def forget_superseded(connection: Connection, fitted: FittedReference, metrics: Collection[str]) -> None:
    """Takes away what earlier references said in `metrics` of the predictions that `fitted` speaks for now."""
    connection.execute(
        delete(bucket).where(
            bucket.c.deployment == fitted.deployment,
            bucket.c.metric.in_(metrics),
            bucket.c.model_version == fitted.model_version,
            bucket.c.reference.not_in(["", fitted.id]),
        )
    )


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


def _cell(row: Any) -> Cell:
    return Cell(row.metric, Bucket(row.hour, row.source, row.model_version, row.role), row.reference, row.label)


def _fitted(row: Any) -> FittedReference:
    return FittedReference(**{name: getattr(row, name) for name in FittedReference.__dataclass_fields__})


def _chosen(row: Any) -> TrainingData:
    return TrainingData(**{name: getattr(row, name) for name in TrainingData.__dataclass_fields__})
