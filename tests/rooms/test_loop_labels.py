"""Labels of the target dataset change while a deployment goes on answering with the old ones; and what reviews did is left out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection

from relens.datasets import store as datasets
from relens.datasets.publish import OtherVersionNow
from relens.datasets.relabel import BadRelabelling
from relens.datasets.version import DatasetVersion
from relens.deployments import change
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.jobs import Job, Jobs
from relens.kit.errors import NotAllowed
from relens.loop import change_labels, leave_out
from relens.loop.effects import _people, forward
from relens.loop.leave_out import NothingToLeaveOut
from relens.loop.next_version import NextVersions
from relens.loop.preview import preview
from relens.loop.reviewed_versions import reviewed_versions
from relens.vision.annotation import Annotation
from tests.rooms.test_loop_feedback import World


class Changing(World):
    """The same, and changes of its dataset carried out as jobs."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.jobs = Jobs(database)
        self.making = NextVersions(database, {change_labels.LABELS: change_labels.plan, leave_out.UNDO: leave_out.plan})
        self.making.register(self.jobs)
        self.jobs.start()

    def newest(self) -> DatasetVersion:
        with self.database.read() as connection:
            return datasets.find(connection, "waste/latest")

    def change(self, what: str, wish: Mapping[str, Any]) -> DatasetVersion:
        def ask(connection: Connection) -> str:
            newest = datasets.find(connection, "waste/latest")
            return self.making.ask(connection, self.jobs, newest, what, wish, self.alice)

        job = self.database.write(ask)
        while (found := self.jobs.get(job)).is_open:
            self.jobs._wake["light"].set()
        assert found.state == "succeeded", found.error
        return self.newest()

    def relabel(self, *rules: tuple[str, str | None], add: tuple[str, ...] = ()) -> DatasetVersion:
        wish = {"rules": [{"label": label, "to": to} for label, to in rules], "add": list(add)}
        return self.change(change_labels.LABELS, wish)

    def labels_here(self) -> tuple[str, ...]:
        with self.database.read() as connection:
            return deployments.get(connection, self.deployment.id).labels


@pytest.fixture
def world(database: Database) -> Any:
    made = Changing(database)
    yield made
    made.jobs.stop()


def test_a_rename_makes_a_version_and_reviews_in_the_old_words_still_enter(world: Changing) -> None:
    waits = world.predict("before")
    world.say(waits, "corrected", "paper")
    assert world.follow().added + world.follow().kept_for_testing == 1
    second = world.relabel(("paper", "cardboard"))
    assert (second.number, second.origin, second.labels) == (2, "labels", ("glass", "cardboard"))
    assert second.note == "labels changed: paper renamed to cardboard"
    assert {one.annotations[0].label for one in world.items(second).values()} == {"glass", "cardboard"}
    later = world.predict("after")
    world.say(later, "corrected", "paper")
    world.follow()
    third = world.freeze()
    items = world.items(third)
    assert items[waits.asset].annotations == items[later.asset].annotations == (Annotation("cardboard"),)
    assert "cardboard" in world.labels_here()


def test_a_review_that_changes_after_a_rename_is_called_as_the_dataset_calls_it(world: Changing) -> None:
    line = world.predict("new")
    world.say(line, "corrected", "glass")
    world.freeze()
    world.relabel(("paper", "cardboard"))
    world.say(line, "corrected", "paper")
    world.follow()
    assert world.items(world.freeze())[line.asset].annotations == (Annotation("cardboard"),)


def test_a_label_added_while_reviewing_reaches_the_dataset_with_its_first_image(world: Changing) -> None:
    here = world.deployment
    world.database.write(lambda connection: change.add_label(connection, here, "  metal ", world.alice))
    assert world.freeze().labels == ("glass", "paper"), "nothing shows it yet"
    can = world.predict("can")
    world.say(can, "corrected", "metal")
    world.follow()
    with world.database.read() as connection:
        seen = preview(connection, deployments.get(connection, here.id))
    assert seen.new_labels == ("metal",)
    assert seen.sentence.endswith("; new: metal")
    version = world.freeze()
    assert version.labels == ("glass", "paper", "metal")
    assert world.items(version)[can.asset].annotations == (Annotation("metal"),)
    assert world.freeze().id == version.id


def test_two_people_who_miss_a_label_at_once_both_add_theirs(world: Changing) -> None:
    for label in ("metal", "wood"):
        world.database.write(
            lambda connection, label=label: change.add_label(connection, world.deployment, label, world.alice)  # type: ignore[misc]
        )
    with world.database.read() as connection:
        here = deployments.get(connection, world.deployment.id)
    assert here.labels[-2:] == ("metal", "wood")
    assert list(here.added_labels) == ["metal", "wood"]


def test_another_spelling_of_a_label_is_refused_and_viewers_add_none(world: Changing) -> None:
    add = lambda label, actor: world.database.write(  # noqa: E731
        lambda connection: change.add_label(connection, world.deployment, label, actor)
    )
    with pytest.raises(change.LabelThere, match="'glass' already"):
        add("Glass", world.alice)
    from dataclasses import replace

    with pytest.raises(NotAllowed):
        add("tin", replace(world.alice, permission="viewer"))


def test_the_preview_says_what_it_means_for_the_deployment_and_bad_rules_are_refused_at_once(world: Changing) -> None:
    wish = {"rules": [{"label": "paper", "to": None}], "add": []}
    with world.database.read() as connection:
        seen = change_labels.preview(connection, datasets.find(connection, "waste/latest"), wish)
    assert (seen.made.left, seen.sentence) == (3, "paper dropped")
    assert [one.name for one in seen.deployments] == ["waste"]
    with pytest.raises(BadRelabelling):
        world.relabel(("plastic", "paper"))
    with pytest.raises(OtherVersionNow, match="since you looked"):
        world.change(change_labels.LABELS, {"rules": [], "add": ["tin"], "after": 7})
    assert world.newest().number == 1


