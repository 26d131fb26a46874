"""Rows of the windows that usual production is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    func,
    select,
    update,
)

from relens.infra.database import metadata, upsert
from relens.kit.clock import Micros
from relens.monitoring.bucket import pack, unpack
from relens.monitoring.usual import DriftWindow, WindowState

drift_window = Table(
    "drift_window",
    metadata,
    Column("reference", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("deployment", String(36), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("images", Integer, nullable=False),
    Column("imported", Boolean, nullable=False),
    Column("state", String(10), nullable=False),
    Column("evidence", Float, nullable=False),
    Column("distance", Float, nullable=False),
    Column("feature", String(60)),
    Column("counts", LargeBinary, nullable=False),
)


def windows(connection: Connection, reference: str) -> list[DriftWindow]:
    """The oldest first."""
    query = select(drift_window).where(drift_window.c.reference == reference).order_by(drift_window.c.number)
    return [_window(row) for row in connection.execute(query)]


def last_until(connection: Connection, reference: str) -> Micros:
    """When the latest window ends; 0 before the first."""
    query = select(func.max(drift_window.c.until)).where(drift_window.c.reference == reference)
    return int(connection.execute(query).scalar() or 0)


def append(connection: Connection, deployment: str, reference: str, window: DriftWindow) -> bool:
    """False, and nothing written, when somebody else closed this window first."""
    row = {name: getattr(window, name) for name in DriftWindow.__dataclass_fields__}
    row |= {"deployment": deployment, "reference": reference, "counts": pack(window.counts)}
    return upsert(connection, drift_window, [row], ["reference", "number"]) == 1


def set_states(connection: Connection, reference: str, states: Mapping[int, WindowState]) -> None:
    """What somebody decided; the evidence starts anew with the latest window."""
    here = drift_window.c.reference == reference
    for number, state in states.items():
        connection.execute(update(drift_window).where(here & (drift_window.c.number == number)).values(state=state))
    connection.execute(update(drift_window).where(here).values(evidence=0.0))


def _window(row: Any) -> DriftWindow:
    values = {name: getattr(row, name) for name in DriftWindow.__dataclass_fields__}
    return DriftWindow(**values | {"counts": unpack(row.counts)})
