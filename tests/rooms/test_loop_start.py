"""When a run starts by itself, and when it does not."""

from __future__ import annotations

from typing import Any

import pytest

from relens.alerts import store as alerts
from relens.alerts.alert import Alert
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.kit import clock
from relens.kit.errors import Conflict
from relens.kit.ids import new_id
from relens.loop import configure, store
from relens.loop.policy import ContinuousTraining, FeedbackLoop, Policies
from relens.loop.progress import progress
from relens.loop.quiet_hours import BadPolicy, QuietHours
from relens.loop.start import Follow, start
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from tests.rooms.test_loop_feedback import World

MINUTE = 60 * clock.SECOND
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

    def now(self) -> Deployment:
        with self.database.read() as connection:
            return deployments.get(connection, self.deployment.id)

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


def test_no_run_is_begun_in_vain_where_another_champion_answers_by_now(watched: Watched) -> None:
    """Its labels are not in the dataset that was chosen beside the champion before: the gate would refuse every candidate."""
    answers(watched, ("metal", "wood"))
    watched.accept("image", 30)
    assert watched.follow_all() == []
    with watched.database.read() as connection:
        due = progress(connection, watched.deployment).due
    assert due.reason == "10 images were added"
    assert "'waste' has no label metal, wood, which the champion of 'waste' answers" in (due.waits or "")
    with pytest.raises(BadPolicy, match="has no label metal, wood"):
        watched.database.write(
            lambda connection: start(connection, watched.jobs, watched.deployment, watched.alice, "asked for")
        )


def answers(watched: Watched, labels: tuple[str, ...]) -> None:
    """The champion turns out to be a version with these labels."""
    model = watched.database.write(lambda c: registry.named(c, "waste", "classification", watched.alice.id))
    about: dict[str, Any] = dict.fromkeys(("dataset_version", "training_run", "parent", "checkpoint"))
    champion = ModelVersion(
        id=str(watched.deployment.champion), number=1, artifact="a" * 64, model=model.id, model_name="waste",
        task="classification", labels=labels, size_bytes=1, manifest={}, scores={}, note="", created_at=1,
        created_by=watched.alice.id, advised_threshold=None, **about,
    )  # fmt: skip
    watched.database.write(lambda connection: registry.insert(connection, champion))


def alarm(watched: Watched, metric: str, since: int) -> None:
    """An alert that fires."""
    made = Alert(
        new_id(),
        new_id(),
        watched.deployment.id,
        metric,
        "d",
        "above",
        0.4,
        0.2,
        90,
        "firing",
        since,
        None,
        None,
        None,
        "it moved",
    )
    watched.database.write(lambda connection: alerts.insert_alert(connection, made))


def configured(watched: Watched, wanted: ContinuousTraining) -> None:
    watched.database.write(
        lambda connection: configure.continuous_training(connection, watched.deployment, wanted, watched.alice)
    )


def test_an_alert_on_a_metric_starts_a_run_before_enough_images_were_added(watched: Watched) -> None:
    configured(watched, ContinuousTraining(True, 500, "command", PARAMETERS, on_alert=("drift",)))
    alarm(watched, "latency", clock.now())
    watched.accept("image", 12)
    assert watched.follow_all() == []
    alarm(watched, "drift", clock.now())
    assert watched.follow_all() == ["1 queued"]


def test_a_run_that_is_due_says_what_it_waits_for(watched: Watched) -> None:
    today = clock.now() % clock.DAY // MINUTE
    quiet = QuietHours((today - 60) % 1440, (today + 60) % 1440)
    configured(watched, ContinuousTraining(True, 5, "command", PARAMETERS, quiet=quiet))
    watched.accept("image", 20)
    assert watched.follow_all() == []
    with watched.database.read() as connection:
        seen = progress(connection, watched.deployment)
    assert seen.due.reason == "5 images were added"
    assert (seen.due.waits or "").startswith("quiet hours")


def test_frozen_nothing_begins_by_itself_and_people_still_may(watched: Watched) -> None:
    def freeze(frozen: bool) -> None:
        watched.database.write(
            lambda connection: configure.freeze(connection, watched.deployment, frozen, watched.alice)
        )

    freeze(True)
    watched.accept("image", 30)
    assert watched.follow_all() == []
    job = watched.database.write(
        lambda connection: start(connection, watched.jobs, watched.deployment, watched.alice, "asked for by Alice")
    )
    watched.jobs.cancel(job)
    freeze(False)
    watched.accept("more", 30)
    assert watched.follow_all() == ["2 queued"]
