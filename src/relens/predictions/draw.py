"""Draws lines of the log in a random order that a seed chooses, page by page, without writing an order down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from relens.infra.web import BadCursor, read_cursor, write_cursor
from relens.kit import clock
from relens.predictions.anchor import MOST, Anchor
from relens.predictions.query_sql import compiled, needs_fact
from relens.predictions.query_tree import Node, without
from relens.predictions.shuffle import Shuffle
from relens.predictions.tables import prediction, signal, tally

RANDOM = "random"
_FIRST, _LONGEST = 500, 4_000


@dataclass(slots=True)
class Draw:
    """`n` lines are in the order: those there were at its first page. `rank`: how far it is drawn; `found`: (rank, place in the log)."""

    deployment: str
    node: Node
    n: int
    rank: int
    seed: int
    found: list[tuple[int, int]] = field(default_factory=list)
    rows: int = 0

    @staticmethod
    def begin(connection: Connection, deployment: str, node: Node, seed: int, cursor: str | None) -> Draw:
        """Raises BadCursor."""
        if not cursor:
            last = connection.execute(select(func.max(prediction.c.log_seq))).scalar()
            return Draw(deployment, node, int(last or 0), 0, seed)
        made_for, n, rank = read_cursor(cursor, str, object, object)
        if made_for != RANDOM or type(n) is not int or type(rank) is not int or not 0 <= rank <= n < 2**40:
            raise BadCursor("this cursor belongs to a list in another order: start again without one")
        return Draw(deployment, node, n, rank, seed)

    def run(self, connection: Connection, best: Anchor | None, wanted: int, budget_s: float | None) -> None:
        """From few lines all are ranked; else the order is walked until `wanted` are found or the time is over."""
        if self.n == 0:
            return
        best = best or self._whole(connection)
        if best.few:
            self._rank(connection, best, wanted)
        else:
            self._walk(connection, wanted, budget_s)

    def cursor(self, limit: int) -> str | None:
        """Of the page after the first `limit` found."""
        if len(self.found) > limit:
            return write_cursor(RANDOM, self.n, self.found[limit - 1][0] + 1)
        return None if self.rank >= self.n else write_cursor(RANDOM, self.n, self.rank)

    def _whole(self, connection: Connection) -> Anchor:
        rows = select(signal.c.log_seq).where(signal.c.deployment == self.deployment)
        total = select(func.sum(tally.c.lines)).where(tally.c.deployment == self.deployment)
        return Anchor((rows,), min(MOST + 1, int(connection.execute(total).scalar() or 0)))

    def _rank(self, connection: Connection, few: Anchor, wanted: int) -> None:
        """Which of few lines come first needs only their places; so no more of them are looked at than are wanted."""
        rows = few.together()
        places = np.array(connection.execute(select(rows.c.log_seq)).scalars().all(), np.int64)
        places = places[places <= self.n]
        ranks = Shuffle(self.n, self.seed).rank(places - 1)
        order = np.argsort(ranks)
        order = order[np.searchsorted(ranks[order], self.rank) :]
        left, start = without(self.node, few.parts), 0
        while start < len(order) and len(self.found) < wanted:
            some = order[start : start + _FIRST]
            self._look_at(connection, left, ranks[some].tolist(), places[some].tolist())
            start += len(some)
        self.rank = self.n

    def _walk(self, connection: Connection, wanted: int, budget_s: float | None) -> None:
        began, length, shuffle = clock.stopwatch(), _FIRST, Shuffle(self.n, self.seed)
        while self.rank < self.n and len(self.found) < wanted:
            if budget_s is not None and self.rows and clock.stopwatch() - began > budget_s:
                return
            ranks = np.arange(self.rank, min(self.n, self.rank + length))
            self._look_at(connection, self.node, ranks.tolist(), (shuffle.at(ranks) + 1).tolist())
            self.rank += len(ranks)
            length = min(_LONGEST, length * 2)

    def _look_at(self, connection: Connection, node: Node, ranks: list[int], places: list[int]) -> None:
        """Keeps those that fit."""
        # The concatenation keeps SQLite from walking the deployment's whole index instead of these places.
        own: Any = signal.c.deployment + "" == self.deployment
        query = select(signal.c.log_seq).where(signal.c.log_seq.in_(places), own)
        query = query.where(compiled(node, connection.dialect.name))
        if needs_fact(node):
            query = query.join(prediction, prediction.c.log_seq == signal.c.log_seq)
        fitting = set(connection.execute(query).scalars())
        self.found += [(rank, place) for rank, place in zip(ranks, places, strict=True) if place in fitting]
        self.rows += len(places)
