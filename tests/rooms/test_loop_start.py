"""When a run starts by itself, and when it does not."""

from __future__ import annotations

import pytest

from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.kit.errors import Conflict
from relens.loop import configure, store
from relens.loop.policy import ContinuousTraining, FeedbackLoop, Policies
from relens.loop.progress import progress
from relens.loop.start import Follow, start
from tests.rooms.test_loop_feedback import World

PARAMETERS = {"command": ["true"]}


class Watched(World):
    """The same, followed; nobody carries out the jobs, so a run stays as it is until the test ends it."""

    def __init__(self, database: Database, after: int) -> None:
        super().__init__(database)
        self.jobs = Jobs(database)
        self.follower = Follow(database, self.jobs)
        wanted = ContinuousTraining(True, after, "command", PARAMETERS)
        database.write(
            lambda connection: configure.continuous_training(connection, self.deployment, wanted, self.alice)
        )

    def follow_all(self) -> list[str]:
        """Looks as often as there is something to see, and says which runs there are."""
        while self.follower.step():
            pass
        self.follower.step()
        with self.database.read() as connection:
            last = store.last_run(connection, self.deployment.id)
            return [] if last is None else [f"{last.number} {self.jobs.get(last.job).state}"]

    def accept(self, prefix: str, count: int) -> None:
        for number in range(count):
            self.say(self.predict(f"{prefix} {number}"), "accepted")

    def last_job(self) -> str:
        with self.database.read() as connection:
            last = store.last_run(connection, self.deployment.id)
        assert last is not None
        return last.job

    def added(self) -> int:
        with self.database.read() as connection:
            return progress(connection, self.deployment).tally.added


@pytest.fixture
def watched(database: Database) -> Watched:
    return Watched(database, after=10)


def test_the_last_image_that_was_wanted_starts_one_run_and_no_second(watched: Watched) -> None:
    number = 0
    while watched.added() < 10:
        assert watched.follow_all() == []
        watched.accept(f"image {number}", 1)
        number += 1
        watched.feedback.step()
    assert watched.follow_all() == ["1 queued"]
    watched.accept("more", 30)
    assert watched.follow_all() == ["1 queued"]
    with watched.database.read() as connection:
        seen = progress(connection, watched.deployment)
    assert seen.run is not None
    assert seen.run.step == "freeze"
    assert seen.run.reason == "10 images were added"


def test_a_cancelled_run_is_not_begun_again_until_as_many_new_images_came(watched: Watched) -> None:
    watched.accept("first", 30)
    assert watched.follow_all() == ["1 queued"]
    watched.jobs.cancel(watched.last_job())
    assert watched.follow_all() == ["1 cancelled"]
    watched.accept("second", 3)
    assert watched.follow_all() == ["1 cancelled"]
    watched.accept("third", 30)
    assert watched.follow_all() == ["2 queued"]


def test_nothing_starts_while_it_is_switched_off(watched: Watched) -> None:
    off = ContinuousTraining(False, 10, "command", PARAMETERS)
    watched.database.write(
        lambda connection: configure.continuous_training(connection, watched.deployment, off, watched.alice)
    )
    watched.accept("image", 30)
    assert watched.follow_all() == []
    job = watched.database.write(
        lambda connection: start(connection, watched.jobs, watched.deployment, watched.alice, "asked for by Alice")
    )
    assert watched.jobs.get(job).payload["trainer"] == "command"
    again = watched.database.write(
        lambda connection: start(connection, watched.jobs, watched.deployment, watched.alice, "again")
    )
    assert again == job


def test_a_run_without_a_dataset_to_feed_is_refused(watched: Watched) -> None:
    nothing = Policies(FeedbackLoop(None, False))
    watched.database.write(lambda connection: store.keep_policies(connection, watched.deployment.id, nothing))
    with pytest.raises(Conflict, match="feeds no dataset"):
        watched.database.write(
            lambda connection: start(connection, watched.jobs, watched.deployment, watched.alice, "asked for")
        )
