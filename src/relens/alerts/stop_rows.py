"""Rows of planned stops."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from relens.alerts.stop import NoStop, PlannedStop
from relens.alerts.tables import planned_stop
from relens.infra.statements import add
from relens.kit.clock import Micros

_FIELDS = tuple(PlannedStop.__dataclass_fields__)


def insert(connection: Connection, made: PlannedStop) -> None:
    add(connection, planned_stop, {name: getattr(made, name) for name in _FIELDS})


def end(connection: Connection, stop_id: str, at: Micros) -> None:
    """A stop that has begun is over now; one that has not is as if never planned. NoStop when there is none."""
    row = connection.execute(select(planned_stop).where(planned_stop.c.id == stop_id)).one_or_none()
    if row is None:
        raise NoStop(f"there is no planned stop {stop_id}")
    here = planned_stop.c.id == stop_id
    if row.since < at:
        connection.execute(update(planned_stop).where(here).values(until=min(row.until, at)))
    else:
        connection.execute(delete(planned_stop).where(here))


def since(connection: Connection, deployment: str, at: Micros) -> list[PlannedStop]:
    """Those that end after `at`, the earliest first."""
    here = (planned_stop.c.deployment == deployment) & (planned_stop.c.until > at)
    query = select(planned_stop).where(here).order_by(planned_stop.c.since, planned_stop.c.id)
    return [PlannedStop(**{name: getattr(row, name) for name in _FIELDS}) for row in connection.execute(query)]
