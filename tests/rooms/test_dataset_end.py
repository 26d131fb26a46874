"""A dataset is archived, or deleted when nothing rests on it; what is pinned elsewhere stays. And versions are compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from relens.assets import store as assets
from relens.datasets import diff, diff_rows
from relens.datasets import store as datasets
from relens.datasets.dataset import Archived, NoDataset
from relens.datasets.item import Item
from relens.datasets.publish import publish
from relens.datasets.version import DatasetVersion
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs import store as job_store
from relens.loop import dataset_end
from relens.loop.dataset_end import DatasetInUse, Deleting, NotConfirmed
from relens.vision.annotation import Annotation
from tests.rooms.test_loop_feedback import LABELS, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def publish_items(world: World, name: str, items: list[Item]) -> DatasetVersion:
    return world.database.write(
        lambda connection: publish(
            connection,
            dataset=name,
            task="classification",
            labels=LABELS,
            items=items,
            origin="import",
            actor=world.alice,
        )
    )


def test_a_dataset_that_reviews_go_into_is_neither_archived_nor_deleted(world: World) -> None:
    with world.database.read() as connection:
        found = datasets.find_dataset(connection, "waste")
        assert dataset_end.why_kept(connection, found) == ["the reviews of 'waste' go into it"]
    with pytest.raises(DatasetInUse, match="go into it"):
        world.database.write(lambda connection: dataset_end.archive(connection, found, world.alice))
    with pytest.raises(DatasetInUse, match="Archive it"):
        world.database.write(
            lambda connection: dataset_end.ask_to_delete(connection, Jobs(world.database), found, "waste", world.alice)
        )


def test_an_archived_dataset_takes_nothing_new_until_it_is_back(world: World) -> None:
    items = list(world.items(world.first).values())
    publish_items(world, "other", items)
    with world.database.read() as connection:
        found = datasets.find_dataset(connection, "other")
    world.database.write(lambda connection: dataset_end.archive(connection, found, world.alice))
    with pytest.raises(Archived, match="restore it"):
        publish_items(world, "other", items[:5])
    world.database.write(lambda connection: dataset_end.restore(connection, found, world.alice))
    assert publish_items(world, "other", items[:5]).number == 2


def test_what_is_deleted_is_gone_and_what_others_need_stays(world: World) -> None:
    shared = list(world.items(world.first).values())
    own = world.image("only here")
    publish_items(world, "same", shared)
    publish_items(world, "other", [*shared, Item(own.id, "train", own.id, "own.png", None, (Annotation("paper"),))])
    jobs = Jobs(world.database)
    Deleting(world.database).register(jobs)
    jobs.start()
    for name in ("same", "other"):
        with world.database.read() as connection:
            found = datasets.find_dataset(connection, name)
        with pytest.raises(NotConfirmed, match=f"'{name}'"):
            world.database.write(
                lambda connection, found=found: dataset_end.ask_to_delete(connection, jobs, found, "x", world.alice)  # type: ignore[misc]
            )
        job = world.database.write(
            lambda connection, found=found: dataset_end.ask_to_delete(connection, jobs, found, found.name, world.alice)  # type: ignore[misc]
        )
        while (ended := jobs.get(job)).is_open:
            jobs._wake["light"].set()
        assert ended.state == "succeeded", ended.error
    jobs.stop()
    with world.database.read() as connection:
        with pytest.raises(NoDataset):
            datasets.find_dataset(connection, "other")
        assert assets.pinned(connection, [own.id, shared[0].asset]) == {shared[0].asset}
    assert list(world.items(world.first).values()) == shared


def test_a_crash_behind_the_hiding_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    own = world.image("only here")
    item = Item(own.id, "train", own.id, "own.png", None, (Annotation("paper"),))
    content = publish_items(world, "other", [item]).content_hash
    with world.database.read() as connection:
        found = datasets.find_dataset(connection, "other")
    jobs = Jobs(world.database)
    Deleting(world.database).register(jobs)
    job = world.database.write(
        lambda connection: dataset_end.ask_to_delete(connection, jobs, found, "other", world.alice)
    )
    taken = jobs._take([dataset_end.DELETE])
    assert taken is not None
    assert taken.id == job

    remembered = job_store.finish_step

    def die(connection: Connection, *, name: str, **given: Any) -> bool:
        if name != "look":
            raise KeyboardInterrupt
        return remembered(connection, name=name, **given)

    with monkeypatch.context() as dying:
        dying.setattr(job_store, "finish_step", die)
        with pytest.raises(KeyboardInterrupt):
            jobs._carry_out(taken)
    jobs._carry_out(taken)
    assert jobs.get(job).state == "succeeded"
    with world.database.read() as connection:
        assert datasets.laid_down(connection, content) == 0


def test_versions_are_compared_by_image_and_annotation(world: World) -> None:
    first = list(world.items(world.first).values())
    new = world.image("new")
    changed = replace(first[1], annotations=(Annotation("glass"),))
    moved = replace(first[2], split="validation")
    added = Item(new.id, "train", new.id, "new.png", None, (Annotation("paper"),))
    second = publish_items(world, "waste", [first[0], changed, moved, first[3], added])
    with world.database.read() as connection:
        counts = diff_rows.counts(connection, world.first, second)
        pages = {kind: diff_rows.page(connection, world.first, second, kind) for kind in diff_rows.KINDS}
        labelled = diff_rows.page(connection, world.first, second, "changed", label="paper")
        in_split = diff_rows.page(connection, world.first, second, "changed", split="validation")
        behind = diff_rows.page(connection, world.first, second, "changed", after=pages["changed"][0].position)
        nothing = diff_rows.counts(connection, second, second)
    assert counts == {"added": {"train": 1}, "removed": {"train": 2}, "changed": {"train": 1, "validation": 1}}
    assert [one.after and one.after.asset for one in pages["added"]] == [new.id]
    assert {one.before.asset for one in pages["removed"] if one.before} == {first[4].asset, first[5].asset}
    (relabelled,) = labelled
    assert diff.parts(relabelled.before, relabelled.after) == diff.Parts(
        (Annotation("paper"),), (Annotation("glass"),), ()
    )
    assert [one.after and one.after.asset for one in in_split] == [moved.asset]
    assert len(behind) == 1
    assert nothing == {"added": {}, "removed": {}, "changed": {}}
    told = diff.by_label((one.before, one.after) for found in pages.values() for one in found)
    assert (told["paper"].added["train"], told["glass"].added["train"], told["glass"].added["validation"]) == (1, 1, 1)
    assert (told["paper"].removed["train"], told["glass"].removed["train"]) == (2, 2)
