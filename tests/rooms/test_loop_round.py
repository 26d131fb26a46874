"""The whole loop once round, with a real trainer process: data, candidate, gate, champion; and what must not happen."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relens.deployments import store as deployments
from relens.kit.errors import Conflict
from relens.kit.ids import content_id
from relens.loop import configure, promote, store
from relens.loop.effects import effects, forward
from relens.loop.judge import judge_candidate
from relens.loop.membership import NEAR
from relens.loop.policy import ContinuousDeployment
from relens.loop.progress import progress
from relens.loop.provenance import lineage
from relens.loop.retrain import STEPS
from relens.loop.start import start
from relens.loop.trial import trial_of
from relens.registry import store as registry
from relens.review.settle import reopen
from relens.training import run
from relens.training import store as trainings
from relens.vision.decode import decode
from relens.vision.fingerprint import distance, fingerprint
from tests.rooms.loop_world import LABELS, NEW, World, patch


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.jobs.start()
    yield made
    made.close()


def test_the_loop_goes_round_and_the_way_back_is_known(world: World) -> None:
    first = world.train(world.first_dataset().id)
    orchard = world.deploy(first)
    lines = world.arrive(orchard, range(75))
    wrong = sum(line.answered[0].label != truth for line, truth in lines)
    assert wrong > 25, "under the new lamps version 1 must be bad, or there is nothing to learn"

    world.review(lines[:30])
    world.follow_all()
    assert world.runs(orchard) == []
    world.review(lines[30:70])
    world.follow_all()
    world.follow_all()
    (job,) = world.runs(orchard)
    ended = world.finish(job.id)
    assert ended.state == "succeeded", ended.error
    assert ended.finished_steps == STEPS

    (decision,) = world.decisions(orchard)
    assert decision.applied == "promoted", decision.reasons
    assert "clearly better" in decision.reasons[0]
    drawn = decision.numbers["weights"]
    assert set(drawn) <= {line.asset for line, _ in lines}
    assert len(drawn) > 10, "test images of an import have no weight of their own"
    assert list(drawn.values()) == pytest.approx([1.0] * len(drawn)), "all of one size"
    now = world.now(orchard)
    second = world.version(now.champion)
    assert second.id == decision.candidate != first.id
    assert second.parent == first.id
    with world.database.read() as connection:
        seen = progress(connection, now)
        roles = deployments.history(connection, orchard.id)
    assert seen.tally.added == 0
    assert seen.verdicts == 70
    assert seen.dataset == ("fruit", 2)
    assert seen.run is None
    assert roles[0].model_version == second.id
    assert "clearly better" in roles[0].reason

    (answer, _) = world.arrive(orchard, range(300, 301))[0]
    assert answer.model_version == second.id
    with world.database.read() as connection:
        steps = lineage(connection, answer.id)
    assert [step.kind for step in steps] == [
        "prediction",
        "model version",
        "training run",
        "dataset version",
        "verdicts",
        "dataset version",
        "dataset import",
    ]
    assert "70 corrected" in steps[4].detail
    assert steps[4].by == "Alice"

    with world.database.read() as connection:
        now = deployments.get(connection, orchard.id)
        (effect,) = effects(connection, now)
        ahead = [step.kind for step in forward(connection, lines[0][0].id)]
        nothing = forward(connection, answer.id)
    assert ahead == ["dataset version", "model version", "promotion"]
    assert nothing == []
    (alice,) = effect.people
    assert (alice.name, alice.images) == ("Alice", 70)
    numbers = decision.numbers
    assert sum(one.objects for one in effect.counts) == numbers["images"]
    right = {name: round(numbers["images"] * numbers[name]) for name in ("champion", "candidate")}
    assert [numbers["images"] - sum(one.missed[which] for one in effect.counts) for which in (0, 1)] == [
        *right.values()
    ]
    assert effect.sentence(world.alice.id).startswith(f"Your 70 corrections are in {second.title}: missed ")
    assert effect.sentence("somebody else").startswith(f"The 70 corrections are in {second.title}: missed ")
    back = world.database.write(lambda connection: promote.rollback(connection, now, world.alice))
    assert back.id == first.id == world.now(orchard).champion


def test_what_a_person_takes_back_leaves_the_next_version(world: World) -> None:
    orchard = world.deploy(world.train(world.first_dataset().id), after=1000)
    lines = world.arrive(orchard, range(20))
    world.review(lines)
    world.follow_all()
    job = world.database.write(lambda connection: start(connection, world.jobs, orchard, world.alice, "asked for"))
    again = world.database.write(lambda connection: start(connection, world.jobs, orchard, world.alice, "asked for"))
    assert again == job, "one run per deployment at a time"
    assert world.finish(job).state == "succeeded"
    spoiled = lines[0][0]
    world.database.write(lambda connection: reopen(connection, spoiled.id, actor=world.alice))
    world.follow_all()
    job = world.database.write(lambda connection: start(connection, world.jobs, orchard, world.alice, "asked for"))
    assert world.finish(job).state == "succeeded"
    newest, before, _ = world.lineage_of_data()
    assert len(newest[1]) == len(before[1]) - 1
    assert spoiled.asset not in {item.asset for item in newest[1]}
    # The few test images of the old lamps and of 20 reviews are no evidence, whichever of the two versions looks better on them.
    for decision in world.decisions(orchard):
        assert decision.applied == "held", decision.reasons
        assert decision.numbers["groups"] < 15


def test_a_bad_candidate_is_held(world: World) -> None:
    good = world.train(world.first_dataset().id)
    orchard = world.deploy(good, after=1000)
    bad = world.train(world.first_dataset("shuffled", flipped=True).id)
    held = _judged(world, orchard.id, bad.id)
    assert held.applied == "held"
    assert world.now(orchard).champion == good.id
    with pytest.raises(Conflict, match="held"):
        world.database.write(lambda connection: promote.approve(connection, held.id, world.alice))


def _judged(world: World, deployment: str, candidate: str):  # type: ignore[no-untyped-def]
    def ask(connection):  # type: ignore[no-untyped-def]
        return judge_candidate(
            connection,
            world.jobs,
            deployments.get(connection, deployment),
            registry.get(connection, candidate),
            world.alice,
        )

    ended = world.finish(world.database.write(ask))
    assert ended.state == "succeeded", ended.error
    with world.database.read() as connection:
        found = store.decision_of_job(connection, ended.id)
    assert found is not None
    return found


def test_with_shuffled_verdicts_the_gate_refuses(world: World) -> None:
    """Verdicts that have nothing to do with the images, in what is trained on and in what is tested on alike."""
    orchard = world.deploy(world.train(world.first_dataset().id), after=1000)
    lines = world.arrive(orchard, range(60))
    chance = np.random.default_rng(0)
    world.review([(line, str(chance.choice(LABELS))) for line, _ in lines])
    world.follow_all()
    job = world.database.write(lambda connection: start(connection, world.jobs, orchard, world.alice, "asked for"))
    assert world.finish(job).state == "succeeded"
    (decision,) = world.decisions(orchard)
    assert decision.applied == "held", decision.reasons


def test_a_candidate_that_waits_is_approved_or_refused_by_a_person(world: World) -> None:
    first = world.train(world.first_dataset().id)
    orchard = world.deploy(first, policy="champion")
    world.review(world.arrive(orchard, range(70)))
    world.follow_all()
    (job,) = world.runs(orchard)
    # What counts is the policy when the candidate is judged, not the one when its training began.
    beside = ContinuousDeployment(True, "shadow")
    world.database.write(lambda connection: configure.continuous_deployment(connection, orchard, beside, world.alice))
    assert world.finish(job.id).state == "succeeded"
    (decision,) = world.decisions(orchard)
    assert decision.applied == "shadow"
    now = world.now(orchard)
    assert (now.champion, now.shadow) == (first.id, decision.candidate)
    approved = world.database.write(lambda connection: promote.approve(connection, decision.id, world.alice))
    assert approved.applied == "approved"
    now = world.now(orchard)
    assert (now.champion, now.shadow) == (decision.candidate, None)
    with pytest.raises(Conflict, match="settled"):
        world.database.write(lambda connection: promote.refuse(connection, decision.id, world.alice))


def test_no_training_set_ever_held_a_test_image(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What trainers were given on disk, over two rounds with an import between them that declares test images as training images."""
    given = _what_trainers_are_given(monkeypatch)
    orchard = world.deploy(world.train(world.first_dataset().id), after=20)
    for start_at in (0, 45):
        world.review(world.arrive(orchard, range(start_at, start_at + 45)))
        world.follow_all()
        (job,) = world.runs(orchard)
        assert world.finish(job.id).state == "succeeded"
        if start_at == 0:
            world.publish_earlier_mistake()
    trained: set[str] = set()
    tested: set[str] = set()
    for version, items in world.lineage_of_data():
        tested |= {item.asset for item in items if item.split == "test"}
        if version.origin == "feedback":
            trained |= {item.asset for item in items if item.split != "test"}
    assert len(world.lineage_of_data()) == 4
    assert len(tested) > 20
    assert not trained & tested
    assert len(given) == 3
    assert not set().union(*given) & tested
    with world.database.read() as connection:
        newest = registry.versions(connection, "fruit")[0]
        trial = trial_of(connection, world.now(orchard), newest, None)
    assert trial.items
    assert not {item.asset for item in trial.items} & set().union(*given)


