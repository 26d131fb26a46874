"""Finds the few lines a query can be answered from: the conditions that the fewest lines fulfil, counted in an index and no further than MOST.

A page is either read from those lines, or by walking along the order that was asked for. Of ten million lines either way reads some ten thousand:
what fewer than MOST lines fulfil is fetched and sorted, what more fulfil is soon met on the walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Float, Select, exists, func, literal, select, union_all

from relens.kit.clock import Micros
from relens.predictions.filing import find_words
from relens.predictions.lacking import has, may_lack
from relens.predictions.query_sql import MOST_WORDS
from relens.predictions.query_tree import Condition, Either, Filed, Node, Not, conjuncts
from relens.predictions.tables import posting, prediction, signal, term

MOST = 20_000
_FEW = 200
"""So few that looking for fewer is not worth it."""
_SHORTER = 4
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
    """Selects of `log_seq` that together hold every line the query can find; `count` ends at MOST + 1.

    `parts`: conditions that all of these lines fulfil. `words`: those they are filed under, one of which each of them has; then the rows have
    `taken_at` too, and `reach` is how much time those that were counted cover. `along`: the word whose lines lie thinnest in time.
    """

    rows: tuple[Select[Any], ...]
    count: int
    parts: tuple[Node, ...] = ()
    words: tuple[int, ...] = ()
    reach: Micros = 0
    along: int | None = None

    @property
    def few(self) -> bool:
        return self.count <= MOST

    def lies_along(self, column: str) -> bool:
        """Whether the lines are a stretch of what a walk in the order of `column` (of `signal`) goes along."""
        if len(self.parts) != 1:
            return False
        part = self.parts[0]
        if len(self.words) == 1:
            return column == "taken_at" and self.words[0] == self.along
        if not isinstance(part, Condition):
            return False
        if part.field.column == "review":
            return part.operator == "=" and column in ("taken_at", "priority")
        return part.field.column == column

    def together(self) -> Any:
        if len(self.rows) == 1:
            return self.rows[0].with_only_columns(self.rows[0].selected_columns.log_seq).subquery()
        return select(union_all(*self.rows).subquery().c.log_seq).distinct().subquery()


def window_of(node: Node) -> Window:
    """The times outside of which the query finds nothing."""
    since: list[int] = []
    until: list[int] = []
    for part in conjuncts(node):
        if isinstance(part, Condition) and part.field.column == "taken_at":
            value = int(part.values[0])
            if part.operator in (">", ">=", "="):
                since.append(value + (part.operator == ">"))
            if part.operator in ("<", "<=", "="):
                until.append(value + (part.operator != "<"))
    return Window(max(since, default=None), min(until, default=None))


def anchor(connection: Connection, deployment: str, node: Node, window: Window) -> Anchor | None:
    """The best there is; None where no condition has an index to count in."""
    found = _counted_each(connection, deployment, node, window)
    if len(found) > 1 and not any(one.few for one in found):
        closer = _shared(connection, found, window)
        found = found if closer is None else _counted_each(connection, deployment, node, closer)
    if not found:
        return None
    best = min(found, key=lambda one: one.count)
    words = [one for one in found if one.words]
    if best.few and best.words and best.count > _FEW and len(words) > 1:
        best = _narrowed(connection, best, [one for one in words if one is not best])
    single = [one for one in words if len(one.words) == 1]
    thinnest = max(single, key=lambda one: (one.few, -one.count, one.reach), default=None)
    return replace(best, along=thinnest.words[0] if thinnest is not None else None)


def _counted_each(connection: Connection, deployment: str, node: Node, window: Window) -> list[Anchor]:
    """Of each condition that must be true, until one is fulfilled by so few lines that no other need be counted."""
    found: list[Anchor] = []
    for part in conjuncts(node):
        one = _anchor_of(connection, deployment, part, window)
        if one is not None:
            found.append(one)
            if one.count <= _FEW:
                break
    return found


def _shared(connection: Connection, found: Sequence[Anchor], window: Window) -> Window | None:
    """The time between the first and the last line of every word: a version that answered for a week leaves a week of each label.

    None where it is not much shorter than what some word covers.
    """
    ends = []
    for one in found:
        if len(one.words) == 1:
            under = select(posting.c.taken_at).where(posting.c.term == one.words[0], *window.of(posting.c.taken_at))
            first, last = (
                connection.execute(under.order_by(way).limit(1)).scalar_one()
                for way in (posting.c.taken_at.asc(), posting.c.taken_at.desc())
            )
            ends.append((first, last))
    if not ends:
        return None
    since, until = max(first for first, _ in ends), min(last for _, last in ends)
    longest = max(last - first for first, last in ends)
    return Window(since, until + 1) if _SHORTER * (until - since) <= longest else None


def _anchor_of(connection: Connection, deployment: str, part: Any, window: Window) -> Anchor | None:
    """Of one condition that must be true."""
    if isinstance(part, Either):
        each = [anchor(connection, deployment, one, window) for one in part.parts]
        if not each or any(one is None for one in each):
            return None
        rows = tuple(row.with_only_columns(row.selected_columns.log_seq) for one in each if one for row in one.rows)
        return Anchor(rows, min(MOST + 1, sum(one.count for one in each if one)))
    words = _words(connection, deployment, part)
    if words is not None:
        return _counted_words(connection, _under(words, window), part, words)
    found = _rows(deployment, part, window)
    return None if found is None else Anchor((found,), _counted(connection, found), (part,))


def _narrowed(connection: Connection, best: Anchor, others: Sequence[Anchor]) -> Anchor:
    """Those of its lines that are filed under the words of the others as well: no line itself is looked at for it."""
    rows = best.rows[0]
    for other in others:
        beside = posting.alias()
        same = (beside.c.taken_at == posting.c.taken_at) & (beside.c.log_seq == posting.c.log_seq)
        rows = rows.where(exists().where(beside.c.term.in_(other.words), same).correlate(posting))
    parts = tuple(part for one in (best, *others) for part in one.parts)
    return Anchor((rows,), _counted(connection, rows), parts)


def _counted(connection: Connection, rows: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(rows.limit(MOST + 1).subquery())).scalar_one())


def _counted_words(connection: Connection, rows: Select[Any], part: Node, words: tuple[int, ...]) -> Anchor:
    """The latest of them, where it is one word: how far back they reach tells how thin they lie."""
    latest = rows.order_by(posting.c.taken_at.desc(), posting.c.log_seq.desc()) if len(words) == 1 else rows
    some = latest.limit(MOST + 1).subquery()
    count, first, last = connection.execute(
        select(func.count(), func.min(some.c.taken_at), func.max(some.c.taken_at))
    ).one()
    return Anchor((rows,), count, (part,), words, last - first if count else 0)


def _words(connection: Connection, deployment: str, part: Any) -> tuple[int, ...] | None:
    """The numbers of the words that a line fulfilling the condition is filed under one of; None where words do not tell."""
    if isinstance(part, Filed):
        return part.ids
    if isinstance(part, Not) and isinstance(part.part, Condition):
        inner = part.part
        if inner.operator == "empty" and inner.field.column == "error":
            errors = select(term.c.id).where(term.c.deployment == deployment, term.c.kind == "error")
            found = tuple(connection.execute(errors.limit(MOST_WORDS + 1)).scalars())
            return found if len(found) <= MOST_WORDS else None
        return None
    if isinstance(part, Condition) and part.operator in ("=", "in"):
        column = part.field.column
        if column in _FILED and _FILED[column] not in part.values:
            words = {(column, str(value)) for value in part.values}
            return tuple(find_words(connection, deployment, words).values())
    return None


def _rows(deployment: str, node: Any, window: Window) -> Select[Any] | None:
    """Where an index tells which lines fulfil a condition on a column."""
    if isinstance(node, Filed) and not node.by_line:
        return _under(node.words, window)
    if not isinstance(node, Condition):
        return None
    column = node.field.column
    here = select(signal.c.log_seq).where(signal.c.deployment == deployment)
    if node.operator in ("=", "in") and column in ("review", "asset"):
        return here.where(signal.c[column].in_(node.values), *window.of(signal.c.taken_at))
    if node.operator in ("=", "in") and column in ("id", "client_id"):
        mine = select(prediction.c.log_seq).where(prediction.c.deployment == deployment)
        return mine.where(prediction.c[column].in_(node.values))
    if column == "taken_at":
        return here.where(*window.of(signal.c.taken_at))
    if column in _SORTED and node.operator in ("=", "<", "<=", ">", ">="):
        asked = signal.c[column].op(node.operator)(literal(node.values[0], Float))
        return here.where(asked, *([has(column, signal.c[column])] if may_lack(column) else []))
    return None


def _under(words: Any, window: Window) -> Select[Any]:
    """Each line once, also where it is filed under several of them."""
    wanted: Any = list(words) if isinstance(words, Sequence) else words
    rows = select(posting.c.log_seq, posting.c.taken_at)
    rows = rows.where(posting.c.term.in_(wanted), *window.of(posting.c.taken_at))
    return rows if isinstance(words, Sequence) and len(words) == 1 else rows.distinct()
