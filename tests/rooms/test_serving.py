"""The engine on a real log: failures, duplicates, canaries, shadows, back-pressure, and the way from a bad version back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event, Thread
from time import monotonic
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper

from relens.access import store as access_store
from relens.access.actor import Actor
from relens.assets.asset import storage_key
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, Role
from relens.inference.errors import BrokenModel
from relens.inference.load import LoadedVersion
from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.ids import content_id
from relens.overview.gather import missed
from relens.predictions import browse
from relens.predictions.logged import Entry, Logged, SentTwice
from relens.predictions.record import Recorder
from relens.registry.model_version import ModelVersion, artifact_key
from relens.registry.register import register
from relens.serving import look, swap
from relens.serving.answer import MOST_COMING, Busy, Engine, Job
from relens.serving.crew import MOST_BEHIND
from relens.serving.line import Request
from relens.serving.look import MOST_IN_LINE
from relens.serving.swap import Swapper
from relens.testing.images import BLUE, GREEN, RED, make_jpeg
from relens.testing.tiny_models import classifier, model
from relens.vision.decode import NotAnImage

Answering = Callable[[], Coroutine[Any, Any, Any]]


def afraid_of_red(limit: float = 0.7, note: str = "") -> bytes:
    """A classifier whose answer is not a number for an image that is redder than `limit`."""
    import numpy as np

    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["mean"]),
        helper.make_node("Gather", ["mean", "zero"], ["red"], axis=1),
        helper.make_node("Sub", ["limit", "red"], ["left"]),
        helper.make_node("Sqrt", ["left"], ["root"]),
        helper.make_node("Mul", ["root", "nothing"], ["none"]),
        helper.make_node("Mul", ["mean", "sharp"], ["raw"]),
        helper.make_node("Add", ["raw", "none"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    constants = {
        "zero": np.asarray([0], np.int64),
        "limit": np.float32(limit),
        "nothing": np.float32(0),
        "sharp": np.float32(12),
    }
    declared = {
        "relens.task": "classification",
        "relens.labels": '["red", "green", "blue"]',
        "relens.input": '{"resize": "stretch", "scale": 0.00392156862745098}',
        "relens.outputs": "softmax",
        "note": note,
    }
    return model(nodes, constants, [("probabilities", ["batch", 3])], 32, declared)


class World:
    """One deployment on an engine of two workers; a test says what it wants and runs coroutines."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.storage = Folder(folder / "files")
        self.alice: Actor = database.write(lambda c: access_store.named(c, "alice", "person", "owner"))
        self.swapper = Swapper(database, self.storage, threads=1)
        self.recorder = Recorder(database, self.storage)
        self.engine = Engine(self.swapper, self.recorder, 2)

    def version(self, onnx: bytes) -> ModelVersion:
        return register(self.database, self.storage, onnx, model="colours", actor=self.alice)

    def deploy(self, version: ModelVersion, threshold: float = 0.1) -> Deployment:
        made = self.database.write(
            lambda c: change.create(
                c, name="d", version=version, threshold=threshold, target="server", actor=self.alice
            )
        )
        self.swapper.step()
        return made

    def give(self, role: Role, version: ModelVersion, share: float | None = None) -> None:
        def work(connection: Any) -> None:
            found = deployments.get(connection, "d")
            change.set_role(connection, found, role, version, "test", self.alice)
            if share is not None:
                change.set_canary_share(connection, found, share)

        self.database.write(work)
        self.swapper.step()

    def run(self, *asked: Coroutine[Any, Any, Any]) -> list[Any]:
        async def all_of_them() -> list[Any]:
            return await asyncio.gather(*asked, return_exceptions=True)

        return asyncio.run(all_of_them())

    def answer(self, data: bytes, **fields: Any) -> Logged:
        (outcome,) = self.run(self.engine.answer("d", data, Request(**fields)))
        if isinstance(outcome, BaseException):
            raise outcome
        line: Logged = outcome[0]
        return line

    def log(self, role: str | None = None) -> list[Logged]:
        with self.database.read() as connection:
            found = deployments.get(connection, "d")
            return browse.page(connection, found.id, browse.Filter(role=role), "logged_at", 500, None)[0]

    def serving(self) -> Any:
        with self.database.read() as connection:
            found = deployments.get(connection, "d")
            return deployments.serving(connection, [found.id])[found.id]


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    made = World(database, tmp_path)
    yield made
    made.engine.stop()


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = monotonic() + seconds
    while not true():
        assert monotonic() < deadline, "it did not happen in time"
        Event().wait(0.02)