def _what_trainers_are_given(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Filled with the images in each run folder at the moment when its trainer starts."""
    given: list[set[str]] = []
    started = run.run_program

    def look(command: list[str], folder: Path, *rest: Any) -> None:
        images = [path for path in (folder / "dataset").rglob("*") if path.suffix == ".png"]
        given.append({content_id(path.read_bytes()) for path in images})
        started(command, folder, *rest)

    monkeypatch.setattr(run, "run_program", look)
    return given


def test_killed_at_every_step_it_goes_on_there_and_does_nothing_twice(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.jobs.start()
    first = world.train(world.first_dataset().id)
    orchard = world.deploy(first)
    world.review(world.arrive(orchard, range(70)))
    world.jobs.stop()
    world.jobs.register("nothing", lambda run: None)
    world.follow_all()
    (job,) = world.runs(orchard)
    for place, step in enumerate(STEPS):
        killed = subprocess.run(
            [sys.executable, "-m", "tests.rooms.loop_world", str(tmp_path), step],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert world.jobs.get(job.id).finished_steps == STEPS[:place]
    done = subprocess.run(
        [sys.executable, "-m", "tests.rooms.loop_world", str(tmp_path), ""], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    ended = world.jobs.get(job.id)
    assert (ended.state, ended.finished_steps) == ("succeeded", STEPS)
    (decision,) = world.decisions(orchard)
    assert decision.applied == "promoted", decision.reasons
    assert world.now(orchard).champion == decision.candidate
    with world.database.read() as connection:
        assert len(registry.versions(connection, "fruit")) == 2
        assert len(deployments.history(connection, orchard.id)) == 2
        assert len(trainings.evaluations(connection, decision.candidate, split="validation")) == 1
    assert len(world.lineage_of_data()) == 2
    world.database.close()


def test_patches_look_different_to_the_fingerprint() -> None:
    """Otherwise near-duplicates would be skipped and these tests would test nothing."""
    prints = [fingerprint(decode(patch("ripe", number, NEW))) for number in range(20)]
    assert min(distance(one, other) for i, one in enumerate(prints) for other in prints[:i]) > NEAR
