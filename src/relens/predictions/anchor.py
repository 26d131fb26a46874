"""Finds the few lines a query can be answered from: the condition that the fewest lines fulfil, counted in an index and no further than MOST.

A page is either read from those lines, or by walking along the order that was asked for. Of ten million lines either way reads some ten thousand:
what fewer than MOST lines fulfil is fetched and sorted, what more fulfil is soon met on the walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Float, Select, func, literal, select, union_all

from relens.kit.clock import Micros
from relens.predictions.filing import find_words
from relens.predictions.query import Both, Condition, Either, Not, conjuncts
from relens.predictions.query_sql import Filed, Resolved
from relens.predictions.tables import posting, prediction, signal, term

MOST = 20_000
_FEW = 200
"""So few that looking for fewer is not worth it."""
_FILED = {"source": None, "model_version": None, "error": None, "role": "champion", "origin": "served"}
"""Columns whose values are words too, and the value that is not."""
_SORTED = ("outlier", "confidence", "latency_ms", "taken_at")
Rows = TypeVar("Rows", bound=Select[Any])


@dataclass(frozen=True, slots=True)
class Window:
    """The times asked for, half open; `until` exclusive."""

    since: Micros | None = None
    until: Micros | None = None

    def of(self, column: Any) -> list[Any]:
        after = [] if self.since is None else [column >= self.since]
        return after if self.until is None else [*after, column < self.until]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Selects of `log_seq` that together hold every line the query can find; `count` ends at MOST + 1. `word`: the one it is filed under."""

    rows: tuple[Select[Any], ...]
    count: int
    word: int | None = None

    @property
    def few(self) -> bool:
        return self.count <= MOST

    def together(self) -> Any:
        if len(self.rows) == 1:
            return self.rows[0].subquery()
        return select(union_all(*self.rows).subquery().c.log_seq).distinct().subquery()


def window_of(node: Resolved) -> Window:
    """The times outside of which the query finds nothing."""
    since: list[int] = []
    until: list[int] = []
    for part in conjuncts(node):  # type: ignore[arg-type]
        if isinstance(part, Condition) and part.field.column == "taken_at":
            value = int(part.values[0])
            if part.operator in (">", ">=", "="):
                since.append(value + (part.operator == ">"))
            if part.operator in ("<", "<=", "="):
                until.append(value + (part.operator != "<"))
    return Window(max(since, default=None), min(until, default=None))


def anchor(connection: Connection, deployment: str, node: Resolved, window: Window) -> Anchor | None:
    """The best there is; None where no condition has an index to count in."""
    if isinstance(node, Both):
        best: Anchor | None = None
        for part in node.parts:
            found = anchor(connection, deployment, part, window)
            if found is not None and (best is None or _better(found, best)):
                best = found
            if best is not None and best.count <= _FEW:
                break
        return best
    if isinstance(node, Either):
        parts = [anchor(connection, deployment, part, window) for part in node.parts]
        if not parts or any(part is None for part in parts):
            return None
        rows = tuple(row for part in parts if part is not None for row in part.rows)
        return Anchor(rows, min(MOST + 1, sum(part.count for part in parts if part is not None)))
    found_rows, word = _rows(connection, deployment, node, window)
    return None if found_rows is None else Anchor((found_rows,), _counted(connection, found_rows), word)


def _better(one: Anchor, other: Anchor) -> bool:
    """Of two big ones, that with a word of its own: its lines lie in the order of time."""
    return one.count < other.count or (not one.few and not other.few and one.word is not None and other.word is None)


def _counted(connection: Connection, rows: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(rows.limit(MOST + 1).subquery())).scalar_one())


def _rows(
    connection: Connection, deployment: str, node: Resolved, window: Window
) -> tuple[Select[Any] | None, int | None]:
    if isinstance(node, Filed):
        if node.ids is None:
            return _under(node.words, window), None
        return _under(node.ids, window), node.ids[0] if len(node.ids) == 1 else None
    if isinstance(node, Not):
        inner = node.part
        if isinstance(inner, Condition) and inner.operator == "empty" and inner.field.column == "error":
            errors = select(term.c.id).where(term.c.deployment == deployment, term.c.kind == "error")
            return _under(errors, window), None
        return None, None
    if not isinstance(node, Condition):
        return None, None
    return _rows_of(connection, deployment, node, window)


def _rows_of(
    connection: Connection, deployment: str, node: Condition, window: Window
) -> tuple[Select[Any] | None, int | None]:
    column = node.field.column
    if node.operator in ("=", "in") and column in _FILED and _FILED[column] not in node.values:
        words = {(column, str(value)) for value in node.values}
        ids = tuple(find_words(connection, deployment, words).values())
        return _under(ids, window), ids[0] if len(ids) == 1 else None
    here = select(signal.c.log_seq).where(signal.c.deployment == deployment)
    if node.operator in ("=", "in") and column in ("review", "asset"):
        return here.where(signal.c[column].in_(node.values), *window.of(signal.c.taken_at)), None
    if node.operator in ("=", "in") and column in ("id", "client_id"):
        mine = select(prediction.c.log_seq).where(prediction.c.deployment == deployment)
        return mine.where(prediction.c[column].in_(node.values)), None
    if column == "taken_at":
        return here.where(*window.of(signal.c.taken_at)), None
    if column in _SORTED and node.operator in ("=", "<", "<=", ">", ">="):
        return here.where(signal.c[column].op(node.operator)(literal(node.values[0], Float))), None
    return None, None


def _under(words: Any, window: Window) -> Select[Any]:
    wanted: Any = list(words) if isinstance(words, Sequence) else words
    return select(posting.c.log_seq).where(posting.c.term.in_(wanted), *window.of(posting.c.taken_at))
