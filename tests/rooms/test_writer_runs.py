"""The numbers that the log has are kept as runs, whatever order they come in, and a report of what is missing reads only these."""

from __future__ import annotations

import importlib
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import SECOND
from relens.kit.ids import content_id
from relens.predictions import filing, tables
from relens.predictions import store as log
from relens.predictions.file_along import Filing
from relens.predictions.logged import Entry
from relens.predictions.writers import run_rows, store
from relens.predictions.writers.run_rows import writer_run
from relens.predictions.writers.runs import Of, Run, merged, without

START = clock.from_text("2026-03-01T02:00:00Z")
_BATCHES = st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=8), max_size=8)


def one(number: int) -> Run:
    return Run(number, number, number * 10, number * 10)


@given(_BATCHES)
def test_runs_hold_exactly_the_numbers_that_came(batches: list[list[int]]) -> None:
    runs: list[Run] = []
    for batch in batches:
        runs = merged([*runs, *merged(map(one, batch))])
    assert [n for run in runs for n in range(run.first, run.last + 1)] == sorted(
        {n for batch in batches for n in batch}
    )
    assert all(b.first > a.last + 1 for a, b in pairwise(runs))
    assert all((run.since, run.until) == (run.first * 10, run.last * 10) for run in runs)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_a_run_that_loses_a_number_keeps_the_others(first: int, more: int, place: int) -> None:
    number = first + min(place, more)
    left = without(Run(first, first + more, 0, 99), number, 50)
    assert [n for run in left for n in range(run.first, run.last + 1)] == [
        n for n in range(first, first + more + 1) if n != number
    ]


def entries(*numbers: int, source: str | None = "line-3", writer: str | None = "cell-7") -> list[Entry]:
    return [
        Entry(
            "d", content_id(f"{writer} {source} {n}".encode()), 9, 9, None, "champion", (), 0.5, 1.0, START + n * SECOND,
            client_id=f"{writer}/{source}/{n}", source=source, origin="external", writer=writer, writer_seq=n if writer else None,
        )
        for n in numbers
    ]  # fmt: skip


def rows(database: Database) -> list[tuple[object, ...]]:
    with database.read() as connection:
        return sorted(tuple(row) for row in connection.execute(select(writer_run)))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_BATCHES, st.integers(0, 7))
def test_rows_are_what_all_the_numbers_together_give(database: Database, batches: list[list[int]], late: int) -> None:
    """`late`: which batch is filed by the follower, after the others were filed at once."""
    database.write(lambda c: [c.execute(delete(table)) for table in (writer_run, *_LOG)])
    for place, batch in enumerate(batches):
        sent = entries(*batch)
        database.write(lambda c, sent=sent, now=place != late: log.append_many(c, sent, file_now=now))  # type: ignore[misc]
    numbers = {n for batch in batches for n in batch}
    expected = merged(Run(n, n, START + n * SECOND, START + n * SECOND) for n in numbers)
    with database.read() as connection:
        early = run_rows.around(connection, "d", 0, 2 * START, filing.filed(connection))
    while Filing(database).step():
        pass
    with database.read() as connection:
        assert run_rows.around(connection, "d", 0, 2 * START, filing.filed(connection)) == early
    assert early == ({Of("cell-7", "line-3"): (expected, True, True)} if expected else {})
    assert len(rows(database)) == len(expected)


_LOG = (tables.signal, tables.posting, tables.tally, tables.prediction)


def test_numbers_that_are_not_filed_yet_are_not_missing(database: Database) -> None:
    database.write(lambda c: log.append_many(c, entries(1, 2, 3), file_now=True))
    database.write(lambda c: log.append_many(c, entries(*range(4, 30))))
    database.write(lambda c: log.append_many(c, entries(31), file_now=True))
    with database.read() as connection:
        (hole,) = store.holes(connection, "d", START, START + 100 * SECOND)
    assert (hole.first, hole.last) == (30, 30)


def test_an_older_database_gets_the_runs_of_the_lines_it_has(database: Database) -> None:
    database.write(lambda c: log.append_many(c, entries(1, 2, 5, 6, 7, 9), file_now=True))
    database.write(lambda c: log.append_many(c, entries(1, 2, source=None), file_now=True))
    database.write(lambda c: log.append_many(c, entries(4, 3, writer="cell-8"), file_now=True))
    again = entries(2)[0]
    database.write(lambda c: log.append_many(c, [Entry(**_values(again) | {"client_id": "sent under another name"})]))
    while Filing(database).step():
        pass
    # One line that waits to be filed, and one behind it that was filed at once.
    database.write(lambda c: log.append_many(c, entries(20)))
    database.write(lambda c: log.append_many(c, entries(22), file_now=True))
    kept = rows(database)
    assert len(kept) == 6
    database.write(lambda c: c.execute(delete(writer_run)))
    revision = importlib.import_module("relens.infra.migrations.versions.0011_runs_of_numbers")
    database.write(lambda c: c.execute(text(revision._RUNS)))
    assert rows(database) == kept


def _values(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in Entry.__dataclass_fields__}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=25, unique=True),
    st.permutations(range(60)),
    st.integers(0, 60),
    st.integers(1, 40),
    st.booleans(),
)
def test_a_report_of_some_time_is_that_part_of_the_report_of_all_time(
    database: Database, numbers: list[int], times: list[int], begin: int, length: int, clock_runs: bool
) -> None:
    """Also where the clock does not run as the numbers do."""
    database.write(lambda c: [c.execute(delete(table)) for table in (writer_run, *_LOG)])
    at = {n: START + (n if clock_runs else times[n - 1]) * SECOND for n in numbers}
    sent = [Entry(**_values(one) | {"taken_at": at[n]}) for n, one in zip(numbers, entries(*numbers), strict=True)]
    database.write(lambda c: log.append_many(c, sent, file_now=True))
    since, until = START + begin * SECOND, START + (begin + length) * SECOND
    with database.read() as connection:
        every = store.holes(connection, "d", 0, 2 * START)
        shown = store.holes(connection, "d", since, until)
    assert {n for hole in every for n in range(hole.first, hole.last + 1)} == set(
        range(min(numbers), max(numbers))
    ) - set(numbers)
    fit = [hole for hole in every if (hole.since or 0) < until and (hole.until or 0) >= since]
    assert all(hole in fit for hole in shown)
    if clock_runs:
        assert shown == fit
