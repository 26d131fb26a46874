"""The database: reads on many connections, writes one transaction after the other, by a thread that commits many callers' work together.

Group commit is what makes "answered means logged" affordable: a commit costs the same for one prediction as for fifty.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from relens.infra.database_errors import CrossedLocks, named
from relens.infra.database_errors import NoDisk as NoDisk
from relens.infra.database_errors import NoRoom as NoRoom
from relens.infra.database_errors import NotAnswering as NotAnswering
from relens.infra.engine import BEGUN, open_engine
from relens.infra.statements import Savepoint, on_driver
from relens.infra.tables import metadata
from relens.infra.works import Waiting, Works
from relens.kit import clock
from relens.kit.errors import Unavailable

logger = logging.getLogger("relens.database")
Result = TypeVar("Result")
Work = Callable[[Connection], Result]

_BATCH = 256
_BATCH_S = 0.015
_TRIES = 5
_CATCH_UP_S = 0.25


class Database:
    """Rows on SQLite (one file, WAL) or PostgreSQL, by URL.

    `durability="power"` syncs every commit to the disk; "process" leaves that to the operating system, which outlives us.
    """

    def __init__(self, url: str, durability: str = "process") -> None:
        self.engine = open_engine(url, durability)
        self._works = Works()
        self._closed = False
        self._own: Connection | None = None
        self._turn = threading.Lock()
        self._writing: int | None = None
        self._writer = threading.Thread(target=self._write_all, name="database-writer", daemon=True)
        self._writer.start()

    def create_tables(self) -> None:
        """Makes the tables that are not there yet; every room's store must have been imported."""
        metadata.create_all(self.engine)

    @contextmanager
    def read(self, behind: bool = False) -> Iterator[Connection]:
        """A connection that sees one consistent state; nothing written on it is kept.

        What was told to be written later is written before, unless the writer is held up; `behind`: that does not matter here.
        """
        if not behind:
            self.catch_up()
        try:
            with self.engine.connect() as connection:
                yield connection
                connection.rollback()
        except SQLAlchemyError as error:
            other = named(error)
            if other is error:
                raise
            raise other from error

    def write(self, work: Work[Result]) -> Result:
        """Runs `work` in the next group transaction and returns when it is durable; its error is raised here and undoes only its own rows."""
        if self._writes_here():
            raise RuntimeError("database.write was called from inside a write: use the connection you were given")
        return self.write_soon(work).result()

    def write_soon(self, work: Work[Result], ahead: bool = False, here: bool = False) -> Future[Result]:
        """The same without waiting: the future is done when the rows are durable.

        `ahead`: what waits for later (`write_later`) goes on waiting, for this builds on none of it. `here`: nobody else wants this thread now;
        where the writer has nothing to do either, it writes at once, which saves the way there.
        """
        future: Future[Result] = Future()
        # What is on its way into the log cannot be called back, also when whoever asked has gone.
        future.set_running_or_notify_cancel()
        if self._closed:
            future.set_exception(Unavailable("the server is stopping: send it again to the next one"))
        elif not (here and ahead and self._write_here(Waiting(work, future))):
            self._works.put(Waiting(work, future, ahead))
        return future

    def _write_here(self, one: Waiting) -> bool:
        """False, and nothing done, when somebody writes or waits to."""
        if self._works.wait or not self._turn.acquire(blocking=False):
            return False
        try:
            self._commit_together(one, alone=True)
        finally:
            self._turn.release()
        return True

    def _writes_here(self) -> bool:
        """Whether this thread is in the middle of writing: what it waited for would never come."""
        return self._writing == threading.get_ident()

    def write_later(self, work: Work[Result]) -> Future[Result]:
        """Runs `work` within a tenth of a second, and before anything that is read or written (not `ahead`) from now on.

        Nobody waits for it, and a crash in between loses it: what it writes must be written by somebody else then.
        """
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()
        future.add_done_callback(_tell_failure)
        self._works.later(Waiting(work, future))
        return future

    def catch_up(self) -> None:
        """Returns when what was told to be written later is written, or after a moment in which the writer was held up."""
        if self._works.owes and not self._writes_here():
            with suppress(TimeoutError):
                self.write_soon(_nothing).exception(_CATCH_UP_S)

    def close(self) -> None:
        """Commits what is waiting, then lets the connections go."""
        self._closed = True
        self._works.end()
        self._writer.join()
        with self._turn:
            self._let_go()
        self.engine.dispose()

    def _write_all(self) -> None:
        while (first := self._works.take()) is not None:
            with self._turn:
                goes_on = self._commit_together(first)
            if not goes_on:
                return

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Of the writer. On SQLite always the same connection: nobody else writes, so the pages it remembers stay true, which no other's do."""
        if self.engine.dialect.name != "sqlite":
            with self.engine.begin() as connection:
                yield connection
            return
        if self._own is None:
            self._own = self.engine.connect().execution_options(**{BEGUN: True})
        own = self._own
        try:
            # Past SQLAlchemy, whose own transaction begins inside with the first statement that goes through it, if any does.
            on_driver(own, "BEGIN IMMEDIATE")
            yield own
            if own.in_transaction():
                own.commit()
            else:
                on_driver(own, "COMMIT")
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            own.close()

    def _commit_together(self, first: Waiting, alone: bool = False) -> bool:
        """One transaction for `first` and, unless it is to be `alone`, what arrives while it runs; False when told to stop."""
        self._writing = threading.get_ident()
        try:
            return self._commit(first, alone)
        finally:
            self._writing = None

    def _commit(self, first: Waiting, alone: bool) -> bool:
        done: list[_Done] = []
        item: Waiting | None = first
        started = clock.stopwatch()
        try:
            with self._transaction() as connection:
                # Nobody is before the first whose rows could go with its own: it needs no savepoint.
                done.append(_Done(first.work, first.future, first.work(connection), None))
                while not alone and len(done) < _BATCH and clock.stopwatch() - started <= _BATCH_S:
                    try:
                        item = self._works.take_now()
                    except Empty:
                        break
                    if item is None:
                        break
                    done.append(_Done(item.work, item.future, *_in_savepoint(connection, item.work)))
        except BaseException as error:  # noqa: BLE001 - whatever broke the transaction belongs to everyone in it
            broken = named(error)
            if not done and isinstance(broken, CrossedLocks):
                self._commit_alone(_Done(first.work, first.future, None, broken))
                return True
            futures = [one.future for one in done]
            if item is not None and item.future not in futures:
                futures.append(item.future)
            for future in futures:
                _settle(future, None, broken)
            return item is not None
        for one in done:
            if isinstance(one.error, CrossedLocks):
                self._commit_alone(one)
            else:
                _settle(one.future, one.result, one.error)
        return item is not None

    def _commit_alone(self, one: _Done) -> None:
        """Work that met another server's in crossed order, again in a transaction of its own: alone it asks for locks in one order."""
        result, error = one.result, one.error
        for _ in range(_TRIES):
            try:
                with self._transaction() as connection:
                    result, error = _in_savepoint(connection, one.work)
            except BaseException as broken:  # noqa: BLE001 - handed to the caller
                result, error = None, named(broken)
            if not isinstance(error, CrossedLocks):
                break
        _settle(one.future, result, error)


class _Done(NamedTuple):
    """A piece of work, who waits for it, and how it went."""

    work: Work[Any]
    future: Future[Any]
    result: Any
    error: BaseException | None


def _nothing(_: Connection) -> None:
    """What somebody writes who waits for what is written before."""


def _in_savepoint(connection: Connection, work: Work[Any]) -> tuple[Any, BaseException | None]:
    if work is _nothing:
        return None, None
    savepoint = Savepoint(connection)
    try:
        result = work(connection)
        savepoint.commit()
    except Exception as error:  # noqa: BLE001 - handed to the caller who asked for this work
        try:
            savepoint.rollback()
        except Exception:  # noqa: BLE001 - the whole transaction is gone, and this is why
            raise error from None
        return None, named(error)
    return result, None


def _tell_failure(done: Future[Any]) -> None:
    if (error := done.exception()) is not None:
        logger.error("what should be written later was not", exc_info=error)


def _settle(future: Future[Any], result: Any, error: BaseException | None) -> None:
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
