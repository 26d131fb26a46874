"""Browses the log: filters, orders and pages that cost the same on the last page as on the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, func, or_, select

from relens.infra.web import read_cursor, write_cursor
from relens.kit.clock import Micros
from relens.kit.errors import Invalid
from relens.predictions.logged import Logged
from relens.predictions.query import _label, compile_query
from relens.predictions.store import SIGNALS, logged, prediction, signal

SORTS: dict[str, ColumnElement[Any]] = {
    "taken_at": prediction.c.taken_at,
    "logged_at": prediction.c.log_seq,
    "latency": prediction.c.latency_ms,
    "outlier": func.coalesce(signal.c.outlier, -1.0),
    "confidence": signal.c.confidence,
    "priority": func.coalesce(signal.c.priority, -1.0),
}


class BadFilter(Invalid):
    """A filter or order that the log does not know."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which predictions; None means any. `review` may also be "reviewed": whatever is not pending."""

    source: str | None = None
    tag: str | None = None
    label: str | None = None
    review: str | None = None
    model_version: str | None = None
    role: str | None = None
    since: Micros | None = None
    until: Micros | None = None
    query: str | None = None


def page(
    connection: Connection, deployment_id: str, wanted: Filter, sort: str, limit: int, cursor: str | None
) -> tuple[list[Logged], str | None]:
    """One page and the cursor of the next (None on the last). A minus before `sort` means the largest first."""
    column = SORTS.get(sort.lstrip("-"))
    if column is None:
        raise BadFilter(
            f"predictions cannot be sorted by '{sort}': choose one of {', '.join(SORTS)}, with a minus for the largest first"
        )
    largest_first = sort.startswith("-")
    query = select(prediction, *SIGNALS, column.label("place")).join(
        signal, signal.c.log_seq == prediction.c.log_seq
    )
    query = query.where(prediction.c.deployment == deployment_id, *conditions(wanted))
    if cursor:
        place, last = read_cursor(cursor, 2)
        beyond = column < place if largest_first else column > place
        after = prediction.c.id < last if largest_first else prediction.c.id > last
        query = query.where(or_(beyond, and_(column == place, after)))
    order = (column.desc(), prediction.c.id.desc()) if largest_first else (column, prediction.c.id)
    rows = connection.execute(query.order_by(*order).limit(limit + 1)).all()
    following = write_cursor(rows[limit - 1].place, rows[limit - 1].id) if len(rows) > limit else None
    return [logged(row) for row in rows[:limit]], following


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """The SQL of a filter over prediction joined with signal."""
    found: list[ColumnElement[bool]] = []
    for name in ("source", "model_version", "role"):
        if (value := getattr(wanted, name)) is not None:
            found.append(prediction.c[name] == value)
    if wanted.role is None:
        found.append(prediction.c.role != "shadow")
    if wanted.since is not None:
        found.append(prediction.c.taken_at >= wanted.since)
    if wanted.until is not None:
        found.append(prediction.c.taken_at < wanted.until)
    if wanted.review == "reviewed":
        found.append(signal.c.review != "pending")
    elif wanted.review is not None:
        found.append(signal.c.review == wanted.review)
    if wanted.tag is not None:
        found.append(cast(prediction.c.tags, Text).contains(f'"{wanted.tag}"', autoescape=True))
    if wanted.query is not None and wanted.query.strip():
        found.append(compile_query(wanted.query))
    if wanted.label is not None:
        found.append(_label("=", wanted.label, 0))
    return found
