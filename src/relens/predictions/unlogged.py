"""Answers that could not be logged: where a deployment chose so they are given all the same, marked and counted."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future

from sqlalchemy import Connection

from relens.infra.database import Database, NotAnswering
from relens.infra.telemetry import UNLOGGED
from relens.kit import clock
from relens.kit.clock import DAY
from relens.kit.errors import DiskFails, RelensError, StorageFull
from relens.predictions.logged import Entry, Logged
from relens.predictions.retention import store

CANNOT_WRITE = (StorageFull, NotAnswering)
Line = tuple[Logged, bool]
Key = tuple[str, int]


def marks(line: Logged) -> dict[str, str]:
    """The headers of an answer that is in no log; none otherwise."""
    return {} if line.in_log else {"Relens-Logged": "false"}


class Unlogged:
    """Counts in memory while nothing can be written; `step`, for a follower, writes the counts down when that works again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: dict[Key, int] = {}

    def instead(self, logged: Future[Line], entry: Entry, name: str) -> Future[Line]:
        """What `logged` gives; when the line could not be written for want of room or of a database, the same answer unlogged."""
        outcome: Future[Line] = Future()
        outcome.set_running_or_notify_cancel()

        def settled(done: Future[Line]) -> None:
            error = done.exception()
            if error is None:
                outcome.set_result(done.result())
            elif isinstance(error, CANNOT_WRITE):
                outcome.set_result((self.answer(entry, name, error), False))
            else:
                outcome.set_exception(error)

        logged.add_done_callback(settled)
        return outcome

    def answer(self, entry: Entry, name: str, error: RelensError) -> Logged:
        """A line that is in no log, counted as such."""
        UNLOGGED.labels(name, _reason(error)).inc()
        now = clock.now()
        with self._lock:
            key = (entry.deployment, now // DAY)
            self._waiting[key] = self._waiting.get(key, 0) + 1
        values = {field: getattr(entry, field) for field in Entry.__dataclass_fields__}
        return Logged(**values, id="", log_seq=0, logged_at=now, review="pending", outlier=None)

    def waiting(self, deployment: str | None = None) -> int:
        """Answers that are counted in memory only, so far."""
        with self._lock:
            return sum(count for (one, _), count in self._waiting.items() if deployment in (None, one))

    def step(self) -> bool:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return False
        try:
            self._database.write(lambda connection: _count(connection, waiting))
        except BaseException:
            with self._lock:
                for key, count in waiting.items():
                    self._waiting[key] = self._waiting.get(key, 0) + count
            raise
        return False


def _reason(error: RelensError) -> str:
    if isinstance(error, DiskFails):
        return "no disk"
    return "no room" if isinstance(error, StorageFull) else "no database"


def _count(connection: Connection, waiting: Mapping[Key, int]) -> None:
    store.count(connection, {(one, day, store.UNLOGGED): (count, 0) for (one, day), count in waiting.items()})
