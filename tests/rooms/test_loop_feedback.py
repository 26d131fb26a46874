"""Verdicts flow into dataset versions, on real rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from relens.access import store as actors
from relens.access.actor import Actor
from relens.assets import store as assets
from relens.assets.asset import Asset
from relens.datasets import store as datasets
from relens.datasets.item import Item
from relens.datasets.publish import lay_down, manifest, publish, publish_manifest
from relens.datasets.version import DatasetVersion
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.ids import content_id, new_id
from relens.loop import feedback, feedback_rows, store
from relens.loop.freeze import freeze
from relens.loop.policy import FeedbackLoop, Policies
from relens.predictions import store as predictions
from relens.predictions.erase import Erasure
from relens.predictions.logged import Entry, Logged
from relens.predictions.retention.expire import Retention
from relens.review.forget import forget
from relens.review.settle import reopen, settle
from relens.review.verdict import Status
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from tests.rooms.loop_world import as_random_checks
from tests.rooms.meanwhile import meanwhile

LABELS = ("glass", "paper")


class World:
    """A deployment that feeds a small dataset."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.alice: Actor = database.write(lambda connection: actors.named(connection, "Alice", "person", "owner"))
        self.first = self._import()
        champion = new_id()
        self.deployment = Deployment(
            new_id(),
            "waste",
            "classification",
            LABELS,
            "server",
            0.0,
            1,
            champion,
            None,
            None,
            0.0,
            {},
            0,
            self.alice.id,
        )
        loop = Policies(FeedbackLoop(self.first.dataset, True, 0.3))
        database.write(lambda connection: deployments.insert(connection, self.deployment))
        database.write(lambda connection: store.keep_policies(connection, self.deployment.id, loop))
        self.feedback = feedback.Feedback(database)

    def image(self, name: str, looks_like: str | None = None) -> Asset:
        asset = Asset(content_id(name.encode()), 64, 48, "PNG", 10, content_id((looks_like or name).encode()), 0)
        self.database.write(lambda connection: assets.remember(connection, [asset]))
        return asset

    def _import(self) -> DatasetVersion:
        images = [self.image(f"imported {number}") for number in range(6)]
        items = [
            Item(
                image.id,
                "test" if number == 0 else "train",
                image.id,
                f"{number}.png",
                None,
                (Annotation(LABELS[number % 2]),),
            )
            for number, image in enumerate(images)
        ]
        return self.database.write(
            lambda c: publish(
                c, dataset="waste", task="classification", labels=LABELS, items=items, origin="import", actor=self.alice
            )
        )

    def predict(self, name: str, looks_like: str | None = None, **metadata: str) -> Logged:
        """A prediction that the lane of random checks gives out."""
        line = self.come_upon(name, looks_like, **metadata)
        as_random_checks(self.database, [line])
        return line

    def come_upon(self, name: str, looks_like: str | None = None, **metadata: str) -> Logged:
        """A prediction that no lane gives out: somebody finds it in another way."""
        asset = self.image(name, looks_like)
        found = (Detection("glass", 0.8), Detection("paper", 0.2))
        entry = Entry(
            self.deployment.id,
            asset.id,
            64,
            48,
            self.deployment.champion,
            "champion",
            found,
            0.0,
            1.0,
            1,
            metadata=metadata,
        )
        return self.database.write(lambda connection: predictions.append(connection, entry))[0]

    def say(self, line: Logged, status: Status, *labels: str) -> None:
        said = [Annotation(label) for label in labels]
        self.database.write(lambda connection: settle(connection, line.id, status, said, actor=self.alice))

    def reopen(self, line: Logged) -> None:
        self.database.write(lambda connection: reopen(connection, line.id, actor=self.alice))

    def follow(self) -> feedback.Tally:
        while self.feedback.step():
            pass
        with self.database.read() as connection:
            return feedback.tally(
                connection, self.deployment.id, store.policies(connection, self.deployment.id).feedback
            )

    def freeze(self) -> DatasetVersion:
        self.follow()
        return freeze(self.database, self.deployment.id, "waste", self.alice).version

    def items(self, version: DatasetVersion) -> dict[str, Item]:
        with self.database.read() as connection:
            return {item.asset: item for item in datasets.items(connection, version.id)}


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def test_reviewed_images_enter_the_next_version_with_what_the_person_said(world: World) -> None:
    lines = [world.predict(f"new {number}") for number in range(20)]
    for line in lines[:10]:
        world.say(line, "accepted")
    for line in lines[10:]:
        world.say(line, "corrected", "paper")
    counted = world.follow()
    assert counted.added + counted.kept_for_testing == 20
    assert counted.kept_for_testing > 0
    version = world.freeze()
    items = world.items(version)
    assert version.number == 2
    assert version.parent == world.first.id
    assert len(items) == 26
    assert {items[line.asset].annotations for line in lines[:10]} == {(Annotation("glass"),)}
    assert {items[line.asset].annotations for line in lines[10:]} == {(Annotation("paper"),)}
    assert sum(items[line.asset].split == "test" for line in lines) == counted.kept_for_testing
    after = world.follow()
    assert (after.added, after.kept_for_testing, after.skipped) == (0, 0, 0)


