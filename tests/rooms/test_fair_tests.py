"""Whatever was a test image in any version of a dataset is never trained on, and who is judged has not seen it: on real rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relens.access.store import actor as actors
from relens.assets import store as assets
from relens.datasets import store as datasets
from relens.datasets.item import Item, Split
from relens.datasets.publish import TrainsOnTestImages, lay_down, manifest, publish, publish_manifest
from relens.datasets.split import side
from relens.datasets.version import DatasetVersion
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.statements import add
from relens.kit.ids import new_id
from relens.loop import feedback, feedback_rows, store
from relens.loop import freeze as freezing
from relens.loop.freeze import freeze
from relens.loop.policy import FeedbackLoop, Policies
from relens.loop.provenance import lineage
from relens.loop.store import LoopRun
from relens.loop.trial import trial_of
from relens.predictions.logged import Logged
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from relens.review import queue_rows
from relens.review.chance import Scale
from relens.review.scene import TOGETHER, may_be_tested, scene_of
from relens.review.settle import settle
from relens.vision.annotation import Annotation
from tests.rooms.test_datasets_import import Server, coco, server, zipped
from tests.rooms.test_loop_feedback import LABELS, World

__all__ = ["server"]


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def reviewed(world: World, count: int, prefix: str = "new") -> list[Logged]:
    lines = [world.predict(f"{prefix} {number}") for number in range(count)]
    for line in lines:
        world.say(line, "accepted")
    return lines


def another(world: World, share: float = 0.0) -> World:
    """A second deployment that feeds the same dataset."""
    other: World = object.__new__(World)
    other.__dict__.update(world.__dict__)
    other.deployment = replace(world.deployment, id=new_id(), name=f"waste {new_id()[-6:]}")
    loop = Policies(FeedbackLoop(world.first.dataset, True, share))
    world.database.write(lambda connection: deployments.insert(connection, other.deployment))
    world.database.write(lambda connection: store.keep_policies(connection, other.deployment.id, loop))
    return other


def next_version(world: World, items: list[Item], labels: tuple[str, ...] = LABELS) -> DatasetVersion:
    """As an import leaves it."""
    content = manifest("classification", labels, items)
    lay_down(world.database, content)
    return world.database.write(
        lambda connection: publish_manifest(
            connection,
            content,
            dataset="waste",
            origin="import",
            actor=world.alice,
            after=datasets.next_number(connection, world.first.dataset) - 1,
        )
    )


def sides_ever(world: World) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with world.database.read() as connection:
        for version in datasets.versions(connection, world.first.dataset):
            for item in datasets.items(connection, version.id):
                found.setdefault(item.asset, set()).add(item.split)
    return found


def said_of(world: World, line: Logged) -> feedback_rows.Member:
    with world.database.read() as connection:
        return feedback_rows.members(connection, world.first.dataset, line.deployment, [line.asset])[line.asset]


def test_a_version_that_would_train_on_a_test_image_is_not_published(world: World) -> None:
    first = list(world.items(world.first).values())
    with pytest.raises(TrainsOnTestImages, match="earlier version"):
        world.database.write(
            lambda connection: publish(
                connection,
                dataset="waste",
                task="classification",
                labels=LABELS,
                items=[replace(item, split="train") for item in first],
                origin="import",
                actor=world.alice,
            )
        )


def test_a_version_of_earlier_days_that_trains_on_a_test_image_is_put_right_by_the_next(world: World) -> None:
    lines = reviewed(world, 20)
    second = world.items(world.freeze())
    tested = next(line for line in lines if second[line.asset].split == "test")
    next_version(world, [replace(item, split="train") for item in second.values()])
    world.say(world.predict("one more"), "accepted")
    assert world.items(world.freeze())[tested.asset].split == "test"


def test_a_scene_that_one_deployment_keeps_for_testing_is_not_trained_on_by_another(world: World) -> None:
    loop = Policies(FeedbackLoop(world.first.dataset, True, 0.5))
    world.database.write(lambda connection: store.keep_policies(connection, world.deployment.id, loop))
    other = another(world)
    scenes = [f"scene {number}" for number in range(8)]
    ours = [world.predict(f"ours {scene}", group=scene) for scene in scenes]
    theirs = [other.predict(f"theirs {scene}", group=scene) for scene in scenes]
    for line in ours:
        world.say(line, "accepted")
    world.follow()
    for line in theirs:
        other.say(line, "accepted")
    other.follow()
    world.freeze()
    items = other.items(other.freeze())
    assert {items[line.asset].split for line in ours} >= {"test", "train"}
    for line, twin in zip(ours, theirs, strict=True):
        assert items[line.asset].split == items[twin.asset].split


def test_a_scene_that_was_kept_for_testing_in_an_older_version_is_not_forgotten(world: World) -> None:
    there = list(world.items(world.first).values())
    tested = next(item for item in there if item.split == "test")
    next_version(world, [item for item in there if item.split != "test"])
    hard, check = world.come_upon("hard", group=tested.group), world.predict("check", group=tested.group)
    for line in (hard, check):
        world.say(line, "accepted")
    counted = world.follow()
    assert (counted.added, counted.kept_for_testing, counted.left_out) == (0, 1, {"test scene": 1})


def test_versions_that_are_published_at_the_same_moment_lose_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = another(world)
    ours, theirs = world.predict("ours"), other.predict("theirs")
    world.say(ours, "accepted")
    other.say(theirs, "accepted")
    world.follow()
    written: list[str] = []

    def meanwhile(database: Database, content: Any) -> None:
        lay_down(database, content)
        if not written:
            written.append("once")
            other.freeze()

    monkeypatch.setattr(freezing, "lay_down", meanwhile)
    version = world.freeze()
    assert version.number == 3
    assert {ours.asset, theirs.asset} <= world.items(version).keys()


def test_what_one_deployment_put_there_another_neither_changes_nor_takes_out(world: World) -> None:
    other = another(world)
    ours, theirs = world.predict("the same"), other.predict("the same")
    world.say(ours, "accepted")
    world.follow()
    other.say(theirs, "corrected", "paper")
    assert other.follow().left_out == {"present": 1}
    world.freeze()
    other.freeze()
    other.say(theirs, "unusable")
    world.say(world.predict("more"), "accepted")
    world.follow()
    assert other.items(other.freeze())[ours.asset].annotations == (Annotation("glass"),)
    assert world.items(world.freeze())[ours.asset].annotations == (Annotation("glass"),)


def test_an_image_that_waits_and_is_imported_meanwhile_is_left_to_the_import(world: World) -> None:
    (line,) = reviewed(world, 1)
    world.follow()
    item = Item(line.asset, "train", line.asset, "imported.png", None, (Annotation("paper"),))
    next_version(world, [*world.items(world.first).values(), item])
    counted = world.follow()
    assert (counted.added, counted.left_out) == (0, {"present": 1})
    world.say(line, "unusable")
    world.say(world.predict("more"), "accepted")
    assert world.items(world.freeze())[line.asset].annotations == (Annotation("paper"),)


def test_hard_cases_are_learned_from_and_random_checks_are_kept_for_testing(world: World) -> None:
    loop = Policies(FeedbackLoop(world.first.dataset, True, 0.5))
    world.database.write(lambda connection: store.keep_policies(connection, world.deployment.id, loop))
    hard = [world.come_upon(f"hard {number}") for number in range(30)]
    checks = [world.predict(f"check {number}") for number in range(30)]
    for line in (*hard, *checks):
        world.say(line, "accepted")
    items = world.items(world.freeze())
    assert "test" not in {items[line.asset].split for line in hard}
    assert 5 < sum(items[line.asset].split == "test" for line in checks) < 25


def test_images_of_one_burst_of_a_camera_make_several_scenes(world: World) -> None:
    line = replace(world.come_upon("frame"), source="line-1", taken_at=3_600_000_000 * 5)
    frames = [replace(line, log_seq=number) for number in range(10 * TOGETHER)]
    assert len({scene_of(frame) for frame in frames}) == 10
    assert scene_of(replace(line, taken_at=3_600_000_000 * 6)) != scene_of(line)
    assert scene_of(replace(line, source=None)) == line.asset
    assert scene_of(replace(line, metadata={"group": "shift 3"})) == "shift 3"


def test_a_label_that_the_dataset_gains_lets_in_what_was_left_out_for_it(world: World) -> None:
    world.deployment = replace(world.deployment, id=new_id(), name="wider", labels=(*LABELS, "metal"))
    loop = Policies(FeedbackLoop(world.first.dataset, True, 0.2))
    world.database.write(lambda connection: deployments.insert(connection, world.deployment))
    world.database.write(lambda connection: store.keep_policies(connection, world.deployment.id, loop))
    line = world.predict("can")
    world.say(line, "corrected", "metal")
    assert world.follow().left_out == {"unknown label": 1}
    next_version(world, list(world.items(world.first).values()), (*LABELS, "metal"))
    counted = world.follow()
    assert (counted.added + counted.kept_for_testing, counted.left_out) == (1, {})
    assert world.items(world.freeze())[line.asset].annotations == (Annotation("metal"),)


def leave(world: World, line: Logged) -> None:
    """The image leaves, as an expired one does."""

    def go(connection: Any) -> None:
        assets.leave(connection, [line.asset], "expired")
        assets.set_gone(connection, [line.asset])

    world.database.write(go)


@pytest.mark.parametrize("followed", [True, False])
def test_an_image_that_leaves_before_it_entered_stops_nothing(world: World, followed: bool) -> None:
    kept, lost = reviewed(world, 2)
    world.follow()
    leave(world, lost)
    if followed:
        world.say(lost, "corrected", "paper")
        assert world.follow().left_out == {"gone": 1}
    items = world.items(world.freeze())
    assert kept.asset in items
    assert lost.asset not in items
    assert said_of(world, lost).outcome == "gone"


def test_a_run_that_is_done_again_after_a_crash_trains_on_the_version_it_froze(world: World) -> None:
    job = new_id()
    run = LoopRun(job, world.deployment.id, 1, "asked for", 0, 0)
    world.database.write(lambda connection: store.add_run(connection, run))

    def frozen() -> Any:
        world.follow()
        return freeze(world.database, world.deployment.id, "waste", world.alice, job)

    reviewed(world, 5)
    first = frozen()
    reviewed(world, 5, "meanwhile")
    assert frozen() == first
    assert first.tally.added + first.tally.kept_for_testing == 5
    assert world.freeze().number == first.version.number + 1


def test_taking_everything_back_makes_a_version_without_it(world: World) -> None:
    lines = reviewed(world, 3)
    second = world.freeze()
    for line in lines:
        world.reopen(line)
    third = world.freeze()
    assert (third.number, third.parent, third.content_hash) == (3, second.id, world.first.content_hash)
    with world.database.read() as connection:
        assert feedback.newest_version(connection, "waste").id == third.id
    assert world.freeze().id == third.id


def test_the_verdicts_in_a_version_stay_those_that_were_said_then(world: World) -> None:
    (line,) = reviewed(world, 1)
    second = world.freeze()
    model = registered(world, second.id)
    bob = replace(world.alice, id=new_id(), name="Bob")
    row = {name: getattr(bob, name) for name in ("id", "name", "kind", "permission", "created_at")}
    world.database.write(lambda connection: add(connection, actors, row))
    said = [Annotation("paper")]
    world.database.write(lambda connection: settle(connection, line.id, "corrected", said, actor=bob))
    later = registered(world, world.freeze().id)
    assert people(world, model) == [("Alice", "1 accepted, 0 corrected")]
    assert people(world, later) == [("Bob", "0 accepted, 0 corrected, 1 changed"), ("Alice", "1 accepted, 0 corrected")]


def people(world: World, model: ModelVersion) -> list[tuple[str | None, str]]:
    answer = replace(world.deployment, champion=model.id)
    world.deployment = answer
    line = world.come_upon(f"asked {model.id}")
    with world.database.read() as connection:
        return [(step.by, step.detail) for step in lineage(connection, line.id) if step.kind == "verdicts"]


def registered(world: World, dataset_version: str | None, parent: str | None = None) -> ModelVersion:
    """A row of a model version; nobody asks it anything here."""

    def write(connection: Any) -> ModelVersion:
        model = registry.named(connection, "sorter", "classification", world.alice.id)
        made = ModelVersion(
            id=new_id(),
            model=model.id,
            model_name="sorter",
            number=registry.next_number(connection, model.id),
            task="classification",
            labels=LABELS,
            artifact=new_id(),
            size_bytes=1,
            manifest={},
            dataset_version=dataset_version,
            training_run=None,
            parent=parent,
            checkpoint=None,
            advised_threshold=None,
            scores={},
            note="",
            created_at=0,
            created_by=world.alice.id,
        )
        registry.insert(connection, made)
        return made

    return world.database.write(write)


def test_a_version_trained_on_from_another_has_seen_what_that_one_saw(world: World) -> None:
    """The images of the first version become test images by an import; the second one learned from them through its parent."""
    first = registered(world, world.first.id)
    turned: dict[Split, Split] = {"train": "test", "test": "test"}
    there = world.items(world.first).values()
    fresh = [world.image(f"fresh {number}") for number in range(3)]
    more = [
        Item(image.id, "train" if number else "test", image.id, f"fresh {number}.png", None, (Annotation("glass"),))
        for number, image in enumerate(fresh)
    ]
    third = next_version(world, [*(replace(item, split=turned[item.split]) for item in there), *more])
    second = registered(world, third.id, parent=first.id)
    champion = registered(world, third.id)
    world.deployment = replace(world.deployment, champion=champion.id)
    with world.database.read() as connection:
        trial = trial_of(connection, world.deployment, second, third.id)
    assert {item.asset for item in trial.items} == {
        fresh[0].id,
        *(item.asset for item in there if item.split == "test"),
    }
    assert trial.seen == 5


def test_random_checks_weigh_as_many_images_as_they_stand_for(world: World) -> None:
    """Two sizes: the small ones are drawn with a fourth of the probability, so each stands for four times as many."""
    loop = Policies(FeedbackLoop(world.first.dataset, True, 0.5))
    world.database.write(lambda connection: store.keep_policies(connection, world.deployment.id, loop))
    # The one that waits keeps the threshold at 8: of size 4, half are drawn, of size 1 an eighth.
    waits = queued(world, "waits", 4.0, 8.0)
    lines = [queued(world, f"check {number}", 4.0 if number % 2 else 1.0, 1000.0) for number in range(40)]
    sizes = {line.asset: 4.0 if number % 2 else 1.0 for number, line in enumerate(lines)}
    for line in lines:
        world.say(line, "accepted")
    assert waits.review == "pending"
    version = world.freeze()
    champion, candidate = registered(world, None), registered(world, None)
    world.deployment = replace(world.deployment, champion=champion.id)
    with world.database.read() as connection:
        trial = trial_of(connection, world.deployment, candidate, version.id)
    weights = {sizes[asset]: weight for asset, weight in trial.weights.items()}
    assert len(trial.weights) > 10
    assert sum(trial.weights.values()) == pytest.approx(len(trial.weights))
    assert weights[1.0] == pytest.approx(4 * weights[4.0])


def queued(world: World, name: str, size: float, chance: float) -> Logged:
    """A prediction with its place among the random checks."""
    line = world.come_upon(name)
    row = {"prediction": line.id, "deployment": line.deployment, "log_seq": line.log_seq, "open": True}
    row |= {"size": size, "chance": chance}
    scale = {line.deployment: Scale(1, 1.0)}
    world.database.write(lambda connection: queue_rows.put(connection, [row], scale))
    return line


def test_a_set_that_grew_is_imported_again_and_its_test_images_stay(server: Server) -> None:
    """Nobody declared a split; the reader cuts the new images only."""
    server.import_zip("parts", zipped(coco(20)))
    first = split_of(server, "parts/1")
    again = server.import_zip("parts", zipped(coco(30)))["result"]
    second = split_of(server, f"parts/{again['number']}")
    assert {name: second[name] for name in first} == first
    assert len(second) == 30

    def all_train(document: dict[str, Any]) -> None:
        for image in document["images"]:
            image["split"] = "train"

    third = server.import_zip("parts", zipped(coco(30, all_train)))["result"]
    kept = {name for name, split in second.items() if split == "test"}
    found = split_of(server, f"parts/{third['number']}")
    assert {name for name, split in found.items() if split == "test"} == kept
    assert any(f"{len(kept)} of the images to learn from are test images" in note for note in third["notes"])


def split_of(server: Server, version: str) -> dict[str, str]:
    with server.database.read() as connection:
        found = datasets.find(connection, version)
        return {item.file_name: item.split for item in datasets.items(connection, found.id)}


def test_hard_cases_are_not_sought_where_random_checks_are_kept_for_testing(world: World) -> None:
    line = world.come_upon("frame")
    scenes = [replace(line, metadata={"group": f"scene {number}"}) for number in range(200)]
    kept = [one for one in scenes if may_be_tested(one)]
    assert 70 < len(kept) < 130
    assert all(side(scene_of(one), share) == "train" for one in scenes if one not in kept for share in (0.2, 0.5))
    assert not may_be_tested(line), "an image alone has nothing to give away"
