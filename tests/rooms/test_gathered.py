"""Lines written together: each is durable when it is told, each failure is one line's own, and none is left waiting."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy import BigInteger, Column, Connection, String, Table, select

from relens.infra.database import Database
from relens.infra.statements import append_rows
from relens.infra.tables import metadata
from relens.kit.errors import Conflict, Unavailable
from relens.predictions.gathered import GROUP, Gathered

said = Table("test_said", metadata, Column("text", String(20), primary_key=True), Column("at", BigInteger))


class Log:
    def __init__(self, database: Database) -> None:
        said.create(database.engine, checkfirst=True)
        self.database = database
        self.sizes: list[int] = []
        self.gathered: Gathered[str, str] = Gathered(database, self._alone, self._together)

    def _alone(self, connection: Connection, text: str) -> str:
        self._check(text)
        append_rows(connection, said, ("text", "at"), [(text, len(text))])
        return text.upper()

    def _together(self, connection: Connection, texts: Sequence[str]) -> list[str]:
        self.sizes.append(len(texts))
        append_rows(connection, said, ("text", "at"), [(text, len(text)) for text in texts])
        for text in texts:
            self._check(text)
        return [text.upper() for text in texts]

    def _check(self, text: str) -> None:
        if text.startswith("bad"):
            raise Conflict(f"{text} is refused")

    def lines(self) -> set[str]:
        with self.database.read() as connection:
            return set(connection.execute(select(said.c.text)).scalars())


@pytest.fixture
def log(database: Database) -> Log:
    return Log(database)


def busy(database: Database) -> Event:
    """The writer is held up until the event is set."""
    begun, go = Event(), Event()

    def work(_: Connection) -> None:
        begun.set()
        assert go.wait(20)

    database.write_soon(work)
    assert begun.wait(20)
    return go


def test_a_line_that_comes_alone_is_written_at_once(log: Log) -> None:
    assert log.gathered.add("one").result(20) == "ONE"
    assert log.lines() == {"one"}


def test_what_comes_while_a_commit_runs_is_written_together_and_in_order(log: Log) -> None:
    go = busy(log.database)
    futures = [log.gathered.add(f"line {number}") for number in range(5)]
    go.set()
    assert [future.result(20) for future in futures] == [f"LINE {number}" for number in range(5)]
    assert log.sizes == [5]


def test_one_that_is_refused_leaves_the_others_written(log: Log) -> None:
    go = busy(log.database)
    futures = {text: log.gathered.add(text) for text in ("a", "bad 1", "b", "bad 2", "c")}
    go.set()
    for text, future in futures.items():
        if text.startswith("bad"):
            with pytest.raises(Conflict, match=text):
                future.result(20)
        else:
            assert future.result(20) == text.upper()
    assert log.lines() == {"a", "b", "c"}


def test_held_lines_wait_for_a_group_or_a_flush_and_no_longer(log: Log) -> None:
    held = [log.gathered.add(f"held {number}", hold=True) for number in range(GROUP - 1)]
    log.gathered.flush()
    assert [future.result(20) for future in held] == [f"HELD {number}" for number in range(GROUP - 1)]
    full = [log.gathered.add(f"full {number}", hold=True) for number in range(GROUP)]
    assert len({future.result(20) for future in full}) == GROUP
    first = log.gathered.add("waits", hold=True)
    assert log.gathered.add("now").result(20) == "NOW"
    assert first.result(20) == "WAITS"


def test_many_threads_lose_nothing(log: Log) -> None:
    with ThreadPoolExecutor(8) as pool:
        futures = list(pool.map(lambda n: log.gathered.add(f"n {n}", hold=n % 3 > 0), range(300)))
    log.gathered.flush()
    assert {future.result(20) for future in futures} == {f"N {n}" for n in range(300)}
    assert len(log.lines()) == 300


def test_nobody_waits_for_a_database_that_is_closed(log: Log) -> None:
    held = log.gathered.add("held", hold=True)
    log.database.close()
    late = log.gathered.add("late")
    for future in (held, late):
        with pytest.raises(Unavailable):
            future.result(20)