def test_every_image_enters_once_and_what_does_not_is_counted_with_its_reason(world: World) -> None:
    first, twin = world.predict("new"), world.predict("a frame later", looks_like="new")
    again, imported = world.predict("new"), world.predict("imported 3")
    dark, passed = world.predict("dark"), world.predict("hard")
    for line in (first, twin, again, imported):
        world.say(line, "accepted")
    world.say(dark, "unusable")
    world.say(passed, "skipped")
    counted = world.follow()
    assert counted.added + counted.kept_for_testing == 1
    assert counted.unusable == 1
    assert counted.left_out == {"near-duplicate": 1, "present": 1, "skipped": 1}
    assert len(world.items(world.freeze())) == 7


def test_a_changed_or_reopened_verdict_is_followed_at_the_next_version(world: World) -> None:
    kept, changed, taken_back, spoiled = (world.predict(f"new {number}") for number in range(4))
    for line in (kept, changed, taken_back, spoiled):
        world.say(line, "accepted")
    second = world.freeze()
    world.say(changed, "corrected", "paper")
    world.reopen(taken_back)
    world.say(spoiled, "unusable")
    assert world.follow().changed == 3
    third = world.items(world.freeze())
    assert third[changed.asset].annotations == (Annotation("paper"),)
    assert third[kept.asset].annotations == (Annotation("glass"),)
    assert taken_back.asset not in third
    assert spoiled.asset not in third
    world.say(taken_back, "accepted")
    world.say(spoiled, "accepted")
    fourth = world.items(world.freeze())
    before = world.items(second)
    assert {asset: item.split for asset, item in fourth.items()} == {
        asset: item.split for asset, item in before.items()
    }


def test_an_image_seen_twice_follows_the_verdict_that_says_something(world: World) -> None:
    first, second = world.predict("new"), world.predict("new")
    world.say(first, "corrected", "paper")
    world.say(second, "skipped")
    world.say(second, "accepted")
    world.reopen(second)
    assert world.items(world.freeze())[first.asset].annotations == (Annotation("paper"),)


def test_freezing_twice_gives_the_same_version(world: World) -> None:
    world.say(world.predict("new"), "accepted")
    assert world.freeze().id == world.freeze().id


def test_images_of_one_declared_scene_stay_together(world: World) -> None:
    lines = [world.predict(f"frame {number}", group="scene 4") for number in range(12)]
    for line in lines:
        world.say(line, "accepted")
    items = world.items(world.freeze())
    assert len({items[line.asset].split for line in lines}) == 1


