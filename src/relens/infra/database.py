"""The database: reads on many connections, writes through one thread that commits many callers' work together.

Group commit is what makes "answered means logged" affordable: a commit costs the same for one prediction as for fifty.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from relens.infra.statements import on_driver
from relens.infra.tables import metadata
from relens.kit import clock
from relens.kit.errors import DiskFails, StorageFull, Unavailable

Result = TypeVar("Result")
Work = Callable[[Connection], Result]

_BATCH = 256
_BATCH_S = 0.015
_TRIES = 5
_AWAY = ("locked", "connection", "disk i/o error", "unable to open database file")


class NotAnswering(Unavailable):
    """The database cannot be reached, or its disk fails; nothing was written."""


class NoRoom(StorageFull):
    """The disk of the database is full; nothing was written."""


class NoDisk(DiskFails):
    """The database can be read only; nothing was written."""


class Database:
    """Rows on SQLite (one file, WAL) or PostgreSQL, by URL.

    `durability="power"` syncs every commit to the disk; "process" leaves that to the operating system, which outlives us.
    """

    def __init__(self, url: str, durability: str = "process") -> None:
        self.engine = _engine(url, durability)
        self._queue: SimpleQueue[tuple[Work[Any], Future[Any]] | None] = SimpleQueue()
        self._closed = False
        self._own: Connection | None = None
        self._writer = threading.Thread(target=self._write_all, name="database-writer", daemon=True)
        self._writer.start()

    def create_tables(self) -> None:
        """Makes the tables that are not there yet; every room's store must have been imported."""
        metadata.create_all(self.engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent state; nothing written on it is kept."""
        try:
            with self.engine.connect() as connection:
                yield connection
                connection.rollback()
        except SQLAlchemyError as error:
            named = _named(error)
            if named is error:
                raise
            raise named from error

    def write(self, work: Work[Result]) -> Result:
        """Runs `work` in the next group transaction and returns when it is durable; its error is raised here and undoes only its own rows."""
        if threading.current_thread() is self._writer:
            raise RuntimeError("database.write was called from inside a write: use the connection you were given")
        return self.write_soon(work).result()

    def write_soon(self, work: Work[Result]) -> Future[Result]:
        """The same without waiting: the future is done when the rows are durable."""
        future: Future[Result] = Future()
        # What is on its way into the log cannot be called back, also when whoever asked has gone.
        future.set_running_or_notify_cancel()
        if self._closed:
            future.set_exception(Unavailable("the server is stopping: send it again to the next one"))
        else:
            self._queue.put((work, future))
        return future

    def close(self) -> None:
        """Commits what is waiting, then lets the connections go."""
        self._closed = True
        self._queue.put(None)
        self._writer.join()
        self._let_go()
        self.engine.dispose()

    def _write_all(self) -> None:
        while (first := self._queue.get()) is not None:
            if not self._commit_together(first):
                return

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Of the writer. On SQLite always the same connection: nobody else writes, so the pages it remembers stay true, which no other's do."""
        if self.engine.dialect.name != "sqlite":
            with self.engine.begin() as connection:
                yield connection
            return
        if self._own is None:
            self._own = self.engine.connect()
        try:
            with self._own.begin():
                yield self._own
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            own.close()

    def _commit_together(self, first: tuple[Work[Any], Future[Any]]) -> bool:
        """One transaction for `first` and what arrives while it runs; False when told to stop."""
        done: list[_Done] = []
        item: tuple[Work[Any], Future[Any]] | None = first
        started = clock.stopwatch()
        try:
            with self._transaction() as connection:
                # Nobody is before the first whose rows could go with its own: it needs no savepoint.
                done.append(_Done(first[0], first[1], first[0](connection), None))
                while len(done) < _BATCH and clock.stopwatch() - started <= _BATCH_S:
                    try:
                        item = self._queue.get_nowait()
                    except Empty:
                        break
                    if item is None:
                        break
                    done.append(_Done(item[0], item[1], *_in_savepoint(connection, item[0])))
        except BaseException as error:  # noqa: BLE001 - whatever broke the transaction belongs to everyone in it
            named = _named(error)
            if not done and isinstance(named, _CrossedLocks):
                self._commit_alone(_Done(first[0], first[1], None, named))
                return True
            futures = [one.future for one in done]
            if item is not None and item[1] not in futures:
                futures.append(item[1])
            for future in futures:
                _settle(future, None, named)
            return item is not None
        for one in done:
            if isinstance(one.error, _CrossedLocks):
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
                result, error = None, _named(broken)
            if not isinstance(error, _CrossedLocks):
                break
        _settle(one.future, result, error)


class _CrossedLocks(Unavailable):
    """Two servers on one PostgreSQL waited for each other; the database undid one of them."""


class _Done(NamedTuple):
    """A piece of work, who waits for it, and how it went."""

    work: Work[Any]
    future: Future[Any]
    result: Any
    error: BaseException | None


def _in_savepoint(connection: Connection, work: Work[Any]) -> tuple[Any, BaseException | None]:
    savepoint = connection.begin_nested()
    try:
        result = work(connection)
        savepoint.commit()
    except Exception as error:  # noqa: BLE001 - handed to the caller who asked for this work
        try:
            savepoint.rollback()
        except Exception:  # noqa: BLE001 - the whole transaction is gone, and this is why
            raise error from None
        return None, _named(error)
    return result, None


def _settle(future: Future[Any], result: Any, error: BaseException | None) -> None:
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _named(error: BaseException) -> BaseException:
    if isinstance(error, PoolTimeout | PendingRollbackError):
        return NotAnswering("the database is not answering right now: try again in a moment")
    if isinstance(error, DBAPIError):
        reason = str(error.orig).lower()
        if "readonly database" in reason or getattr(error.orig, "sqlstate", None) == "25006":
            return NoDisk(
                "the database cannot be written, its file or disk is read-only: see to it; nothing was written"
            )
        if "disk is full" in reason or "disk full" in reason or "no space left" in reason:
            return NoRoom("the disk of the database is full: free some space; nothing was written")
        if getattr(error.orig, "sqlstate", None) in ("40P01", "40001"):
            return _CrossedLocks("the database is busy with another server's work: try again in a moment")
        gone = error.connection_invalidated or any(word in reason for word in _AWAY)
        if isinstance(error, OperationalError | InterfaceError) and gone:
            return NotAnswering("the database is not answering right now: try again in a moment")
    return error


def _engine(url: str, durability: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=12, max_overflow=12, pool_pre_ping=True, json_serializer=_to_json)
    arguments = {"timeout": 30, "isolation_level": None, "check_same_thread": False}
    # The connection used last first: each remembers pages of its own, and in turns none would remember what is asked for now.
    engine = create_engine(
        url, pool_size=12, max_overflow=28, pool_use_lifo=True, json_serializer=_to_json, connect_args=arguments
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durability == 'power' else 'NORMAL'}",
            "foreign_keys=ON",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    # The driver's own BEGIN comes too late for a consistent read; SQLAlchemy documents these hooks for it.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = threading.current_thread().name == "database-writer"
        on_driver(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _to_json(value: Any) -> str:
    """Letters stay letters, so that a text search finds them; NaN, which is no JSON, is refused."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
