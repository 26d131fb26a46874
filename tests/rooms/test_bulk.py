"""Everything a query finds is reviewed at once: nobody's review is overwritten, it can be undone, and it counts as no look."""

from __future__ import annotations

from threading import Event
from time import monotonic

import pytest
from sqlalchemy import Connection

from relens.access import store as actors
from relens.infra.database import Database
from relens.infra.jobs import Job, JobRun, Jobs
from relens.kit import clock
from relens.kit.errors import NotAllowed
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review import bulk, queue, queue_rows, store
from relens.review.bulk import BulkReview, NoBulkReview, NotUndone
from relens.review.checks import checks
from relens.review.drawn import drawn_among
from relens.review.habits import Habits
from relens.review.settle import settle
from relens.review.team_numbers import paces
from relens.review.verdict import BadVerdict
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from tests.rooms.test_queue import BOX, Line

CELL = Detection("RBC", 0.9, BOX)


class Hall:
    """A deployment, and jobs that run at once when asked."""

    def __init__(self, database: Database) -> None:
        self.line = Line(database)
        self.database = database
        self.bob = database.write(lambda connection: actors.named(connection, "Bob", "person", "reviewer"))
        self.jobs = Jobs(database)
        BulkReview(database).register(self.jobs)
        self.started = False

    def log(self, n: int, source: str = "line-1") -> list[Logged]:
        lines = [self.line.log(f"{source} {i}", CELL, source=source) for i in range(n)]
        self.line.catch_up()
        return lines

    def run(self, query: str = "source = line-1", status: str = "accepted") -> Job:
        return self.done(
            self.database.write(
                lambda connection: bulk.ask(connection, self.jobs, self.line.deployment, query, status, "", self.bob)
            )
        )

    def undo(self, job: Job) -> Job:
        return self.done(self.database.write(lambda connection: bulk.ask_undo(connection, self.jobs, job, self.bob)))

    def done(self, job: str) -> Job:
        if not self.started:
            self.jobs.start()
            self.started = True
        deadline, pause = monotonic() + 30, Event()
        while (found := self.jobs.get(job)).is_open:
            assert monotonic() < deadline
            pause.wait(0.02)
        assert found.state == "succeeded", found.error
        return found

    def states(self, lines: list[Logged]) -> list[str]:
        with self.database.read() as connection:
            found = {line.id: line.review for line in predictions.several(connection, [one.id for one in lines])}
        return [found[line.id] for line in lines]


@pytest.fixture
def hall(database: Database):  # type: ignore[no-untyped-def]
    made = Hall(database)
    yield made
    made.jobs.stop()


def result(job: Job) -> dict[str, object]:
    return {name: value for name, value in (job.result or {}).items() if name != "problems" and value}


def test_what_fits_and_waits_is_reviewed_and_nothing_else(hall: Hall) -> None:
    mine, others = hall.log(25), hall.log(3, "line-2")
    said = hall.database.write(
        lambda connection: settle(connection, mine[0].id, "unusable", actor=hall.line.alice, reason="blurred")
    )
    assert result(hall.run()) == {"reviewed": 24}
    assert hall.states(mine) == ["unusable", *["accepted"] * 24]
    assert hall.states(others) == ["pending"] * 3
    with hall.database.read() as connection:
        assert store.get(connection, mine[0].id) == said
        (found,) = store.history(connection, mine[1].id)
    assert (found.actor.name, found.annotations) == ("Bob", (Annotation("RBC", BOX),))


def test_what_somebody_holds_stays_theirs(hall: Hall) -> None:
    lines = hall.log(6)
    held = queue.hand_out(hall.database, hall.line.deployment, 2, Habits(), hall.line.alice.id, clock.now())
    assert result(hall.run()) == {"reviewed": 4, "held": 2}
    assert sorted(hall.states(lines)) == ["accepted"] * 4 + ["pending"] * 2
    assert {one.logged.id for one in held} == {line.id for line in lines if hall.states([line]) == ["pending"]}