def test_a_sound_image_the_model_fails_on_is_an_error_for_its_sender_and_a_line_of_the_log(world: World) -> None:
    world.deploy(world.version(afraid_of_red()))
    red, green = make_jpeg(RED), make_jpeg(GREEN)
    outcomes = world.run(*(world.engine.answer("d", data, Request(source="line-1")) for data in (red, green)))
    assert isinstance(outcomes[0], BrokenModel)
    assert "not finite" in str(outcomes[0])
    assert outcomes[1][0].answered[0].label == "green"
    until(lambda: len(world.log()) == 2)
    failed = next(line for line in world.log() if line.error is not None)
    assert (failed.error, failed.detections, failed.source) == ("numbers not finite", (), "line-1")
    assert world.storage.get(f"assets/{failed.asset[:2]}/{failed.asset}") == red


def test_what_is_no_image_is_refused_and_leaves_no_line(world: World) -> None:
    world.deploy(world.version(classifier()))
    with pytest.raises(NotAnImage):
        world.answer(b"no image at all")
    assert world.log() == []


def test_after_a_failure_the_same_client_id_may_still_be_answered_once(world: World) -> None:
    world.deploy(world.version(afraid_of_red()))
    red = make_jpeg(RED)
    with pytest.raises(BrokenModel):
        world.answer(red, client_id="a")
    world.give("champion", world.version(classifier()))
    assert world.answer(red, client_id="a").answered[0].label == "red"
    assert [line.client_id for line in world.log()] == [None, "a"]


def test_what_was_answered_once_is_answered_the_same_when_the_model_has_broken_since(world: World) -> None:
    world.deploy(world.version(classifier()))
    red = make_jpeg(RED)
    first = world.answer(red, client_id="a")
    # Only an image that is rather red makes this version fail, so that it passes its trial on the image answered last.
    world.run(world.engine.answer("d", make_jpeg(GREEN), Request()))
    world.run(*(world.engine.answer("d", make_jpeg(BLUE, seed=n), Request()) for n in range(8)))
    world.give("champion", world.version(afraid_of_red()))
    with pytest.raises(BrokenModel):
        world.answer(red)
    assert world.answer(red, client_id="a").id == first.id


def test_concurrent_duplicates_are_predicted_and_logged_once(world: World) -> None:
    world.deploy(world.version(classifier()))
    red, blue = make_jpeg(RED), make_jpeg(BLUE)
    outcomes = world.run(
        *(world.engine.answer("d", red, Request(client_id="a")) for _ in range(10)),
        world.engine.answer("d", blue, Request(client_id="a")),
    )
    assert len({line.id for line, _ in outcomes[:10]}) == 1
    assert sum(fresh for _, fresh in outcomes[:10]) == 1
    assert isinstance(outcomes[10], SentTwice)
    assert len(world.log()) == 1
    with pytest.raises(SentTwice):
        world.answer(blue, client_id="a")


def test_more_than_may_wait_are_told_when_to_come_back_and_the_others_are_answered(world: World) -> None:
    world.deploy(world.version(classifier()))
    world.engine.stop()
    world.engine = Engine(world.swapper, world.recorder, 1, most_waiting=3)
    images = [make_jpeg(RED, seed=n, size=(400, 300)) for n in range(40)]
    outcomes = world.run(*(world.engine.answer("d", data, Request()) for data in images))
    refused = [one for one in outcomes if isinstance(one, BaseException)]
    assert refused
    assert all(isinstance(one, Busy) and one.retry_after_s >= 1.0 for one in refused)
    assert len(world.log()) == len(outcomes) - len(refused) >= 3


