"""Browses the log: filters, orders and pages that cost the same on the last page as on the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from relens.infra.web import BadCursor, read_cursor, write_cursor
from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.errors import Invalid
from relens.predictions import way
from relens.predictions.anchor import anchor, window_of
from relens.predictions.draw import RANDOM, Draw
from relens.predictions.fetch import fetched, lines_at
from relens.predictions.logged import REVIEW_STATES, Logged
from relens.predictions.query import condition, read_query
from relens.predictions.query_fields import FIELDS
from relens.predictions.query_sql import Titles, compiled, needs_fact, resolve
from relens.predictions.query_tree import Both, Condition, Either, Node, Not
from relens.predictions.tables import prediction, signal, tally, term
from relens.predictions.walk import Order, Place, Walk, Walked
from relens.registry import store as registry

SORTS = {
    "taken_at": "taken_at",
    "logged_at": "log_seq",
    "latency": "latency_ms",
    "outlier": "outlier",
    "confidence": "confidence",
    "priority": "priority",
}
COUNTED = 10_000
"""So far lines are counted one by one; "10,000+" beyond."""
_PLACES = 1_000


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
    error: str | None = None

    def tree(self) -> Node:
        """All of it as one condition. Shadows answer nobody: they are found only by those who ask for them."""
        parts: list[Node] = [
            condition(name, "=", value)
            for name in ("source", "tag", "label", "role", "error")
            if (value := getattr(self, name)) is not None
        ]
        if self.model_version is not None:
            parts.append(condition("version", "in", self.model_version))
        if self.review == "reviewed":
            parts.append(condition("review", "in", *(state for state in REVIEW_STATES if state != "pending")))
        elif self.review is not None:
            parts.append(condition("review", "=", self.review))
        if self.since is not None:
            parts.append(condition("taken_at", ">=", self.since))
        if self.until is not None:
            parts.append(condition("taken_at", "<", self.until))
        if self.query is not None:
            parts.append(read_query(self.query))
        if not _asks_for(Both(tuple(parts)), "role"):
            parts.append(condition("role", "!=", "shadow"))
        return Both(tuple(parts))


@dataclass(frozen=True, slots=True)
class Found:
    """One page and the cursor of the next (None on the last). `partial`: the time was over before the page was full.

    `rows` were looked at for it, as far as `until` (a value of what is sorted by).
    """

    lines: list[Logged]
    next: str | None
    partial: bool = False
    rows: int = 0
    until: Any = None


@dataclass(frozen=True, slots=True)
class Counted:
    """`more`: there are at least so many; looking further takes too long."""

    count: int
    more: bool


def page(
    connection: Connection, deployment_id: str, wanted: Filter, sort: str, limit: int, cursor: str | None
) -> tuple[list[Logged], str | None]:
    """One whole page however long it takes, and the cursor of the next. A minus before `sort` means the largest first."""
    found = look(connection, deployment_id, wanted, sort, limit, cursor)
    return found.lines, found.next


def look(
    connection: Connection,
    deployment_id: str,
    wanted: Filter,
    sort: str,
    limit: int,
    cursor: str | None = None,
    budget_s: float | None = None,
) -> Found:
    """One page, or as much of it as was found in `budget_s`. `sort` may be "random" or "random:SEED". Raises BadFilter, BadQuery, BadCursor."""
    began = clock.stopwatch()
    name, _, seed = sort.partition(":")
    tree = wanted.tree()
    if name.lstrip("-") == "priority" and not _asks_for(tree, "review"):
        tree = Both((tree, condition("review", "=", "pending")))  # the others have left the queue
    node = resolved(connection, deployment_id, tree)
    window = window_of(node)
    best = anchor(connection, deployment_id, node, window)
    if best is not None and best.count == 0:
        return Found([], None)
    if budget_s is not None:
        budget_s = max(0.0, budget_s - (clock.stopwatch() - began))
    if name == RANDOM:
        draw = Draw.begin(connection, deployment_id, node, _seed(seed), cursor)
        draw.run(connection, best, limit + 1, budget_s)
        lines, following = lines_at(connection, [number for _, number in draw.found[:limit]]), draw.cursor(limit)
        return Found(lines, following, following is not None and len(draw.found) <= limit, draw.rows)
    walked = way.walked(connection, deployment_id, node, best, _order(name), _start(cursor, sort), limit + 1, budget_s)
    return _page(connection, walked, sort, limit)


def places(
    connection: Connection, deployment_id: str, wanted: Filter, sort: str, most: int, budget_s: float | None = None
) -> list[int]:
    """Where in the log the first `most` lines stand, or as many of them as were found in `budget_s`."""
    node = resolved(connection, deployment_id, wanted.tree())
    best = anchor(connection, deployment_id, node, window_of(node))
    if best is not None and best.count == 0:
        return []
    walked = way.walked(connection, deployment_id, node, best, _order(sort), None, most, budget_s)
    return [place.log_seq for place in walked.found[:most]]


def among(connection: Connection, deployment_id: str, wanted: Filter, numbers: Sequence[int]) -> set[int]:
    """Those of these places of the log that fit; looks at no other line. Raises BadQuery."""
    node = resolved(connection, deployment_id, wanted.tree())
    found: set[int] = set()
    for start in range(0, len(numbers), _PLACES):
        query = select(signal.c.log_seq).where(signal.c.log_seq.in_(numbers[start : start + _PLACES]))
        query = query.where(signal.c.deployment == deployment_id, compiled(node, connection.dialect.name))
        if needs_fact(node):
            query = query.join(prediction, prediction.c.log_seq == signal.c.log_seq)
        found.update(connection.execute(query).scalars())
    return found


def count(connection: Connection, deployment_id: str, wanted: Filter, budget_s: float | None = None) -> Counted:
    """How many lines fit, up to COUNTED, or up to what could be looked at in `budget_s`."""
    node = resolved(connection, deployment_id, wanted.tree())
    if node == Both((condition("role", "!=", "shadow"),)):
        total = select(tally.c.lines).where(tally.c.deployment == deployment_id, tally.c.shadow == 0)
        return Counted(sum(connection.execute(total).scalars()), False)
    window, order = window_of(node), _order("-taken_at")
    best = anchor(connection, deployment_id, node, window)
    if best is not None and best.few:
        walked = fetched(connection, node, best, order, None, COUNTED + 1)
    else:
        along = best.along if best is not None else None
        walked = Walk(deployment_id, node, order, window, along).run(connection, None, COUNTED + 1, budget_s)
    return Counted(min(COUNTED, len(walked.found)), len(walked.found) > COUNTED or walked.end is not None)


def resolved(connection: Connection, deployment_id: str, node: Node) -> Node:
    """The tree as the database can be asked it."""
    named = version_titles(connection, deployment_id) if _asks_for(node, "version") else {}
    found: Node = resolve(connection, deployment_id, node, named)
    return found


def version_titles(connection: Connection, deployment_id: str) -> Titles:
    """The versions that have answered here, with their titles."""
    words = select(term.c.value).where(term.c.deployment == deployment_id, term.c.kind == "model_version")
    return registry.titles(connection, connection.execute(words).scalars().all())


def _asks_for(node: Any, field_name: str) -> bool:
    if isinstance(node, Both | Either):
        return any(_asks_for(part, field_name) for part in node.parts)
    if isinstance(node, Not):
        return _asks_for(node.part, field_name)
    return isinstance(node, Condition) and node.field == FIELDS[field_name]


def _order(sort: str) -> Order:
    column = SORTS.get(sort.lstrip("-"))
    if column is None:
        raise BadFilter(
            f"predictions cannot be sorted by '{sort}': choose one of {', '.join(SORTS)}, with a minus for the largest first, or random"
        )
    return Order(sort.lstrip("-"), column, sort.startswith("-"))


def _start(cursor: str | None, sort: str) -> Place | None:
    if not cursor:
        return None
    made_for, key, log_seq = read_cursor(cursor, str, object, object)
    if made_for != sort or not isinstance(log_seq, int) or not isinstance(key, int | float | str):
        raise BadCursor("this cursor belongs to a list in another order: start again without one")
    if isinstance(key, str) and key:
        raise BadCursor("this cursor was not given out by this list: start again without one")
    return Place(None if key == "" else key, log_seq)


def _cursor(sort: str, place: Place) -> str:
    return write_cursor(sort, "" if place.key is None else place.key, place.log_seq)


def _page(connection: Connection, walked: Walked, sort: str, limit: int) -> Found:
    lines = lines_at(connection, [place.log_seq for place in walked.found[:limit]])
    if len(walked.found) > limit:
        return Found(lines, _cursor(sort, walked.found[limit - 1]), False, walked.rows)
    if walked.end is None:
        return Found(lines, None, False, walked.rows)
    return Found(lines, _cursor(sort, walked.end), True, walked.rows, walked.end.key)


def _seed(written: str) -> int:
    if written and not (written.isascii() and written.isdigit() and len(written) < 10):
        raise BadFilter("the seed of a random order is a whole number of up to nine digits: random:7")
    return int(written or 0)
