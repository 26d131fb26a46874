"""The gate follows when the labels of the dataset have changed since the champion was trained: real models, real judgements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relens.datasets import store as datasets
from relens.datasets.version import DatasetVersion
from relens.deployments import store as deployments
from relens.loop import change_labels, configure
from relens.loop.decision import Decision
from relens.loop.freeze import freeze
from relens.loop.judge import judge_candidate
from relens.loop.next_version import NextVersions
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from tests.rooms.loop_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.jobs.start()
    yield made
    made.close()


def relabelled(world: World, *rules: tuple[str, str | None]) -> DatasetVersion:
    making = NextVersions(world.database, {change_labels.LABELS: change_labels.plan})
    making.register(world.jobs)
    wish = {"rules": [{"label": label, "to": to} for label, to in rules]}

    def ask(connection):  # type: ignore[no-untyped-def]
        newest = datasets.find(connection, "fruit/latest")
        return making.ask(connection, world.jobs, newest, change_labels.LABELS, wish, world.alice)

    ended = world.finish(world.database.write(ask))
    assert ended.state == "succeeded", ended.error
    with world.database.read() as connection:
        return datasets.find(connection, "fruit/latest")


def judged(world: World, deployment: str, candidate: ModelVersion) -> Decision:
    def ask(connection):  # type: ignore[no-untyped-def]
        here = deployments.get(connection, deployment)
        return judge_candidate(connection, world.jobs, here, registry.get(connection, candidate.id), world.alice)

    ended = world.finish(world.database.write(ask))
    assert ended.state == "succeeded", ended.error
    with world.database.read() as connection:
        (found,) = [
            one for one in world.decisions(deployments.get(connection, deployment)) if one.candidate == candidate.id
        ]
    return found


def test_a_candidate_that_calls_a_label_otherwise_is_compared_under_its_new_name(world: World) -> None:
    orchard = world.deploy(world.train(world.first_dataset().id), after=1000)
    second = relabelled(world, ("unripe", "green"))
    said = judged(world, orchard.id, world.train(second.id))
    assert "'unripe' is called 'green' now." in said.reasons
    assert not any("cannot name" in reason for reason in said.reasons)
    assert {part["name"] for part in said.numbers["report"]["labels"]} == {"ripe", "green"}
    # Both are good at the old lamps: under other names the champion would have been wrong half of the time.
    assert said.numbers["champion"] == pytest.approx(said.numbers["candidate"], abs=0.2)
    assert said.numbers["champion"] > 0.7
    assert "green" in world.now(orchard).labels
    now = world.now(orchard)
    world.database.write(lambda c: configure.feedback_loop(c, now, "fruit", True, 0.3, world.alice))


def test_a_champion_with_the_old_labels_goes_on_and_its_reviews_train_the_new_ones(world: World) -> None:
    orchard = world.deploy(world.train(world.first_dataset().id), after=1000)
    relabelled(world, ("unripe", "green"))
    lines = world.arrive(orchard, range(20))
    assert {line.answered[0].label for line, _ in lines} <= {"ripe", "unripe"}
    world.review(lines)
    world.follow_all()
    third = freeze(world.database, orchard.id, "orchard", world.alice).version
    assert third.labels == ("ripe", "green")
    assert sum(sum(third.statistics[label].values()) for label in third.labels) == 38 + 20


def test_names_that_changed_places_are_followed(world: World) -> None:
    orchard = world.deploy(world.train(world.first_dataset().id), after=1000)
    renamed = world.train(relabelled(world, ("unripe", "green")).id)
    relabelled(world, ("green", "unripe"), ("ripe", "green"))
    said = judged(world, orchard.id, renamed)
    assert {part["name"] for part in said.numbers["report"]["labels"]} == {"green", "unripe"}
    assert not any("cannot name" in reason for reason in said.reasons)
    assert said.numbers["champion"] > 0.7
    assert said.numbers["candidate"] > 0.7
