"""Lines on their way into the log, written with one statement per table where several of them wait.

A line that comes alone is written at once. While a commit runs, those that come meanwhile gather for the next one; and where its sender says
that more will follow in a moment anyway (`hold`), a line waits for a few others: on a saturated server that is a third of the cost of each.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from relens.infra.database import Database
from relens.infra.statements import savepoint
from relens.kit import clock

Sent = TypeVar("Sent")
Line = TypeVar("Line")
GROUP = 6
HOLD_S = 0.04
"""So many lines, or so long, does a held line wait at most before the next one takes it along."""


class Gathered(Generic[Sent, Line]):
    """`alone` and `together` write one or several lines in the caller's transaction; what fails together is tried alone.

    `written` is given the lines that were committed, before anybody is told of them.
    """

    def __init__(
        self,
        database: Database,
        alone: Callable[[Connection, Sent], Line],
        together: Callable[[Connection, Sequence[Sent]], Sequence[Line]],
        written: Callable[[Sequence[Line]], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._alone = alone
        self._together = together
        self._written = written
        self._lock = threading.Lock()
        self._waiting: list[tuple[Sent, Future[Line]]] = []
        self._since = 0.0
        self._asked = False

    def add(self, sent: Sent, hold: bool = False, here: bool = False) -> Future[Line]:
        """The future gives the line when it is durable. Whoever holds must `flush` when nothing follows after all.

        `here`: this thread has the time to write it itself.
        """
        future: Future[Line] = Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            if not self._waiting:
                self._since = clock.stopwatch()
            self._waiting.append((sent, future))
            enough = len(self._waiting) >= GROUP or clock.stopwatch() - self._since >= HOLD_S
            ask = self._must_ask(not hold or enough)
        if ask:
            self._ask(here)
        return future

    def flush(self) -> None:
        """Writes what is held."""
        with self._lock:
            ask = self._must_ask(bool(self._waiting))
        if ask:
            self._ask()

    def _must_ask(self, wanted: bool) -> bool:
        """Inside the lock: work that was asked for and has not begun takes along what comes meanwhile."""
        if not wanted or self._asked:
            return False
        self._asked = True
        return True

    def _ask(self, here: bool = False) -> None:
        taken: list[tuple[Sent, Future[Line]]] = []

        def work(connection: Connection) -> list[Line | Exception]:
            if not taken:  # it may run again, alone, with the same lines
                taken.extend(self._take())
            return self._write(connection, [sent for sent, _ in taken])

        def settle(done: Future[list[Line | Exception]]) -> None:
            error = done.exception()
            outcomes = done.result() if error is None else [error] * len(taken or self._take_into(taken))
            self._written([one for one in outcomes if not isinstance(one, BaseException)])
            for (_, future), outcome in zip(taken, outcomes, strict=True):
                if isinstance(outcome, BaseException):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)

        self._database.write_soon(work, ahead=True, here=here).add_done_callback(settle)

    def _take(self) -> list[tuple[Sent, Future[Line]]]:
        with self._lock:
            taken, self._waiting, self._asked = self._waiting, [], False
        return taken

    def _take_into(self, taken: list[tuple[Sent, Future[Line]]]) -> list[tuple[Sent, Future[Line]]]:
        """Where the work never began."""
        taken.extend(self._take())
        return taken

    def _write(self, connection: Connection, sent: Sequence[Sent]) -> list[Line | Exception]:
        if len(sent) == 1:
            return [self._alone(connection, sent[0])]
        try:
            with savepoint(connection):
                return list(self._together(connection, sent))
        except SQLAlchemyError:
            raise
        except Exception:  # noqa: BLE001 - one of them is to blame, and alone it shows which
            return [self._one(connection, each) for each in sent]

    def _one(self, connection: Connection, sent: Sent) -> Line | Exception:
        try:
            with savepoint(connection):
                return self._alone(connection, sent)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - handed to the one who sent this line
            return error