def test_no_image_kept_for_testing_is_in_any_training_set_ever_published(world: World) -> None:
    """Walks the whole lineage, with verdicts that change, leave and come back, and a share that changes in between."""
    lines: list[Logged] = []
    for round_number, share in enumerate((0.3, 0.0, 0.5, 0.1)):
        loop = Policies(FeedbackLoop(world.first.dataset, True, share))
        world.database.write(lambda connection, loop=loop: store.keep_policies(connection, world.deployment.id, loop))  # type: ignore[misc]
        fresh = [
            world.predict(f"round {round_number} image {number}", group=f"scene {number % 7}") for number in range(15)
        ]
        for line in fresh:
            world.say(line, "accepted")
        for line in lines[round_number::5]:
            world.say(line, "unusable" if round_number % 2 else "accepted")
        lines += fresh
        world.freeze()
    with world.database.read() as connection:
        lineage = datasets.versions(connection, world.first.dataset)
    assert len(lineage) == 5
    sides: dict[str, set[str]] = {}
    scenes: dict[str, set[str]] = {}
    for version in lineage:
        for item in world.items(version).values():
            sides.setdefault(item.asset, set()).add(item.split)
            scenes.setdefault(item.group, set()).add(item.split)
    assert all(len(side) == 1 for side in sides.values())
    assert all(len(side) == 1 for side in scenes.values())
    assert {"test", "train"} <= {next(iter(side)) for side in sides.values()}


def test_labels_the_dataset_does_not_know_do_not_enter(world: World) -> None:
    wider = Deployment(
        new_id(),
        "wider",
        "classification",
        (*LABELS, "metal"),
        "server",
        0.0,
        1,
        None,
        None,
        None,
        0.0,
        {},
        0,
        world.alice.id,
    )
    world.database.write(lambda connection: deployments.insert(connection, wider))
    world.deployment = wider
    loop = Policies(FeedbackLoop(world.first.dataset, True, 0.2))
    world.database.write(lambda connection: store.keep_policies(connection, wider.id, loop))
    world.say(world.predict("can"), "corrected", "metal")
    assert world.follow().left_out == {"unknown label": 1}


def test_what_is_erased_while_a_version_is_written_does_not_enter_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased, stays = world.predict("erased"), world.predict("stays")
    for line in (erased, stays):
        world.say(line, "accepted")
    world.follow()
    retention = Retention(world.database, Folder(tmp_path / "files"))
    erasure = Erasure(world.database, retention, [forget, feedback_rows.forget])
    monkeypatch.setattr("relens.loop.freeze.lay_down", lambda *some: (lay_down(*some), erasure.erase(erased.id)))
    made = freeze(world.database, world.deployment.id, "waste", world.alice)
    assert (made.tally.added + made.tally.kept_for_testing, made.version.number) == (1, 2)
    items = world.items(made.version)
    assert stays.asset in items
    assert erased.asset not in items
    with world.database.read() as connection:
        assert assets.pinned(connection, [erased.asset, stays.asset]) == {stays.asset}


def test_who_was_slower_says_nothing_of_what_others_have_looked_at_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = world.predict("new")
    world.database.write(lambda connection: change.know_labels(connection, world.deployment, ["metal"]))
    world.say(line, "corrected", "metal")
    assert world.follow().left_out == {"unknown label": 1}
    with world.database.read() as connection:
        content = manifest("classification", (*LABELS, "metal"), datasets.items(connection, world.first.id))
    world.database.write(
        lambda c: publish_manifest(c, content, dataset="waste", origin="import", actor=world.alice, after=1)
    )
    other = feedback.Feedback(world.database)

    def corrected_and_followed() -> None:
        world.say(line, "corrected", "paper")
        while other.step():
            pass

    meanwhile(monkeypatch, world.database, corrected_and_followed)
    world.follow()
    assert world.items(world.freeze())[line.asset].annotations == (Annotation("paper"),)
