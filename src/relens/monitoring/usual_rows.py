"""Rows of the windows that usual production is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
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
    delete,
    func,
    select,
    update,
)

from relens.infra.statements import upsert
from relens.infra.tables import metadata
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


def windows(connection: Connection, reference: str, counted: bool = True) -> list[DriftWindow]:
    """Imported ones first, both the oldest first. `counted`: with their counts, which are long; without, they hold none."""
    columns = [column for column in drift_window.c if counted or column.name != "counts"]
    query = select(*columns).where(drift_window.c.reference == reference).order_by(drift_window.c.number)
    return [_window(row, counted) for row in connection.execute(query)]


def counts(connection: Connection, reference: str, numbers: Sequence[int]) -> list[NDArray[np.int64]]:
    """The counts of these windows."""
    here = (drift_window.c.reference == reference) & drift_window.c.number.in_(numbers)
    query = select(drift_window.c.counts).where(here).order_by(drift_window.c.number)
    return [unpack(packed).astype(np.int64) for packed in connection.execute(query).scalars()]


def last_until(connection: Connection, reference: str) -> Micros:
    """When the latest window of live traffic ends; 0 before the first."""
    live = (drift_window.c.reference == reference) & drift_window.c.imported.is_(False)
    return int(connection.execute(select(func.max(drift_window.c.until)).where(live)).scalar() or 0)


def replace_imported(connection: Connection, deployment: str, reference: str, imported: Sequence[DriftWindow]) -> None:
    """The windows of what was brought in, in place of those there are: an import may add to any hour of the past."""
    here = (drift_window.c.reference == reference) & drift_window.c.imported.is_(True)
    connection.execute(delete(drift_window).where(here))
    for window in imported:
        append(connection, deployment, reference, window)


def append(connection: Connection, deployment: str, reference: str, window: DriftWindow) -> bool:
    """False, and nothing written, when somebody else closed this window first."""
    row = {name: getattr(window, name) for name in DriftWindow.__dataclass_fields__}
    row |= {"deployment": deployment, "reference": reference, "counts": pack(window.counts)}
    return upsert(connection, drift_window, [row], ["reference", "number"]) == 1


def set_states(connection: Connection, reference: str, states: Mapping[int, WindowState]) -> None:
    """What somebody decided; the evidence of earlier windows stays written down."""
    here = drift_window.c.reference == reference
    for number, state in states.items():
        connection.execute(update(drift_window).where(here & (drift_window.c.number == number)).values(state=state))


def _window(row: Any, counted: bool) -> DriftWindow:
    values = {name: getattr(row, name) for name in DriftWindow.__dataclass_fields__ if counted or name != "counts"}
    return DriftWindow(**values | {"counts": unpack(row.counts) if counted else np.zeros(0, dtype=np.int64)})
