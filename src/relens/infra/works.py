"""What waits for the database's writer, in the order in which it is done.

Some of it is told to wait (`later`): it belongs to what was just answered, and is done a moment later, so that no answer waits for it.
Nobody else notices: whatever comes that may build on it lets it go first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from sqlalchemy import Connection

from relens.kit import clock

Work = Callable[[Connection], Any]
LATER_S = 0.1


class Waiting(NamedTuple):
    """A piece of work and who waits for it. `ahead`: it builds on nothing that was told to wait."""

    work: Work
    future: Future[Any]
    ahead: bool = False


_LOOK = Waiting(lambda _: None, Future(), ahead=True)
"""Nothing to do, but whoever waits for something looks again how long he may."""


class Works:
    """Put by any thread, taken by one."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._later: list[Waiting] = []
        self._owed_still = 0
        self._due = 0.0
        self._next: list[Waiting | None] = []

    def put(self, waiting: Waiting) -> None:
        self._queue.put(waiting)

    def later(self, waiting: Waiting) -> None:
        with self._lock:
            first = not self._later
            if first:
                self._due = clock.stopwatch() + LATER_S
            self._later.append(waiting)
            self._owed_still += 1
        waiting.future.add_done_callback(self._one_less)
        if first:
            self._queue.put(_LOOK)

    def end(self) -> None:
        """After what waits now, `take` gives None."""
        self._queue.put(None)

    @property
    def wait(self) -> bool:
        """Whether something waits for its turn."""
        return bool(self._next) or not self._queue.empty()

    @property
    def owes(self) -> bool:
        """Whether something that was told to wait is not done yet."""
        return self._owed_still > 0

    def _one_less(self, _: Future[Any]) -> None:
        with self._lock:
            self._owed_still -= 1

    def take(self) -> Waiting | None:
        """The next one, or None at the end; waits for it."""
        while not self._next:
            try:
                self._arrived(self._queue.get(timeout=max(0.0, self._due - clock.stopwatch()) if self._later else None))
            except Empty:
                self._next += self._owed()
        return self._next.pop(0)

    def take_now(self) -> Waiting | None:
        """The same of what is here already. Raises Empty."""
        while not self._next:
            self._arrived(self._queue.get_nowait())
        return self._next.pop(0)

    def _arrived(self, one: Waiting | None) -> None:
        if one is None or not one.ahead:
            self._next += self._owed()
        if one is not _LOOK:
            self._next.append(one)

    def _owed(self) -> list[Waiting]:
        with self._lock:
            owed, self._later = self._later, []
        return owed
