"""Scans of the log for questions that no sums are kept for: read in pieces, one with each asking, remembered in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from relens.kit import clock
from relens.kit.clock import Micros
from relens.metrics.metric import State
from relens.monitoring.bucket import Cell
from relens.monitoring.sums import Divided

_REMEMBERED = 32
FRESH_S = 30.0
"""A finished scan answers for so long; then the log is read again."""

Piece = Callable[["Question", str | None], tuple[list[str], str | None]]
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


@dataclass(frozen=True, slots=True)
class Question:
    """What a scan is about. `about` holds everything but the times; an `open` window ends now, wherever that is by the time it is read.

    Asked again a moment later it is the same question: it began at the same time, or is as long.
    """

    about: Hashable
    since: Micros
    until: Micros
    width: Micros
    open: bool

    def same(self, other: Question) -> bool:
        if (self.about, self.width, self.open) != (other.about, other.width, other.open):
            return False
        if not self.open:
            return (self.since, self.until) == (other.since, other.until)
        return self.since == other.since or abs(self._length - other._length) <= self.width

    @property
    def _length(self) -> Micros:
        return self.until - self.since


@dataclass(slots=True)
class _Asked:
    """`shown` answers while `reading` goes on; both are of the times of their own question."""

    question: Question
    reading: Scan
    shown: Scan | None = None


class Scans:
    """The latest questions; thread-safe. A window that moves on with the clock is read to its end as it was when the reading began."""

    def __init__(self) -> None:
        self._asked: list[_Asked] = []
        self._lock = threading.Lock()

    def advance(self, question: Question, piece: Piece, count: Count) -> Scan:
        """Reads the next piece of this question, or answers what is known when it is complete and fresh.

        When it is complete and no longer fresh it is read again, a piece with each asking, and answers as before meanwhile.
        """
        with self._lock:
            asked = next((one for one in self._asked if one.question.same(question)), None)
            if asked is None:
                asked = _Asked(question, Scan())
            else:
                self._asked.remove(asked)
            self._asked = [*self._asked[-(_REMEMBERED - 1) :], asked]
            if asked.reading.complete:
                if clock.stopwatch() - asked.reading.finished < FRESH_S:
                    return asked.reading
                asked.question, asked.reading, asked.shown = question, Scan(), asked.reading
            reading, begun = asked.reading, asked.question
        ids, following = piece(begun, reading.next)
        further = reading.with_piece(count(ids), len(ids), following)
        with self._lock:
            # Somebody else may have read the same piece meanwhile.
            if asked.reading is reading:
                asked.reading = further
                asked.shown = None if further.complete else asked.shown
            return asked.shown or asked.reading
