"""Walks along an order of the log in pieces, until a page is full, the order ends, or the time is over.

Each piece is a stretch of an index; only within it are the other conditions looked at. So a walk can stop after any piece and say where: a filter
that finds little answers with what it found and goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select, tuple_

from relens.kit import clock
from relens.predictions.anchor import Window
from relens.predictions.query import Condition, conjuncts
from relens.predictions.query_sql import Resolved, compiled, needs_fact
from relens.predictions.tables import posting, prediction, signal

FIRST_PIECE = 1_000
LONGEST_PIECE = 50_000
_PIECE_S = 0.05


@dataclass(frozen=True, slots=True)
class Order:
    """By a column of `signal`, then by the place in the log. What has no value there comes last."""

    name: str
    column: str
    descending: bool

    @property
    def nullable(self) -> bool:
        return bool(signal.c[self.column].nullable)

    def sorted(self, *columns: Any) -> list[Any]:
        return [column.desc() if self.descending else column.asc() for column in columns]

    def beyond(self, key: Any, log_seq: Any, place: Place) -> ColumnElement[bool]:
        here, there = tuple_(key, log_seq), tuple_(place.key, place.log_seq)
        return here < there if self.descending else here > there


@dataclass(frozen=True, slots=True)
class Place:
    """The last line that was given out or looked at; `key` None: among those that have no value."""

    key: Any
    log_seq: int


@dataclass(slots=True)
class Walked:
    """`found`: places of lines that fit, in order. `end`: how far it looked; None when it came to the end of the order."""

    found: list[Place] = field(default_factory=list)
    rows: int = 0
    end: Place | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """What to walk along and what to look for. `word`: along the lines filed under it (in the order of time only)."""

    deployment: str
    node: Resolved
    order: Order
    window: Window
    word: int | None = None

    def run(self, connection: Connection, start: Place | None, wanted: int, budget_s: float | None) -> Walked:
        """At least one piece; `budget_s` None: to the end."""
        walked, began, length = Walked(), clock.stopwatch(), FIRST_PIECE
        for empty, place in self._stretches(start):
            while True:
                piece_began = clock.stopwatch()
                piece = self._piece(place, empty)
                found = self._fitting(connection, piece.limit(length), wanted - len(walked.found), empty)
                walked.found += found
                if len(walked.found) >= wanted:
                    walked.end = walked.found[-1]
                    return walked
                last = connection.execute(piece.limit(1).offset(length - 1)).first()
                if last is None:
                    break
                walked.rows += length
                place = walked.end = Place(None if empty else last.key, last.log_seq)
                if budget_s is not None and clock.stopwatch() - began > budget_s:
                    return walked
                took = clock.stopwatch() - piece_began
                length = min(LONGEST_PIECE, length * 4) if took < _PIECE_S else max(FIRST_PIECE, length // 2)
        walked.end = None
        return walked

    def _stretches(self, start: Place | None) -> Iterator[tuple[bool, Place | None]]:
        """First what has a value, then what has none, each from where to begin."""
        if start is None or start.key is not None:
            yield False, start
        if self.order.nullable:
            yield True, start if start is not None and start.key is None else None

    def _piece(self, place: Place | None, empty: bool) -> Select[Any]:
        key: Any = signal.c[self.order.column]
        if self.word is not None:
            return self._piece_of_word(place)
        query = select(*signal.c, key.label("key")).where(signal.c.deployment == self.deployment)
        if empty:
            query = query.where(key.is_(None)).order_by(*self.order.sorted(signal.c.log_seq))
            if place is None:
                return query
            here = signal.c.log_seq
            return query.where(here < place.log_seq if self.order.descending else here > place.log_seq)
        query = query.where(*self._along(key)).order_by(*self.order.sorted(key, signal.c.log_seq))
        if place is not None:
            query = query.where(self.order.beyond(key, signal.c.log_seq, place))
        return query

    def _along(self, key: Any) -> list[ColumnElement[bool]]:
        """Conditions on the order itself, and on review states (which have an order of time of their own), bound the stretch."""
        bounds = [key.is_not(None)] if self.order.nullable else []
        for part in conjuncts(self.node):  # type: ignore[arg-type]
            if not isinstance(part, Condition):
                continue
            if part.field.column == self.order.column and part.operator in ("<", "<=", ">", ">=", "="):
                bounds.append(compiled(part, "", signal.c))
            if part.field.column == "review" and part.operator == "=" and self.order.column in ("taken_at", "priority"):
                bounds.append(signal.c.review == part.values[0])
        return bounds

    def _piece_of_word(self, place: Place | None) -> Select[Any]:
        at, log_seq = posting.c.taken_at, posting.c.log_seq
        query = select(*signal.c, at.label("key")).join(signal, signal.c.log_seq == log_seq)
        query = query.where(posting.c.term == self.word, *self.window.of(at)).order_by(*self.order.sorted(at, log_seq))
        return query if place is None else query.where(self.order.beyond(at, log_seq, place))

    def _fitting(self, connection: Connection, piece: Select[Any], wanted: int, empty: bool) -> list[Place]:
        row = piece.subquery()
        query = select(row.c.log_seq, row.c.key).where(compiled(self.node, connection.dialect.name, row.c))
        if needs_fact(self.node):
            query = query.join(prediction, prediction.c.log_seq == row.c.log_seq)
        order = [row.c.log_seq] if empty else [row.c.key, row.c.log_seq]
        rows = connection.execute(query.order_by(*self.order.sorted(*order)).limit(wanted))
        return [Place(None if empty else one.key, one.log_seq) for one in rows]
