"""Answers that could not be logged: where a deployment chose so they are given all the same, marked and counted."""

from __future__ import annotations

from concurrent.futures import Future

from relens.infra.database import NotAnswering
from relens.infra.telemetry import UNLOGGED
from relens.kit import clock
from relens.kit.errors import DiskFails, RelensError, StorageFull
from relens.predictions.logged import Entry, Logged
from relens.predictions.retention import store
from relens.predictions.tallied import Tallied

CANNOT_WRITE = (StorageFull, NotAnswering)
Line = tuple[Logged, bool]


def marks(line: Logged) -> dict[str, str]:
    """The headers of an answer that is in no log; none otherwise."""
    return {} if line.in_log else {"Relens-Logged": "false"}


class Unlogged:
    """Gives the answers; `tallied` counts them."""

    def __init__(self, tallied: Tallied) -> None:
        self._tallied = tallied

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
        self._tallied.count(entry.deployment, store.UNLOGGED)
        values = {field: getattr(entry, field) for field in Entry.__dataclass_fields__}
        return Logged(**values, id="", log_seq=0, logged_at=clock.now(), review="pending", outlier=None)


def _reason(error: RelensError) -> str:
    if isinstance(error, DiskFails):
        return "no disk"
    return "no room" if isinstance(error, StorageFull) else "no database"
