"""Statements that many stores need, on SQLite and PostgreSQL alike, and plain ones past SQLAlchemy for what every answer needs."""

from __future__ import annotations

import functools
import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Executable, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from relens.infra.tables import counter

_PIECES = (256, 64, 16)


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    update: Sequence[str] = (),
) -> int:
    """Inserts `rows`; where the unique `keys` are there already, sets the columns in `update` (none: leaves the row as it is).

    Answers how many rows were inserted or set.
    """
    if not rows:
        return 0
    statement = _upsert(connection.dialect.name, table, tuple(keys), tuple(update))
    return connection.execute(statement, [dict(row) for row in rows]).rowcount


@functools.cache
def _upsert(dialect: str, table: Table, keys: tuple[str, ...], update: tuple[str, ...]) -> Executable:
    """Built once: putting a statement together takes longer than running it."""
    made = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    if not update:
        return made.on_conflict_do_nothing(index_elements=list(keys))
    return made.on_conflict_do_update(index_elements=list(keys), set_={name: made.excluded[name] for name in update})


_TAKE = "UPDATE counter SET value = value + ? WHERE name = ? RETURNING value"


def quick(connection: Connection, statement: str, values: tuple[Any, ...]) -> Sequence[Any]:
    """The rows of a plain statement with `?` for its values: for the few that every answer needs."""
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(statement.replace("?", "%s"), values).fetchall()
    return on_driver(_begun(connection), statement, values).fetchall()


def quick_change(connection: Connection, statement: str, values: tuple[Any, ...]) -> int:
    """The same for a statement that gives no rows; how many it changed."""
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(statement.replace("?", "%s"), values).rowcount
    return on_driver(_begun(connection), statement, values).rowcount


def _begun(connection: Connection) -> Connection:
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction:
        connection.begin()
    return connection


def on_driver(connection: Connection, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
    """Past SQLAlchemy, whose part in such a statement takes longer than SQLite's; in a transaction that has begun."""
    driver: Any = connection.connection.driver_connection
    try:
        cursor: sqlite3.Cursor = driver.execute(statement, values)
    except sqlite3.Error as error:
        raise DBAPIError.instance(statement, values, error, sqlite3.Error, dialect=connection.dialect) from error
    return cursor


def next_number(connection: Connection, name: str, how_many: int = 1) -> int:
    """The first of `how_many` consecutive numbers (from 1) of the sequence `name`, in commit order."""
    taken = quick(connection, _TAKE, (how_many, name))
    if not taken:
        upsert(connection, counter, [{"name": name, "value": 0}], ["name"])
        return next_number(connection, name, how_many)
    return int(taken[0][0]) - how_many + 1


def hold_number(connection: Connection, name: str) -> None:
    """From now on nobody else takes a number of this sequence until the transaction ends, so what is looked up next stays as it is found."""
    if connection.dialect.name == "postgresql":  # on SQLite nobody else writes meanwhile
        next_number(connection, name, 0)


def append_rows(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    keys: tuple[str, ...] = (),
) -> int:
    """Inserts many plain rows, whose values stand in the order of `names`, as fast as the driver can; JSON columns take text.

    A row that is there already stays as it is; where it is known by `keys`, its other values become those given. Answers how many were written.
    """
    if connection.dialect.name == "postgresql":
        return connection.exec_driver_sql(_insert("%s", table.name, names, 1, keys), list(rows)).rowcount if rows else 0
    # Not `executemany`: the driver lets go of the interpreter's lock for every row, and a busy thread keeps it for milliseconds each time.
    start = inserted = 0
    _begun(connection)
    while left := len(rows) - start:
        length = next((piece for piece in _PIECES if left >= piece), left)
        values = tuple(itertools.chain.from_iterable(rows[start : start + length]))
        inserted += on_driver(connection, _insert("?", table.name, names, length, keys), values).rowcount
        start += length
    return inserted


@functools.cache
def _insert(mark: str, table: str, names: tuple[str, ...], rows: int, keys: tuple[str, ...]) -> str:
    row = f"({', '.join([mark] * len(names))})"
    columns = ", ".join(f'"{name}"' for name in names)
    known = ", ".join(f'"{name}"' for name in keys)
    others = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    there = f"({known}) DO UPDATE SET {others}" if keys else "DO NOTHING"
    return f'INSERT INTO "{table}" ({columns}) VALUES {", ".join([row] * rows)} ON CONFLICT {there}'


class Savepoint:
    """What follows can be undone alone, in a transaction that has begun; within one Savepoint there may be others."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._nested = connection.begin_nested() if connection.dialect.name == "postgresql" else None
        if self._nested is None:
            on_driver(_begun(connection), "SAVEPOINT here")

    def commit(self) -> None:
        if self._nested is None:
            on_driver(self._connection, "RELEASE here")
        else:
            self._nested.commit()

    def rollback(self) -> None:
        if self._nested is None:
            on_driver(self._connection, "ROLLBACK TO here")
            self.commit()
        else:
            self._nested.rollback()


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """The block is undone when it raises."""
    here = Savepoint(connection)
    try:
        yield
    except BaseException:
        here.rollback()
        raise
    here.commit()


def add(connection: Connection, table: Table, *rows: Mapping[str, Any]) -> None:
    """Inserts `rows`; a no-op for none."""
    if rows:
        connection.execute(insert(table), [dict(row) for row in rows])