def test_a_version_without_reviews_says_so_and_they_stay_out_until_something_new_is_said(world: Changing) -> None:
    lines = [world.predict(f"new {number}") for number in range(12)]
    for line in lines:
        world.say(line, "accepted")
    second = world.freeze()
    tested = {asset for asset, item in world.items(second).items() if item.split == "test"}
    kept = world.predict("later")
    world.say(kept, "accepted")
    third = world.freeze()
    with world.database.read() as connection:
        (newest, before) = reviewed_versions(connection, third)
        seen = leave_out.without(connection, third, leave_out.Chosen(versions=(2,)))
    assert (newest.version.number, dict(newest.counts)) == (3, {"added": 1})
    assert (dict(before.counts), before.people[0][1:]) == ({"added": 12}, ("Alice", 12))
    assert seen.sentence() == "12 images leave"
    assert seen.labels() == {"glass": 12}
    fourth = world.change(leave_out.UNDO, {"versions": [2]})
    assert (fourth.origin, fourth.parent) == ("undo", third.id)
    assert fourth.note.startswith("without 12 reviews of v2: 12 images leave")
    assert set(world.items(fourth)) == set(world.items(world.first)) | {kept.asset}
    assert world.freeze().id == fourth.id, "they do not come back by themselves"
    with world.database.read() as connection:
        steps = forward(connection, lines[0].id)
        (part,) = _people(connection, [fourth, third, second])
    assert [step.detail for step in steps] == ["the image came in", "what it had done was undone"]
    assert part.images == 1
    for line in lines:
        world.say(line, "corrected", "paper")
    again = world.items(world.freeze())
    assert all(again[line.asset].annotations == (Annotation("paper"),) for line in lines)
    assert {line.asset for line in lines if again[line.asset].split == "test"} == tested - set(world.items(world.first))


def test_an_image_that_was_reviewed_and_corrected_later_counts_once_in_what_a_version_learned_from(
    world: Changing,
) -> None:
    line, other = world.predict("one"), world.predict("two")
    for each in (line, other):
        world.say(each, "accepted")
    second = world.freeze()
    world.say(line, "corrected", "paper")
    third = world.freeze()
    with world.database.read() as connection:
        (before,) = _people(connection, [second])
        (part,) = _people(connection, [third, second])
    assert (before.accepted, before.corrected) == (2, 0)
    assert (part.accepted, part.corrected, part.images) == (1, 1, 2)


def test_a_changed_review_goes_back_and_an_undo_can_be_undone(world: Changing) -> None:
    line, spoilt = world.predict("one"), world.predict("two")
    world.say(line, "accepted")
    world.say(spoilt, "accepted")
    second = world.freeze()
    world.say(line, "corrected", "paper")
    world.say(spoilt, "unusable")
    third = world.freeze()
    assert spoilt.asset not in world.items(third)
    fourth = world.change(leave_out.UNDO, {"versions": [3]})
    assert world.items(fourth) == world.items(second)
    assert "1 go back to what they were, 1 come back" in fourth.note
    assert world.freeze().id == fourth.id
    fifth = world.change(leave_out.UNDO, {"versions": [4]})
    assert world.items(fifth) == world.items(third)
    with pytest.raises(NothingToLeaveOut):
        world.change(leave_out.UNDO, {"versions": [1]})


def test_an_undo_knows_what_a_label_meant_that_means_something_else_now(world: Changing) -> None:
    line = world.predict("one")
    world.say(line, "corrected", "paper")
    world.freeze()
    world.say(line, "corrected", "glass")
    world.freeze()
    world.relabel(("paper", "glass"), ("glass", "paper"))
    back = world.change(leave_out.UNDO, {"versions": [3]})
    assert world.items(back)[line.asset].annotations == (Annotation("glass"),)


def test_an_image_whose_label_was_dropped_meanwhile_does_not_come_back_without_one(world: Changing) -> None:
    line = world.predict("one")
    world.say(line, "corrected", "paper")
    world.freeze()
    world.say(line, "corrected", "glass")
    world.freeze()
    world.relabel(("paper", None))
    back = world.change(leave_out.UNDO, {"versions": [3]})
    assert line.asset not in world.items(back)
    assert "1 images leave" in back.note


def test_what_a_later_review_decided_stays_and_a_renamed_label_stays_renamed(world: Changing) -> None:
    line, other = world.predict("one"), world.predict("two")
    world.say(line, "accepted")
    world.say(other, "accepted")
    world.freeze()
    world.say(line, "corrected", "paper")
    world.freeze()
    world.say(other, "corrected", "paper")
    world.freeze()
    world.relabel(("glass", "bottle"))
    seen = world.change(leave_out.UNDO, {"versions": [2, 4]})
    assert world.items(seen)[line.asset].annotations == (Annotation("paper"),)
    assert other.asset not in world.items(seen)
    back = world.change(leave_out.UNDO, {"versions": [3]})
    assert world.items(back)[line.asset].annotations == (Annotation("bottle"),)


def test_jobs_say_what_they_made(world: Changing) -> None:
    world.relabel((("glass"), "bottle"))
    with world.database.read() as connection:
        from relens.infra.jobs import store as rows

        found: list[Job] = rows.page(connection, ("succeeded",), None, None, 5)
    assert (found[0].result or {})["number"] == 2
