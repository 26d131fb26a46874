"""What follows the log reads its end once, and sees what has changed since."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit import clock
from relens.kit.ids import content_id
from relens.predictions import file_along, signal_rows, store
from relens.predictions.erase import Erasure
from relens.predictions.file_along import Filing
from relens.predictions.logged import Entry, Logged
from relens.predictions.reading import Reading
from relens.predictions.retention.expire import Retention
from relens.predictions.tables import posting, signal
from relens.vision.prediction import Detection
from relens.vision.shapes import Box


def log(database: Database, count: int, deployment: str = "d", first: int = 0) -> list[Logged]:
    entries = [
        Entry(
            deployment, content_id(f"{deployment} {n}".encode()), 640, 480, "v", "champion",
            (Detection("scratch", 0.9, Box(1, 2, 30, 40)),), 0.5, 12.0, clock.now(), source="secret", tags=("day",), metadata={"n": n},
        )
        for n in range(first, first + count)
    ]  # fmt: skip
    return [line for line, _ in database.write(lambda c: store.append_many(c, entries))]


def since(database: Database, reading: Reading, after: int = 0, deployment: str | None = None) -> list[Logged]:
    with database.read() as connection:
        return reading.since(connection, after, 100, deployment)


@pytest.fixture
def erase(database: Database, tmp_path: Path) -> Callable[[Logged], object]:
    erasure = Erasure(database, Retention(database, Folder(tmp_path)))
    return lambda line: erasure.erase(line.id)


def test_a_line_is_read_once_and_is_what_the_log_says(database: Database) -> None:
    reading = Reading()
    log(database, 3)
    log(database, 2, "e")
    Filing(database, reading).step()
    found = since(database, reading)
    with database.read() as connection:
        assert found == store.since(connection, 0, 100)
    assert [a is b for a, b in zip(since(database, reading), found, strict=True)] == [True] * 5
    assert [line.log_seq for line in since(database, reading, 1, "d")] == [2, 3]
    assert since(database, reading, 1, "d")[0] is found[1]


def test_only_the_end_of_the_log_is_kept(database: Database) -> None:
    reading = Reading(most=3)
    log(database, 5)
    Filing(database).step()
    first, again = since(database, reading), since(database, reading)
    assert [a is b for a, b in zip(first, again, strict=True)] == [False, False, True, True, True]
    assert first == again


def test_a_review_and_a_score_since_are_seen(database: Database) -> None:
    reading = Reading()
    lines = log(database, 2)
    Filing(database, reading).step()
    since(database, reading)
    database.write(lambda c: signal_rows.set_review(c, lines[0].id, "accepted"))
    database.write(lambda c: signal_rows.set_outliers(c, {lines[1].id: 0.75}))
    first, second = since(database, reading)
    assert (first.review, first.outlier, second.review, second.outlier) == ("accepted", None, "pending", 0.75)


def test_what_was_erased_since_is_forgotten(database: Database, erase: Callable[[Logged], object]) -> None:
    reading = Reading()
    lines = log(database, 2)
    Filing(database, reading).step()
    since(database, reading)
    erase(lines[0])
    first, second = since(database, reading)
    assert (first.keep_reason, first.detections, first.source, first.metadata) == ("erased", (), None, {})
    assert second == lines[1]


def test_what_is_erased_before_it_is_filed_is_found_by_nothing(
    database: Database, erase: Callable[[Logged], object]
) -> None:
    lines = log(database, 3)
    with database.read() as connection:
        read, until = file_along._unfiled(connection, 0)
    erase(lines[1])
    database.write(lambda c: file_along._file(c, read, 0, until))
    words = select(posting.c.log_seq, func.count()).group_by(posting.c.log_seq)
    with database.read() as connection:
        assert {row[0]: row[1] for row in connection.execute(words)} == {1: 5, 2: 1, 3: 5}, "its version alone"
        stone = connection.execute(select(signal).where(signal.c.log_seq == 2)).one()
    assert stone.source is None
    assert stone.asset != lines[1].asset


def test_what_is_reviewed_before_it_is_filed_counts_once(database: Database) -> None:
    lines = log(database, 3)
    with database.read() as connection:
        read, until = file_along._unfiled(connection, 0)
    database.write(lambda c: signal_rows.set_review(c, lines[1].id, "accepted"))
    database.write(lambda c: file_along._file(c, read, 0, until))
    with database.read() as connection:
        assert signal_rows.counts(connection, "d") == {"pending": 2, "accepted": 1}


def test_whoever_goes_on_with_filed_lines_is_told(database: Database) -> None:
    told: list[int] = []
    filing = Filing(database, tell=[lambda: told.append(filing.behind())])
    log(database, file_along.CHUNK + 1)
    assert filing.step()
    assert told == [], "more is coming"
    assert filing.step()
    assert told == [0]
    assert not filing.step()
    assert told == [0]