def test_a_canary_answers_its_share_by_source_and_the_log_says_so(world: World) -> None:
    champion, canary = world.version(classifier()), world.version(classifier(order=(1, 2, 0)))
    world.deploy(champion)
    world.give("canary", canary, share=0.5)
    data = make_jpeg(RED)
    for number in range(12):
        once, again = (world.answer(data, source=f"line-{number}") for _ in range(2))
        assert once.role == again.role
        assert once.model_version == (canary.id if once.role == "canary" else champion.id)
    assert {line.role for line in world.log()} == {"champion", "canary"}
    world.give("canary", canary, share=1.0)
    assert world.answer(data).role == "canary"
    world.give("champion", canary)
    assert world.answer(data).role == "champion"
    assert world.swapper.live("d").canary is None  # type: ignore[union-attr]


def test_where_a_canary_fails_the_champion_answers_and_both_are_logged(world: World) -> None:
    world.deploy(world.version(classifier()))
    world.give("canary", world.version(afraid_of_red()), share=1.0)
    line = world.answer(make_jpeg(RED), client_id="a")
    assert (line.role, line.answered[0].label, line.client_id) == ("champion", "red", "a")
    until(lambda: len(world.log()) == 2)
    assert {(one.role, one.error) for one in world.log()} == {("champion", None), ("canary", "numbers not finite")}
    assert world.answer(make_jpeg(GREEN)).role == "canary"


def test_a_shadow_that_fails_is_a_line_and_reaches_nobody(world: World) -> None:
    world.deploy(world.version(classifier()))
    world.give("shadow", world.version(afraid_of_red()))
    answered = world.answer(make_jpeg(RED), source="line-1")
    until(lambda: len(world.log("shadow")) == 1)
    (line,) = world.log("shadow")
    assert (line.parent, line.source, line.error) == (answered.id, "line-1", "numbers not finite")
    world.answer(make_jpeg(GREEN))
    until(lambda: len(world.log("shadow")) == 2)


def test_a_version_that_fails_on_the_images_answered_last_changes_nothing(world: World) -> None:
    world.deploy(good := world.version(classifier()))
    red = make_jpeg(RED)
    world.answer(red)
    world.give("champion", world.version(afraid_of_red()))
    assert world.serving().state == "failed"
    assert "not finite" in world.serving().message
    assert "goes on answering" in world.serving().message
    assert world.answer(red).model_version == good.id


def test_a_version_that_loads_at_the_second_try_is_live(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "RETRY_S", 0.0)
    version = world.version(classifier())
    kept = world.storage.get(artifact_key(version.artifact))
    world.storage.delete(artifact_key(version.artifact))
    world.deploy(version)
    assert world.serving().state == "failed"
    world.storage.put(artifact_key(version.artifact), kept)
    world.swapper.step()
    assert (world.serving().state, world.serving().model_version) == ("live", version.id)
    assert world.answer(make_jpeg(RED)).model_version == version.id
    looked = world.swapper._states
    world.swapper.step()
    assert world.swapper._states == looked
    # A shadow that fails each time leaves its reason standing, although the champion answers.
    other = world.version(classifier(note="shadow"))
    world.storage.delete(artifact_key(other.artifact))
    world.give("shadow", other)
    world.swapper.step()
    assert (world.serving().state, "the shadow could not be loaded" in world.serving().message) == ("failed", True)


def test_a_new_version_says_how_far_it_agrees_with_the_one_before(world: World) -> None:
    world.deploy(world.version(classifier()))
    for seed in range(3):
        world.answer(make_jpeg(RED, seed=seed))
    world.give("champion", world.version(classifier(order=(1, 2, 0))))
    assert (world.serving().state, "of 0 % of what" in world.serving().message) == ("live", True)
    world.give("champion", world.version(classifier(note="the same again")))
    assert "of 0 % of what" in world.serving().message
    world.give("shadow", world.version(classifier(note="and again")))
    assert "of 100 % of what" in world.serving().message
    assert "the last 3 images" in world.serving().message


