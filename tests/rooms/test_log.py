"""The log keeps what was said, once, in one order, and files it so that it is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select, text

from relens.infra.database import Database
from relens.kit import clock
from relens.kit.ids import content_id
from relens.predictions import browse, file_along, filing, signal_rows, store, written
from relens.predictions.browse import Filter
from relens.predictions.file_along import Filing
from relens.predictions.logged import Entry, Origin, SentTwice
from relens.predictions.tables import posting, prediction, signal, tally
from relens.vision.columns import Columns
from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Mask, Polygon
from tests.postgresql import fresh_database_url

BOX = Box(1.5, 2, 30.25, 40)


def entry(name: str, *, client_id: str | None = None, label: str = "scratch", origin: Origin = "external") -> Entry:
    return Entry(
        "d", content_id(name.encode()), 640, 480, "v", "champion", (Detection(label, 0.9, BOX), Detection("dent", 0.1, BOX)),
        0.5, 12.0, clock.now(), client_id, "line-1", ("day",), {"shift": "night", "n": 3}, origin=origin,
    )  # fmt: skip


def file_all(database: Database) -> None:
    follower = Filing(database)
    while follower.step():
        pass


def numbers(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.execute(select(prediction.c.log_seq).order_by(prediction.c.log_seq)).scalars())


def test_a_batch_is_read_back_as_it_was_sent(database: Database) -> None:
    sent = [entry(f"image {i}", client_id=f"c{i}") for i in range(700)]
    answers = database.write(lambda connection: store.append_many(connection, sent))
    assert all(new for _, new in answers)
    with database.read() as connection:
        read = store.several(connection, [line.id for line, _ in answers])
    assert read == [line for line, _ in answers]
    assert [(line.asset, line.detections, line.tags, line.metadata, line.review) for line in read] == [
        (one.asset, one.detections, one.tags, one.metadata, "pending") for one in sent
    ]


def test_a_batch_is_found_once_it_is_filed_and_as_if_it_had_come_one_by_one(database: Database) -> None:
    together = [replace(entry(f"image {i}", label=f"label {i % 3}"), deployment="a") for i in range(20)]
    database.write(lambda c: store.append_many(c, together))
    database.write(lambda c: [store.append(c, replace(one, deployment="b")) for one in together])
    with database.read() as connection:
        assert browse.page(connection, "a", Filter(), "-taken_at", 50, None)[0] == []
        assert store.since(connection, 0, 100) == []
    assert Filing(database).behind() == 40
    file_all(database)
    assert Filing(database).behind() == 0
    with database.read() as connection:
        for wanted in (Filter(), Filter(label="label 1"), Filter(label="dent"), Filter(source="line-1", tag="day")):
            a, b = (browse.page(connection, name, wanted, "-taken_at", 50, None)[0] for name in ("a", "b"))
            assert sorted(line.asset for line in a) == sorted(line.asset for line in b)
        assert signal_rows.counts(connection, "a") == signal_rows.counts(connection, "b") == {"pending": 20}
        assert len(store.since(connection, 0, 100)) == 40


def test_a_client_id_is_logged_once_also_within_a_batch(database: Database) -> None:
    first = database.write(lambda c: store.append_many(c, [entry("x", client_id="1"), entry("y", client_id="1x")]))
    again = [entry("x", client_id="1"), entry("z", client_id="2"), entry("z", client_id="2"), entry("n"), entry("n")]
    answers = database.write(lambda c: store.append_many(c, again))
    assert [new for _, new in answers] == [False, True, False, True, True]
    assert answers[0][0].id == first[0][0].id
    assert answers[1][0].id == answers[2][0].id
    assert numbers(database) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("other", [entry("y", client_id="1"), entry("x", client_id="1", label="dust")])
def test_a_client_id_with_another_content_is_refused_and_nothing_of_its_batch_stays(
    database: Database, other: Entry
) -> None:
    database.write(lambda c: store.append_many(c, [entry("x", client_id="1")]))
    with pytest.raises(SentTwice, match="use a new client_id"):
        database.write(lambda c: store.append_many(c, [entry("new"), other]))
    with pytest.raises(SentTwice):
        database.write(
            lambda c: store.append_many(c, [replace(entry("x"), client_id="2"), replace(other, client_id="2")])
        )
    assert numbers(database) == [1]
    assert database.write(lambda c: store.append(c, entry("after")))[0].log_seq == 2


def test_an_image_answered_here_twice_under_one_client_id_is_the_first_answer(database: Database) -> None:
    one, two = (entry("x", client_id="1", label=label, origin="served") for label in ("a", "b"))
    answers = [database.write(lambda c, e=e: store.append(c, e)) for e in (one, two)]  # type: ignore[misc]
    assert [(line.detections, new) for line, new in answers] == [(one.detections, True), (one.detections, False)]


def test_a_review_of_a_line_that_is_not_filed_yet_is_kept(database: Database) -> None:
    line = database.write(lambda c: store.append_many(c, [entry("a"), entry("b")]))[1][0]
    database.write(lambda c: signal_rows.set_review(c, line.id, "accepted"))
    file_all(database)
    with database.read() as connection:
        assert store.get(connection, line.id).review == "accepted"
        assert signal_rows.counts(connection, "d") == {"pending": 1, "accepted": 1}


def test_a_step_of_filing_that_dies_files_nothing_and_is_done_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.write(lambda c: store.append_many(c, [entry("a"), entry("b")]))
    with monkeypatch.context() as patch:

        def die(*_: object) -> None:
            raise ConnectionAbortedError("the machine went away")

        patch.setattr(filing, "count", die)
        with pytest.raises(ConnectionAbortedError):
            Filing(database).step()
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(signal)).scalar_one() == 0
        assert filing.filed(connection) == 0
    file_all(database)
    with database.read() as connection:
        assert signal_rows.counts(connection, "d") == {"pending": 2}


def test_what_is_answered_while_a_batch_waits_to_be_filed_is_filed_once(database: Database) -> None:
    database.write(lambda c: store.append_many(c, [entry(f"a{i}") for i in range(5)]))
    database.write(lambda c: store.append(c, entry("served")))
    with database.read() as connection:
        found, _ = browse.page(connection, "d", Filter(), "-taken_at", 50, None)
        assert [line.asset for line in found] == [content_id(b"served")]
        assert store.since(connection, 0, 10) == []  # nobody who follows the log may skip the batch
    file_all(database)
    with database.read() as connection:
        assert [line.log_seq for line in store.since(connection, 0, 10)] == [1, 2, 3, 4, 5, 6]
        assert signal_rows.counts(connection, "d") == {"pending": 6}
        assert connection.execute(select(func.count()).select_from(posting)).scalar_one() == 6 * 7


def test_the_tally_is_what_a_count_of_the_log_gives(database: Database) -> None:
    lines = database.write(lambda c: [store.append(c, entry(f"{i}"))[0] for i in range(9)])
    database.write(lambda c: store.append(c, replace(entry("s"), role="shadow")))
    states = ("accepted", "corrected", "pending", "unusable")
    for i, line in enumerate(lines):
        for state in (states[i % 4], states[i % 3]):
            database.write(lambda c, at=line.id, to=state: signal_rows.set_review(c, at, to))  # type: ignore[misc]
    with database.read() as connection:
        counted = (
            select(signal.c.review, func.count().label("count"))
            .where(signal.c.role != "shadow")
            .group_by(signal.c.review)
        )
        assert signal_rows.counts(connection, "d") == {row.review: row[1] for row in connection.execute(counted)}
        assert signal_rows.total(connection) == 10
        assert connection.execute(select(func.min(tally.c.lines))).scalar_one() >= 0


@pytest.mark.postgresql
def test_two_servers_on_one_postgresql_leave_no_gap_behind_the_place_that_is_filed() -> None:
    """A follower that has seen line n must never meet a line below n later."""
    with fresh_database_url() as url:
        servers = [Database(url), Database(url)]
        servers[0].create_tables()
        seen: list[int] = []

        def send(number: int) -> None:
            server = servers[number % 2]
            if number % 3:
                server.write(lambda c: store.append(c, entry(f"one {number}", client_id=f"one {number}")))
            else:
                many = [entry(f"{number} {i}", client_id=f"{number} {i}") for i in range(20)]
                server.write(lambda c: store.append_many(c, many))

        def follow(server: Database) -> None:
            Filing(server).step()
            with server.read() as connection:
                seen.extend(line.log_seq for line in store.since(connection, max(seen, default=0), 50))

        with ThreadPoolExecutor(8) as pool:
            sent = [pool.submit(send, number) for number in range(120)]
            filers = [pool.submit(lambda: [Filing(servers[1]).step() for _ in range(40)])]
            while not all(one.done() for one in sent):
                follow(servers[0])
            for one in sent + filers:
                one.result()
        file_all(servers[1])
        while len(seen) < 40 * 20 + 80:
            before = len(seen)
            follow(servers[0])
            assert len(seen) > before
        assert seen == list(range(1, 40 * 20 + 80 + 1))
        with servers[1].read() as connection:
            assert connection.execute(select(func.count()).select_from(signal)).scalar_one() == len(seen)
            assert signal_rows.counts(connection, "d") == {"pending": len(seen)}
            words = connection.execute(text("SELECT deployment, kind, value FROM term")).all()
            assert len(words) == len(set(words))
        for server in servers:
            server.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("file_now", [True, False])
def test_what_is_sent_to_two_servers_at_once_is_one_line(file_now: bool) -> None:
    with fresh_database_url() as url, ThreadPoolExecutor(1) as pool:
        servers = [Database(url), Database(url)]
        servers[0].create_tables()
        servers[0].write(lambda c: store.append(c, entry("before")))
        written_there, go_on = Event(), Event()

        def slowly(connection: Connection) -> str:
            ((line, _),) = store.append_many(connection, [entry("x", client_id="1")], file_now)
            written_there.set()
            assert go_on.wait(20)
            return line.id

        first = pool.submit(servers[0].write, slowly)
        assert written_there.wait(20)
        second = servers[1].write_soon(lambda c: store.append_many(c, [entry("x", client_id="1")], file_now))
        _until_one_waits(servers[0])
        go_on.set()
        assert [(line.id, fresh) for line, fresh in second.result(20)] == [(first.result(20), False)]
        for server in servers:
            server.close()


def _until_one_waits(database: Database) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    for _ in range(1000):
        with database.read() as connection:
            if connection.execute(waiting).scalar_one():
                return
        Event().wait(0.01)
    raise AssertionError("nobody waited")


_numbers = st.floats(0, 1000, allow_nan=False)
_boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w + 1, y + h + 1), _numbers, _numbers, _numbers, _numbers)
_shapes = st.one_of(
    st.none(), _boxes, st.just(Polygon(((0.0, 0.0, 5.5, 0.0, 5.5, 7.25),))), st.just(Mask(4, 5, (3, 10, 7)))
)
_detections = st.builds(Detection, st.text(min_size=1, max_size=12), st.floats(0, 1), _shapes)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(_detections, max_size=6))
def test_detections_are_read_as_they_were_written(said: list[Detection]) -> None:
    assert written.from_text(written.to_text(said)) == tuple(said)
    line, alone = (written.Said(written.to_text(said)) for _ in range(2))
    written.Said.read_columns([line, written.Said("[]")])
    assert line.columns() == alone.columns() == Columns.of(said)
    assert Columns.of(said).above(0.5) == Columns.of([one for one in said if one.confidence >= 0.5])
    assert line.detections() == tuple(said)


def test_a_burst_of_batches_is_logged_first_and_filed_when_it_ends(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = Filing(database)
    monkeypatch.setattr(file_along, "HOLD_S", 1000.0)
    monkeypatch.setattr(file_along, "BURST", 1.0)
    monkeypatch.setattr(file_along, "CALM", 1.0)
    assert not follower.follow()
    for i in range(2):
        many = [entry(f"{i} {n}") for n in range(file_along.CHUNK + 1)]
        database.write(lambda c, many=many: store.append_many(c, many))  # type: ignore[misc]
        assert not follower.follow()
    assert follower.follow()  # nothing came since
    database.write(lambda c: store.append_many(c, many))
    monkeypatch.setattr(file_along, "HOLD_S", 0.0)
    assert follower.follow()  # it never ends: the wait does
    while follower.follow():
        pass
    assert follower.behind() == 0