def test_what_somebody_is_given_while_it_goes_on_stays_theirs(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = hall.log(6)
    given: list[str] = []

    def give_out(connection: Connection, run: JobRun, some: list[str]) -> object:
        if not given:
            chosen = queue.choose(connection, hall.line.deployment, 2, Habits())
            given.extend(one.logged.id for one in chosen)
            queue.give_out(connection, chosen, hall.line.alice.id, clock.now())
        return decide(connection, run, some)

    decide = bulk._decide
    monkeypatch.setattr(bulk, "_decide", give_out)
    assert result(hall.run()) == {"reviewed": 4, "held": 2}
    assert sorted(given) == sorted(line.id for line in lines if hall.states([line]) == ["pending"])


def test_an_undo_brings_all_back_but_what_was_changed_since(hall: Hall) -> None:
    lines = hall.log(30)
    job = hall.run(status="nothing here")
    assert hall.states(lines) == ["corrected"] * 30
    hall.database.write(
        lambda connection: settle(connection, lines[3].id, "unusable", actor=hall.line.alice, if_match="1")
    )
    assert result(hall.undo(job)) == {"reopened": 29, "meanwhile": 1}
    assert hall.states(lines) == ["pending"] * 3 + ["unusable"] + ["pending"] * 26
    assert hall.undo(job).id == hall.undo(job).id
    with pytest.raises(NoBulkReview):
        hall.undo(hall.undo(job))


def test_it_is_no_look_the_image_comes_up_in_its_turn_and_counts_only_then(hall: Hall) -> None:
    lines = hall.log(12)
    with hall.database.read() as connection:
        order = queue_rows.by_chance(connection, hall.line.deployment.id, 12)
    hall.run()
    with hall.database.read() as connection:
        assert checks(connection, hall.line.deployment.id) == []
        assert drawn_among(connection, order) == {}
        assert queue_rows.by_chance(connection, hall.line.deployment.id, 12) == order
    first = next(line for line in lines if line.id == order[0])
    # The very same, said by somebody who looked: a review of its own.
    again = hall.database.write(
        lambda connection: settle(connection, first.id, "accepted", actor=hall.line.alice, if_match="1")
    )
    assert (again.revision, again.actor.name) == (2, "Alice")
    with hall.database.read() as connection:
        assert [one.prediction for one in checks(connection, hall.line.deployment.id)] == order[:1]
        assert set(drawn_among(connection, order)) == {order[0]}


def test_it_makes_nobody_quick(hall: Hall) -> None:
    hall.log(12)
    assert result(hall.run())["reviewed"] == 12
    one = hall.log(1, "line-2")[0]
    hall.database.write(lambda connection: settle(connection, one.id, "accepted", actor=hall.bob))
    with hall.database.read() as connection:
        (pace,) = paces(connection, hall.line.deployment, clock.now())
    assert (pace.name, pace.images, pace.seconds) == ("Bob", 1, None)


def test_unusable_and_skipped_images_leave_the_queue_and_skips_widen_what_is_estimated(hall: Hall) -> None:
    hall.log(4)
    hall.log(3, "line-2")
    hall.run(status="unusable")
    hall.run(query="source = line-2", status="skipped")
    with hall.database.read() as connection:
        assert queue_rows.by_chance(connection, hall.line.deployment.id, 10) == []
        found = [one.status for one in checks(connection, hall.line.deployment.id)]
    assert sorted(found) == ["skipped"] * 3 + ["unusable"] * 4


def test_a_later_image_with_the_same_bytes_is_not_taken_as_looked_at(hall: Hall) -> None:
    hall.log(1)
    hall.run()
    hall.line.log("line-1 0", CELL, source="line-1")
    hall.line.catch_up()
    with hall.database.read() as connection:
        assert len(queue_rows.by_chance(connection, hall.line.deployment.id, 5)) == 2


def test_what_arrives_meanwhile_is_left_alone_and_what_is_asked_again_finds_nothing(hall: Hall) -> None:
    hall.log(3)
    job = hall.database.write(
        lambda connection: bulk.ask(
            connection, hall.jobs, hall.line.deployment, "source = line-1", "skipped", "", hall.bob
        )
    )
    late = [hall.line.log("late", CELL, source="line-1")]
    assert result(hall.done(job)) == {"reviewed": 3}
    assert hall.states(late) == ["pending"]


def test_a_page_that_was_interrupted_goes_on_without_deciding_twice(hall: Hall) -> None:
    lines = hall.log(15)
    job = hall.database.write(
        lambda connection: bulk.ask(
            connection, hall.jobs, hall.line.deployment, "source = line-1", "unusable", "dark", hall.bob
        )
    )
    # As a crash leaves it: some of the page are decided, and nothing says that the page is done.
    hall.database.write(
        lambda connection: settle(connection, lines[0].id, "unusable", actor=hall.bob, reason="dark", bulk=job)
    )
    assert result(hall.done(job)) == {"reviewed": 15}
    with hall.database.read() as connection:
        assert [len(store.history(connection, line.id)) for line in lines] == [1] * 15


def test_what_cannot_be_said_of_many_is_refused(hall: Hall) -> None:
    viewer = hall.database.write(lambda connection: actors.named(connection, "Charlie", "person", "viewer"))
    with pytest.raises(BadVerdict):
        hall.run(status="corrected")
    with pytest.raises(NotAllowed):
        hall.database.write(
            lambda connection: bulk.ask(connection, hall.jobs, hall.line.deployment, "", "accepted", "", viewer)
        )


def test_an_undo_that_was_cancelled_can_be_asked_for_again(hall: Hall) -> None:
    lines = hall.log(3)
    job = hall.run()
    hall.jobs.stop()
    ask = lambda: hall.database.write(  # noqa: E731
        lambda connection: bulk.ask_undo(connection, hall.jobs, job, hall.bob)
    )
    first = ask()
    assert ask() == first
    assert hall.jobs.cancel(first).state == "cancelled"
    second = ask()
    assert second != first
    assert ask() == second
    assert hall.states(lines) == ["accepted"] * 3


def test_a_job_that_goes_on_is_cancelled_before_it_is_undone(hall: Hall) -> None:
    hall.log(1)
    job = hall.database.write(
        lambda connection: bulk.ask(connection, hall.jobs, hall.line.deployment, "", "accepted", "", hall.bob)
    )
    with pytest.raises(NotUndone):
        hall.undo(hall.jobs.get(job))