def test_jobs_that_waited_for_a_version_that_left_are_answered_by_the_new_one(world: World) -> None:
    first, second = world.version(classifier()), world.version(classifier(note="second"))
    world.deploy(first)
    live = world.swapper.live("d")
    assert live is not None
    world.give("champion", second)
    world.swapper._live[live.id] = live  # as a request saw it a moment before the swap
    told: list[Any] = []

    async def ask() -> None:
        asked = asyncio.create_task(world.engine.answer("d", make_jpeg(RED), Request()))
        await asyncio.sleep(0)
        world.swapper._live[live.id] = replace(live, champion=second.id)
        told.append(await asked)

    asyncio.run(ask())
    assert told[0][0].model_version == second.id


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(threshold=st.floats(0.0, 1.0))
def test_an_answer_never_holds_what_lies_below_the_threshold(world: World, threshold: float) -> None:
    if world.swapper.live("d") is None:
        world.deploy(world.version(classifier(sharpness=2.0)))

    def work(connection: Any) -> None:
        change.set_threshold(connection, deployments.get(connection, "d"), threshold)

    world.database.write(work)
    world.swapper.step()
    line = world.answer(make_jpeg(BLUE))
    assert line.threshold == threshold
    assert all(d.confidence >= threshold for d in line.answered)
    assert len(line.detections) == 3
    _, said = asyncio.run(world.engine.try_out("d", make_jpeg(BLUE)))
    assert all(d.confidence >= threshold for d in said.detections)


def test_those_who_wait_for_a_version_hold_no_thread_and_too_many_are_told_to_come_back(world: World) -> None:
    version = world.version(classifier())
    world.database.write(
        lambda c: change.create(c, name="d", version=version, threshold=0.1, target="server", actor=world.alice)
    )

    async def ask() -> list[Any]:
        asked = [
            asyncio.create_task(world.engine.answer("d", make_jpeg(RED), Request())) for _ in range(MOST_COMING + 3)
        ]
        # Far more wait than there are threads, and still a thread is free at once.
        while world.engine._coming < MOST_COMING:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(world.swapper.step)
        return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = asyncio.run(ask())
    told = [one for one in outcomes if isinstance(one, Busy)]
    answered = [one for one in outcomes if isinstance(one, tuple)]
    assert len(told) >= 3
    assert len(answered) + len(told) == len(outcomes)
    assert len(answered) > 6


def test_only_a_few_stand_in_line_for_a_look(world: World) -> None:
    version = world.version(classifier())
    barrier = Barrier(MOST_IN_LINE + 2, timeout=60)
    outcomes: list[Any] = []

    def ask() -> None:
        barrier.wait()
        try:
            outcomes.append(look.look(world.swapper, version.id, make_jpeg(RED)))
        except Busy as error:
            outcomes.append(error)

    with look._one:  # somebody looks, and it takes a while
        threads = [Thread(target=ask) for _ in range(MOST_IN_LINE + 2)]
        for thread in threads:
            thread.start()
        until(lambda: len(outcomes) == 2)
        assert all(isinstance(one, Busy) for one in outcomes)
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, Busy) for one in outcomes) == 2


def held(world: World, number: int) -> Future[tuple[Logged, bool]]:
    """A line of a quick model that was told that others follow soon."""
    live = world.swapper.live("d")
    assert live is not None
    entry = Entry(live.id, f"{number:064x}", 9, 9, live.champion, "champion", (), 0.1, 1.0, 1)
    return world.recorder.record(entry, None, None, hold=True)


def test_a_line_that_was_held_is_written_when_the_next_version_is_gone(world: World) -> None:
    world.deploy(world.version(classifier()))
    world.answer(make_jpeg(RED))
    live = world.swapper.live("d")
    assert live is not None
    line = held(world, 1)
    world.engine._crew.offer_behind(Job(live, "shadow", "gone", b"", lambda *_: None))
    assert line.result(20)[1]
    assert world.recorder.tallied.waiting(live.id, "shadow left") == 1


