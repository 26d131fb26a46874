"""Walks along an order of the log in pieces, until a page is full, the order ends, or the time is over.

Each piece is a stretch of an index; only within it are the other conditions looked at. So a walk can stop after any piece and say where: a filter
that finds little answers with what it found and goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select, true, tuple_

from relens.kit import clock
from relens.predictions.anchor import Anchor, Window
from relens.predictions.lacking import has, lacks, may_lack
from relens.predictions.query_sql import aside, compiled, needs_fact
from relens.predictions.query_tree import Condition, Node, conjuncts, without
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
        return may_lack(self.column)

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
    """What to walk along and what to look for.

    `word`: along the lines filed under it (in the order of time only). `few`: only its lines can fit, and no other is looked at.
    """

    deployment: str
    node: Node
    order: Order
    window: Window
    word: int | None = None
    few: Anchor | None = None

    def run(
        self, connection: Connection, start: Place | None, wanted: int, budget_s: float | None, most: int | None = None
    ) -> Walked:
        """At least one piece; `budget_s` and `most` (rows) None: to the end."""
        walked, began, length = Walked(), clock.stopwatch(), FIRST_PIECE
        for empty, place in self._stretches(start):
            while True:
                piece_began = clock.stopwatch()
                end = self._end_of_piece(connection, place, empty, length)
                walked.found += self._fitting(connection, place, end, wanted - len(walked.found), empty)
                if len(walked.found) >= wanted:
                    walked.end = walked.found[-1]
                    return walked
                if end is None:
                    break
                walked.rows += length
                place = walked.end = end
                now = clock.stopwatch()
                left = None if budget_s is None else began + budget_s - now
                if (left is not None and left <= 0) or (most is not None and walked.rows >= most):
                    return walked
                length = _next_length(length, now - piece_began, left)
        walked.end = None
        return walked

    def _stretches(self, start: Place | None) -> Iterator[tuple[bool, Place | None]]:
        """First what has a value, then what has none, each from where to begin."""
        if start is None or start.key is not None:
            yield False, start
        if self.order.nullable and self.word is None:
            yield True, start if start is not None and start.key is None else None

    def _stretch(self, place: Place | None, empty: bool, end: Place | None = None) -> Select[Any]:
        """What is walked along, behind `place` and no further than `end`, in order: all of it in one index."""
        key, log_seq = self._columns
        low, high = (end, place) if self.order.descending else (place, end)
        query = select(log_seq, key.label("key"))
        if self.word is not None:
            window = Window(self.window.since if low is None else None, self.window.until if high is None else None)
            query = query.where(posting.c.term == self.word, *window.of(key))
        else:
            query = query.where(signal.c.deployment == self.deployment)
            bounds = () if empty else self._bounds(key, low is None, high is None)
            query = query.where(lacks(self.order.column, key) if empty else and_(true(), *bounds))
        query = query.order_by(*self.order.sorted(*([] if empty else [key]), log_seq))
        query = query if place is None else query.where(self._beyond(place, empty))
        return query if end is None else query.where(self._until(end, empty))

    @property
    def _columns(self) -> tuple[Any, Any]:
        """What is sorted by."""
        if self.word is not None:
            return posting.c.taken_at, posting.c.log_seq
        return signal.c[self.order.column], signal.c.log_seq

    def _beyond(self, place: Place, empty: bool) -> ColumnElement[bool]:
        key, log_seq = self._columns
        if not empty:
            return self.order.beyond(key, log_seq, place)
        beyond: ColumnElement[bool] = log_seq < place.log_seq if self.order.descending else log_seq > place.log_seq
        return beyond

    def _until(self, place: Place, empty: bool) -> ColumnElement[bool]:
        """`place` and what lies before it."""
        key, log_seq = self._columns
        here, there = ((log_seq,), (place.log_seq,)) if empty else ((key, log_seq), (place.key, place.log_seq))
        return tuple_(*here) >= tuple_(*there) if self.order.descending else tuple_(*here) <= tuple_(*there)

    def _bounds(self, key: Any, low: bool, high: bool) -> list[ColumnElement[bool]]:
        """Conditions on the order itself, and on review states (which have an order of time of their own), bound the stretch.

        `low`, `high`: on these sides only, for on the others places do. SQLite takes one bound of each side, and with the wider one it
        would read on to the end of the order.
        """
        wanted = ["=", *([">", ">="] if low else []), *(["<", "<="] if high else [])]
        bounds = [has(self.order.column, key)] if self.order.nullable and low else []
        for part in conjuncts(self.node):
            if not isinstance(part, Condition):
                continue
            if part.field.column == self.order.column and part.operator in wanted:
                bounds.append(key.op(part.operator, is_comparison=True)(part.values[0]))
            if part.field.column == "review" and part.operator == "=" and self.order.column in ("taken_at", "priority"):
                bounds.append(signal.c.review == part.values[0])
        return bounds

    def _end_of_piece(self, connection: Connection, place: Place | None, empty: bool, length: int) -> Place | None:
        """The last of `length` rows; None where there are not so many. Only the index is read for it."""
        last = connection.execute(self._stretch(place, empty).limit(1).offset(length - 1)).first()
        return None if last is None else Place(None if empty else last.key, last.log_seq)

    def _fitting(
        self, connection: Connection, place: Place | None, end: Place | None, wanted: int, empty: bool
    ) -> list[Place]:
        rows = connection.execute(self.piece(place, end, empty, connection.dialect.name).limit(wanted))
        return [Place(None if empty else one.key, one.log_seq) for one in rows]

    def piece(self, place: Place | None, end: Place | None, empty: bool, dialect: str) -> Select[Any]:
        """What fits behind `place` and no further than `end`, in order; it ends as soon as enough is found."""
        query = self._stretch(place, empty, end)
        left = self.node
        if self.few is not None:
            left = without(left, self.few.parts)
            # The sum keeps a database from beginning with these lines and sorting them.
            query = query.where((self._columns[1] + 0).in_(select(self.few.together().c.log_seq)))
        if self.word is not None:
            query = query.join(signal, signal.c.log_seq == posting.c.log_seq)
        if needs_fact(left):
            query = query.join(prediction, prediction.c.log_seq == signal.c.log_seq)
        return query.where(compiled(left, dialect, aside(dialect)))


def _next_length(length: int, took: float, left: float | None) -> int:
    """Longer pieces while they are quick, and none that would last beyond the time there is."""
    if left is not None:
        return max(FIRST_PIECE // 4, min(LONGEST_PIECE, length * 4, int(length / max(took, 1e-6) * left)))
    return min(LONGEST_PIECE, length * 4) if took < _PIECE_S else max(FIRST_PIECE, length // 2)
