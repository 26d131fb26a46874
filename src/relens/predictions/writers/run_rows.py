"""Rows of the runs of numbers that the log has: kept along with the lines, so that what is missing costs what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, String, Table, case, delete, func, select

from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.kit.clock import Micros
from relens.predictions.logged import Logged
from relens.predictions.tables import prediction
from relens.predictions.writers.runs import Of, Run, merged, without

writer_run = Table(
    "writer_run",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("writer", String(100), primary_key=True),
    # "" where nobody said.
    Column("source", String(200), primary_key=True),
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
    # When the images of these two were taken.
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
_KEYS = ("deployment", "writer", "source", "first_seq")
_RUN = (writer_run.c.first_seq, writer_run.c.last_seq, writer_run.c.since, writer_run.c.until)


def arrive(connection: Connection, lines: Iterable[Logged]) -> None:
    """Takes the numbers of these lines in; those that are in already change nothing."""
    fresh: dict[tuple[str, Of], list[Run]] = {}
    for line in lines:
        if line.writer is not None and line.writer_seq is not None:
            run = Run(line.writer_seq, line.writer_seq, line.taken_at, line.taken_at)
            fresh.setdefault((line.deployment, Of(line.writer, line.source or "")), []).append(run)
    for (deployment, of), runs in sorted(fresh.items()):
        _take_in(connection, deployment, of, merged(runs))


def _take_in(connection: Connection, deployment: str, of: Of, fresh: Sequence[Run]) -> None:
    before = _touching(connection, deployment, of, fresh[0].first - 1, fresh[-1].last + 1)
    _replace(connection, deployment, of, before, merged([*before, *fresh]))


def leave(connection: Connection, deployment: str, of: Of, number: int, at: Micros) -> None:
    """This number is not in the log any more; its image was taken at `at`."""
    before = _touching(connection, deployment, of, number, number)
    after = [
        part for run in before for part in (without(run, number, at) if run.first <= number <= run.last else [run])
    ]
    _replace(connection, deployment, of, before, after)


def _touching(connection: Connection, deployment: str, of: Of, first: int, last: int) -> list[Run]:
    """The runs that hold any of these numbers, and perhaps the one before; nobody else changes them until the transaction ends."""
    nearest = select(func.max(writer_run.c.first_seq)).where(_of(deployment, of), writer_run.c.first_seq <= first)
    here = writer_run.c.first_seq.between(func.coalesce(nearest.scalar_subquery(), first), last)
    rows = connection.execute(select(*_RUN).where(_of(deployment, of), here).with_for_update())
    return [Run(*row) for row in rows]


def _replace(connection: Connection, deployment: str, of: Of, before: Sequence[Run], after: Sequence[Run]) -> None:
    gone = {run.first for run in before} - {run.first for run in after}
    if gone:
        connection.execute(delete(writer_run).where(_of(deployment, of), writer_run.c.first_seq.in_(gone)))
    rows = [
        {"deployment": deployment, **of._asdict()}
        | {"first_seq": run.first, "last_seq": run.last, "since": run.since, "until": run.until}
        for run in set(after) - set(before)
    ]
    upsert(connection, writer_run, rows, _KEYS, ("last_seq", "since", "until"))


def _of(deployment: str, of: Of) -> ColumnElement[bool]:
    return (
        (writer_run.c.deployment == deployment)
        & (writer_run.c.writer == of.writer)
        & (writer_run.c.source == of.source)
    )


def around(
    connection: Connection, deployment: str, since: Micros, until: Micros, filed: int
) -> Mapping[Of, tuple[list[Run], bool, bool]]:
    """By writer and source the runs of that time and those beside it, in order; and whether the first and the last of all are among them.

    Also of lines beyond the place `filed`, which are not taken in yet.
    """
    waiting = _waiting(connection, deployment, filed)
    first, run = writer_run.c.first_seq, writer_run.c
    within, before, after = (run.until >= since) & (run.since < until), run.until < since, run.since >= until
    ends = select(
        run.writer, run.source, func.min(first), func.max(first),
        func.min(case((within, first))), func.max(case((within, first))), func.max(case((before, first))), func.min(case((after, first))),
    )  # fmt: skip
    found: dict[Of, tuple[list[Run], bool, bool]] = {}
    rows = connection.execute(ends.where(run.deployment == deployment).group_by(run.writer, run.source)).all()
    for writer, source, least, most, *shown in rows:
        of = Of(writer, source)
        fresh = waiting.pop(of, [])
        some = [number for number in shown if number is not None]
        low, high = (least, most) if fresh else (min(some), max(some))
        its = connection.execute(select(*_RUN).where(_of(deployment, of), first.between(low, high)))
        found[of] = merged([*(Run(*row) for row in its), *fresh]), low == least, high == most
    return found | {of: (merged(fresh), True, True) for of, fresh in waiting.items()}


def _waiting(connection: Connection, deployment: str, filed: int) -> dict[Of, list[Run]]:
    """Numbers of lines that are not filed yet. By their place alone: another condition would lead a database to read everything that fits that."""
    one = prediction.c
    query = select(one.deployment, one.writer, one.source, one.writer_seq, one.taken_at).where(one.log_seq > filed)
    found: dict[Of, list[Run]] = {}
    for of, writer, source, number, at in connection.execute(query):
        if of == deployment and number is not None:
            found.setdefault(Of(writer, source or ""), []).append(Run(number, number, at, at))
    return found