def test_a_line_that_was_held_does_not_wait_while_a_slow_version_works(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deploy(world.version(classifier()))
    slow = world.version(classifier(note="slow"))
    world.give("shadow", slow)
    live = world.swapper.live("d")
    assert live is not None
    begun, go, use = Event(), Event(), world.swapper.fleet.use

    @contextmanager
    def slowly(version: str) -> Iterator[Any]:
        with use(version) as loaded:
            if version == slow.id:
                begun.set()
                assert go.wait(20)
            yield loaded

    monkeypatch.setattr(world.swapper.fleet, "use", slowly)
    world.engine._answered_last = str(live.champion)
    line = held(world, 2)
    world.engine._crew.offer(Job(live, "champion", slow.id, make_jpeg(RED), lambda *_: None))
    try:
        assert begun.wait(20)
        assert line.result(20)[1], "although the slow version has not answered yet"
    finally:
        go.set()


def test_an_image_is_written_while_its_model_runs_and_goes_again_when_it_cannot_be_logged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deploy(world.version(classifier()))
    written = {content_id(image): image for image in (make_jpeg(RED), make_jpeg(BLUE))}
    red, blue = (storage_key(asset) for asset in written)
    there: list[bool] = []
    run = LoadedVersion.run

    def looked_for(loaded: LoadedVersion, tensor: object) -> Any:
        key = blue if there else red
        until(lambda: world.storage.exists(key))
        there.append(True)
        return run(loaded, tensor)

    monkeypatch.setattr(LoadedVersion, "run", looked_for)
    world.answer(written[red.split("/")[-1]], client_id="a")
    with pytest.raises(SentTwice):
        world.answer(written[blue.split("/")[-1]], client_id="a")
    assert len(there) == 2
    until(lambda: world.database.engine.dialect.name != "sqlite" or not world.storage.exists(blue))
    assert world.storage.exists(red)


def test_the_image_of_a_try_is_not_written(world: World) -> None:
    world.deploy(world.version(classifier()))
    world.run(world.engine.try_out("d", make_jpeg(RED)))
    assert not world.storage.exists(storage_key(content_id(make_jpeg(RED))))


def test_what_a_shadow_missed_is_written_down_with_the_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = world.deploy(world.version(classifier()))
    world.give("shadow", world.version(classifier(note="shadow")))
    monkeypatch.setattr(world.engine._crew, "_nobody_is_kept_waiting", lambda: False)  # images keep coming
    count = MOST_BEHIND + 3
    outcomes = world.run(*(world.engine.answer("d", make_jpeg(RED, seed=n), Request()) for n in range(count)))
    assert all(isinstance(one, tuple) for one in outcomes), "never at the cost of an answer"
    world.recorder.tallied.step()
    world.engine.stop()
    with world.database.read() as connection:
        assert missed(connection, deployment) == {"shadow busy": 3, "shadow stopped": MOST_BEHIND}


def test_what_a_deployment_that_was_put_away_ran_leaves_the_memory(world: World) -> None:
    version = world.version(afraid_of_red())
    world.deploy(version)
    world.swapper.step()
    assert world.swapper.fleet.has(version.id)
    world.database.write(lambda c: change.archive(c, deployments.get(c, "d")))
    world.swapper.step()
    assert not world.swapper.fleet.has(version.id)


def test_what_was_put_away_and_brought_back_between_two_looks_is_live(world: World) -> None:
    world.deploy(world.version(afraid_of_red()))
    world.swapper.step()
    world.database.write(lambda c: change.archive(c, deployments.get(c, "d")))
    world.database.write(lambda c: change.restore(c, deployments.get(c, "d")))
    world.swapper.step()
    with world.database.read() as connection:
        found = deployments.get(connection, "d")
        assert deployments.serving(connection, [found.id])[found.id].state == "live"
