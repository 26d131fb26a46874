"""Images stay as long as somebody needs them, leave with a reason that is counted, and no verdict or new line loses one."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import update

from relens.access import store as access
from relens.access.actor import Actor
from relens.assets import store as assets
from relens.assets.asset import ImageGone, storage_key
from relens.assets.keep import described, keep_together
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.deployments.keeping import Images, Keeping
from relens.infra.database import Database
from relens.infra.storage import Room
from relens.infra.storage.folder import Folder
from relens.kit import clock
from relens.kit.clock import DAY, HOUR, Micros
from relens.kit.errors import StorageFull
from relens.kit.ids import new_id
from relens.predictions import signal_rows
from relens.predictions import store as predictions
from relens.predictions.logged import Entry, Logged
from relens.predictions.policies import Policies
from relens.predictions.record import Recorder
from relens.predictions.retention import store
from relens.predictions.retention.expire import Retention, held_bytes, most_used
from relens.predictions.retention.forecast import forecast
from relens.predictions.retention.traffic import seen
from relens.review import queue, queue_rows
from relens.review.habits import Habits
from relens.review.lineup import Lineup
from relens.review.settle import reopen, settle
from relens.testing.images import make_jpeg
from relens.vision.prediction import Detection
from relens.vision.shapes import Box
from tests.rooms.meanwhile import meanwhile

CLEAR = (Detection("WBC", 0.99, Box(1, 1, 5, 5)),)
DOUBTFUL = (Detection("WBC", 0.52, Box(1, 1, 5, 5)),)


@dataclass
class World:
    """One deployment, a folder of images, and a clock and a disk that tests turn."""

    database: Database
    storage: Folder
    deployment: Deployment
    alice: Actor
    recorder: Recorder
    later: Micros = 0
    room: Room | None = None

    def retention(self) -> Retention:
        return Retention(
            self.database,
            self.storage,
            on_leave=[queue_rows.close],
            room=lambda: self.room,
            now=lambda: clock.now() + self.later,
            rest_s=0.0,
        )

    def keeps(self, images: Images = "all", **more: object) -> None:
        policy = Keeping(images, **more)  # type: ignore[arg-type]

        def work(connection):  # type: ignore[no-untyped-def]
            change.set_keeping(connection, deployments.get(connection, self.deployment.id), policy, self.alice)

        self.database.write(work)
        self.recorder = Recorder(self.database, self.storage, Policies(self.database))

    def log(self, seed: int, detections: tuple[Detection, ...] = CLEAR, **more: object) -> Logged:
        data = make_jpeg((seed % 250, 10, 20), size=(24, 16), seed=seed)
        asset = described(data)
        entry = Entry(
            self.deployment.id,
            asset.id,
            24,
            16,
            None,
            "champion",
            detections,
            0.5,
            5.0,
            clock.now(),
            **more,  # type: ignore[arg-type]
        )
        return self.recorder.record(entry, asset, data).result(30)[0]

    def settle(self) -> None:
        """Counts and lets go until there is nothing more to do."""
        retention = self.retention()
        for _ in range(500):
            if not retention.step():
                return
        raise AssertionError("retention never came to rest")

    def here(self, line: Logged) -> bool:
        return self.storage.exists(storage_key(line.asset))

    def sums(self) -> dict[str, tuple[int, int]]:
        with self.database.read() as connection:
            return store.sums(connection, self.deployment.id)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    made = Deployment(new_id(), "cells", "detection", ("WBC",), "server", 0.5, 1, None, None, None, 0.0, {}, 0, "x")
    database.write(lambda connection: deployments.insert(connection, made))
    alice = database.write(lambda connection: access.named(connection, "Alice", "person", "owner"))
    storage = Folder(tmp_path / "files")
    return World(database, storage, made, alice, Recorder(database, storage))


def test_an_image_that_is_not_kept_is_never_written_and_its_line_says_why(world: World) -> None:
    world.keeps("none")
    line = world.log(1)
    assert (line.keep_reason, line.keep_probability) == ("none", 0.0)
    assert not world.here(line)
    world.settle()
    assert world.sums() == {"none": (1, 0)}


def test_uncertain_images_are_kept_and_a_random_share_beside_them(world: World) -> None:
    world.keeps("uncertain", share=0.3)
    lines = [world.log(seed, DOUBTFUL if seed % 4 == 0 else CLEAR) for seed in range(40)]
    for line, seed in zip(lines, range(40), strict=True):
        assert world.here(line) == (line.keep_reason in ("random", "uncertain"))
        assert line.keep_probability == (1.0 if seed % 4 == 0 else 0.3)
        assert seed % 4 or world.here(line)
    world.settle()
    sums = world.sums()
    kept = sum(world.here(line) for line in lines)
    assert (sums["kept"][0], sums["left out"][0]) == (kept, 40 - kept)
    assert 0 < sums["left out"][0] < 30


def test_whatever_was_kept_may_be_checked_and_what_was_left_out_is_never_offered(world: World) -> None:
    world.keeps("uncertain", share=0.3)
    lines = {line.id: line for line in (world.log(seed, DOUBTFUL if seed % 2 else CLEAR) for seed in range(30))}
    lineup = Lineup(world.database)
    while lineup.step():
        pass
    with world.database.read() as connection:
        offered = queue.choose(connection, world.deployment, 50, Habits())
        chances = queue_rows.by_chance(connection, world.deployment.id, 100)
    assert {lines[one].keep_reason for one in chances} == {"random", "uncertain"}
    assert {one.logged.keep_reason for one in offered} == {"random", "uncertain"}
    assert len(offered) == sum(world.here(line) for line in lines.values())


def test_images_older_than_their_deployment_keeps_them_leave_and_are_counted(world: World) -> None:
    world.keeps(days=3)
    lines = [world.log(seed) for seed in range(40)]
    world.settle()
    assert all(world.here(line) for line in lines)
    world.later = 4 * DAY
    world.settle()
    assert not any(world.here(line) for line in lines)
    assert world.sums()["too old"] == world.sums()["kept"]
    with world.database.read() as connection:
        left = assets.left(connection, lines[0].asset)
        assert left is not None
        assert left.reason == "kept for 3 days"
        assert predictions.get(connection, lines[0].id).detections == CLEAR
    assert list(world.storage.keys("assets/")) == []


def test_reviewed_images_and_members_of_datasets_stay(world: World) -> None:
    world.keeps(days=1)
    reviewed, member, other = world.log(1), world.log(2), world.log(3)
    world.database.write(lambda connection: settle(connection, reviewed.id, "accepted", actor=world.alice))
    world.database.write(lambda connection: assets.pin(connection, [member.asset], "dataset version", "v1"))
    world.settle()
    world.later = 2 * DAY
    world.settle()
    assert [world.here(line) for line in (reviewed, member, other)] == [True, True, False]
    world.database.write(lambda connection: reopen(connection, reviewed.id, actor=world.alice))
    world.settle()
    assert [world.here(line) for line in (reviewed, member)] == [False, True]


def test_what_has_left_is_taken_from_the_queue(world: World) -> None:
    world.keeps(days=1)
    for seed in range(5):
        world.log(seed)
    Lineup(world.database).step()
    with world.database.read() as connection:
        assert len(queue.choose(connection, world.deployment, 10, Habits())) == 5
    world.settle()
    world.later = 2 * DAY
    world.settle()
    with world.database.read() as connection:
        assert queue.choose(connection, world.deployment, 10, Habits()) == []
        assert queue_rows.waiting(connection, world.deployment.id) == 0


def test_what_is_to_be_kept_longer_from_this_moment_on_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.keeps(days=1)
    line = world.log(1)
    world.settle()
    world.later = 2 * DAY
    oldest = store.oldest

    def then_a_person_chooses(*asked: object) -> object:
        found = oldest(*asked)  # type: ignore[arg-type]
        monkeypatch.undo()
        world.keeps()
        return found

    monkeypatch.setattr(store, "oldest", then_a_person_chooses)
    world.settle()
    assert world.here(line)


def test_what_leaves_while_it_is_being_queued_does_not_wait_for_a_review(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.keeps(days=1)
    world.log(1)
    world.settle()
    world.later = 2 * DAY
    meanwhile(monkeypatch, world.database, world.settle)
    Lineup(world.database).step()
    with world.database.read() as connection:
        assert queue_rows.waiting(connection, world.deployment.id) == 0


def test_the_oldest_unreviewed_images_make_room_and_no_more_than_needed(world: World) -> None:
    lines = [world.log(seed) for seed in range(100)]
    world.database.write(lambda connection: settle(connection, lines[0].id, "accepted", actor=world.alice))
    world.settle()
    size = held_bytes(world.sums())
    world.room = Room(total=size * 10, free=size * 2 - size // 20)  # a twentieth of ours over the line
    retention = world.retention()
    for _ in range(10):
        retention.step()
        ours = held_bytes(world.sums())
        world.room = Room(total=size * 10, free=size * 2 - size // 20 + size - ours)
    gone = [i for i, line in enumerate(lines) if not world.here(line)]
    assert gone == list(range(1, len(gone) + 1))
    assert 4 <= len(gone) <= 40
    assert world.sums()["no room"][0] == len(gone)


def test_others_who_fill_the_disk_do_not_take_all_our_images() -> None:
    room = Room(total=1000, free=10)
    assert most_used(room, ours=90) == 900 + 0.1 * 100
    assert most_used(Room(total=1000, free=700), ours=100) == 800


def test_an_image_that_two_deployments_hold_leaves_when_the_last_lets_it_go(world: World) -> None:
    world.keeps(days=1)
    other = replace(world.deployment, id=new_id(), name="other")
    world.database.write(lambda connection: deployments.insert(connection, other))
    first = world.log(1)
    data = world.storage.get(storage_key(first.asset))
    entry = Entry(other.id, first.asset, 24, 16, None, "champion", CLEAR, 0.5, 5.0, clock.now())
    world.recorder.record(entry, described(data), data).result(30)
    world.settle()
    world.later = 2 * DAY
    world.settle()
    assert world.here(first)
    assert world.sums()["too old"][0] == 1


def test_an_image_that_is_sent_again_after_it_left_is_here_again(world: World) -> None:
    world.keeps(days=1)
    first = world.log(1)
    world.settle()
    world.later = 2 * DAY
    world.settle()
    assert not world.here(first)
    world.later = 0
    again = world.log(1)
    assert again.asset == first.asset
    assert world.here(again)
    with world.database.read() as connection:
        assert assets.get(connection, again.asset) is not None
    world.settle()
    assert world.here(again)


def test_an_image_that_is_just_leaving_is_written_again_and_no_line_is_without_it(world: World) -> None:
    """The row says that it leaves and its bytes are still there: the new line must not count on them."""
    first = world.log(1)
    world.settle()
    world.database.write(lambda c: assets.leave(c, assets.lock_unpinned(c, [first.asset]), "a test"))
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(world.log, 1)
        while not waiting.done():
            world.retention().delete_leaving()
        again = waiting.result()
    assert again.id != first.id
    assert world.here(again)
    with world.database.read() as connection:
        assert assets.gone(connection, [again.asset]) == set()


def test_a_pin_that_comes_while_an_image_leaves_turns_it_back(world: World) -> None:
    line = world.log(1)
    world.settle()
    world.database.write(lambda c: assets.leave(c, assets.lock_unpinned(c, [line.asset]), "a test"))
    world.database.write(lambda connection: settle(connection, line.id, "accepted", actor=world.alice))
    world.retention().delete_leaving()
    assert world.here(line)
    with world.database.read() as connection:
        assert assets.get(connection, line.asset) is not None


def test_a_verdict_after_the_image_has_left_counts_and_a_dataset_cannot_take_the_image(world: World) -> None:
    world.keeps(days=1)
    line = world.log(1)
    world.settle()
    world.later = 2 * DAY
    world.settle()
    said = world.database.write(lambda connection: settle(connection, line.id, "accepted", actor=world.alice))
    assert said.status == "accepted"
    with pytest.raises(ImageGone, match="kept for 1 days"):
        world.database.write(lambda connection: assets.pin(connection, [line.asset], "dataset version", "v1"))


def test_lines_verdicts_and_departures_at_once_lose_nothing(world: World) -> None:
    """Images are sent, reviewed, imported and let go at random at the same time; nobody who needs one is without it."""
    world.keeps(days=1)
    world.later = 2 * DAY
    chance = random.Random(7)
    lines = [world.log(seed) for seed in range(12)]
    going = True

    def expire() -> None:
        retention = world.retention()
        while going:
            retention.step()

    def act(number: int) -> tuple[str, str]:
        seed = chance.randrange(12)
        data = make_jpeg((seed % 250, 10, 20), size=(24, 16), seed=seed)
        if number % 3 == 0:
            asset = described(data)
            keep_together(world.database, world.storage, [(asset, data)], owner=("import", str(number)))
            return "imported", asset.id
        if number % 3 == 1:
            line = world.log(seed)
            return "logged", line.asset
        line = chance.choice(lines)
        world.database.write(lambda connection: settle(connection, line.id, "accepted", actor=world.alice))
        world.database.write(lambda connection: reopen(connection, line.id, actor=world.alice))
        return "reviewed", line.asset

    with ThreadPoolExecutor(5) as pool:
        expiring = pool.submit(expire)
        done = list(pool.map(act, range(90)))
        going = False
        expiring.result(60)
    for what, asset_id in done:
        if what == "imported":
            assert world.storage.exists(storage_key(asset_id))
    world.later = 0
    world.settle()
    with world.database.read() as connection:
        for asset_id in {one for _, one in done}:
            known = assets.get(connection, asset_id) is not None
            assert known == world.storage.exists(storage_key(asset_id))


def test_a_step_that_a_crash_cut_short_is_finished_by_the_next(world: World) -> None:
    world.keeps(days=1)
    line = world.log(1)
    world.settle()
    world.database.write(lambda c: assets.leave(c, assets.lock_unpinned(c, [line.asset]), "a test"))
    world.settle()
    assert not world.here(line)
    with world.database.read() as connection:
        assert connection.execute(assets.asset.select().where(assets.asset.c.state == "leaving")).first() is None


def test_a_line_that_could_not_be_written_leaves_no_image_behind(world: World) -> None:
    world.log(1, client_id="a")
    with pytest.raises(Exception, match="client_id 'a'"):
        world.log(2, client_id="a")
    # Where servers share storage another one may be writing the same bytes: there they stay until they are swept.
    alone = world.database.engine.dialect.name == "sqlite"
    assert len(list(world.storage.keys("assets/"))) == (1 if alone else 2)


def test_a_disk_without_room_writes_nothing_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageFull("there is no room left")

    monkeypatch.setattr(world.storage, "put", full)
    with pytest.raises(StorageFull):
        world.log(1)
    with world.database.read() as connection:
        assert signal_rows.total(connection) == 0


def test_what_a_day_takes_is_not_told_from_less_than_an_hour_of_images(world: World) -> None:
    connected = world.deployment.created_at + 30 * HOUR  # it stood ready for more than a day
    for seed in range(12):
        world.log(seed)
    world.settle()

    def first_images_at(connection):  # type: ignore[no-untyped-def]
        connection.execute(update(store.image_hold).values(at=connected))
        connection.execute(update(store.image_tally).values(day=connected // DAY))

    world.database.write(first_images_at)
    for minutes, early, a_day in ((20, True, 12 * 24), (90, False, 12 * 16), (20 * 60, False, 12 * 1.2)):
        with world.database.read() as connection:
            traffic = seen(connection, world.deployment, connected + minutes * HOUR // 60)
        told = forecast(Keeping(), traffic, [], None, 0)
        assert told.early is early
        assert told.images_per_day == pytest.approx(a_day)
        assert bool(told.assumptions) is early
