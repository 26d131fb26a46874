"""Scans of the log for questions that no sums are kept for: read in pieces, one with each asking, remembered in between."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from relens.kit import clock
from relens.metrics.metric import State
from relens.monitoring.bucket import Cell
from relens.monitoring.sums import Divided

_REMEMBERED = 32
FRESH_S = 30.0
"""A finished scan answers for so long; then the log is read again."""

Piece = Callable[[str | None], tuple[list[str], str | None]]
Count = Callable[[list[str]], tuple[list[tuple[Cell, State]], frozenset[Divided]]]


@dataclass(frozen=True, slots=True)
class Scan:
    """What was counted so far: `read` predictions, from the newest back to `next` (None: all of them)."""

    states: dict[Cell, State] = field(default_factory=dict)
    divisions: frozenset[Divided] = frozenset()
    read: int = 0
    next: str | None = None
    complete: bool = False
    finished: float = 0.0

    def with_piece(
        self, counted: tuple[list[tuple[Cell, State]], frozenset[Divided]], read: int, following: str | None
    ) -> Scan:
        states = dict(self.states)
        for cell, state in counted[0]:
            states[cell] = states[cell] + state if cell in states else state
        done = following is None
        return Scan(
            states, self.divisions | counted[1], self.read + read, following, done, clock.stopwatch() if done else 0.0
        )


class Scans:
    """The latest questions; thread-safe."""

    def __init__(self) -> None:
        self._scans: OrderedDict[Hashable, Scan] = OrderedDict()
        self._lock = threading.Lock()

    def advance(self, key: Hashable, piece: Piece, count: Count) -> Scan:
        """Reads the next piece of this question, or answers what is known when it is complete."""
        with self._lock:
            scan = self._scans.get(key, Scan())
        if scan.complete and clock.stopwatch() - scan.finished < FRESH_S:
            return scan
        if scan.complete:
            scan = Scan()
        ids, following = piece(scan.next)
        scan = scan.with_piece(count(ids), len(ids), following)
        with self._lock:
            self._scans[key] = replace(scan)
            self._scans.move_to_end(key)
            while len(self._scans) > _REMEMBERED:
                self._scans.popitem(last=False)
        return scan
