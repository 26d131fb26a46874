"""The server is killed within every step of a run of the loop, many times over: the run goes on at that step, and nothing is there twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.migrations import bring_up_to_date
from relens.loop.retrain import STEPS
from relens.registry import store as registry
from relens.training import store as trainings
from tests.rooms.loop_world import World
from tests.server_process import Server

# Calls of functions after which it dies, until the step is over before that: soon, then ever later in its work.
FIRST, FACTOR = 4, 150


@pytest.mark.timeout(1200)
def test_killed_within_every_step_the_server_goes_on_there_and_nothing_is_doubled(tmp_path: Path) -> None:
    home = tmp_path / "home"
    job, deployment, first = _a_run_that_waits(home)
    server = Server(home)
    try:
        for place, step in enumerate(STEPS):
            kills = _kill_until_it_is_over(server, step)
            assert kills >= 2, f"'{step}' was never killed within its work"
            assert _finished(home, job) == STEPS[:place], step
            assert not _left_behind(home), "a trainer outlived its server"
        server.program = ("relens.cli.main",)
        server.start()
        ended = server.job(job)
        answers = server.http.get("/api/v1/deployments/orchard/loop").json()
    finally:
        server.stop()
    assert ended["state"] == "succeeded", ended
    assert answers["last_run_state"] == "succeeded"
    _nothing_is_there_twice(home, job, deployment, first)


def _a_run_that_waits(home: Path) -> tuple[str, str, str]:
    """A home in which a run of the loop is due and waits for a server: its job, the deployment and the champion."""
    home.mkdir()
    engine = Database(f"sqlite:///{home / 'relens.db'}")
    bring_up_to_date(engine.engine)
    engine.close()
    world = World(home)
    world.jobs.start()
    first = world.train(world.first_dataset().id)
    orchard = world.deploy(first)
    world.review(world.arrive(orchard, range(70)))
    world.jobs.stop()
    world.jobs.register("nothing", lambda run: None)
    world.follow_all()
    (job,) = world.runs(orchard)
    world.close()
    return job.id, orchard.id, first.id


def _kill_until_it_is_over(server: Server, step: str) -> int:
    """Starts it and lets it die in `step`, later each time, until the work of the step was done; how often it was killed."""
    calls, kills = FIRST, 0
    while True:
        said = len(server.log.read_bytes()) if server.log.exists() else 0
        server.program = ("tests.journeys.mortal_server", step, str(calls))
        server.begin()
        assert server.ended(300) == -signal.SIGKILL, server.log.read_text()[-3000:]
        kills += 1
        if b"mortal: the work was done" in server.log.read_bytes()[said:]:
            return kills
        calls *= FACTOR


def _finished(home: Path, job: str) -> tuple[str, ...]:
    world = World(home)
    try:
        return world.jobs.get(job).finished_steps
    finally:
        world.close()


def _left_behind(home: Path, within_s: float = 10.0) -> list[int]:
    """Processes that still work in this home some seconds later."""
    until = monotonic() + within_s
    while (found := _working_in(home)) and monotonic() < until:
        sleep(0.05)
    return found


def _working_in(home: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            here = entry.name.isdigit() and Path(os.readlink(entry / "cwd")).is_relative_to(home)
        except OSError:
            continue
        if here:
            found.append(int(entry.name))
    return found


def _nothing_is_there_twice(home: Path, job: str, deployment: str, first: str) -> None:
    world = World(home)
    try:
        (decision,) = world.decisions(_deployment(world, deployment))
        assert decision.applied == "promoted", decision.reasons
        assert decision.champion == first
        with world.database.read() as connection:
            assert deployments.get(connection, deployment).champion == decision.candidate
            assert len(deployments.history(connection, deployment)) == 2
            versions = registry.versions(connection, "fruit")
            assert [version.id for version in versions] == [decision.candidate, first]
            runs = trainings.runs(connection)
            assert [run.state for run in runs] == ["succeeded", "succeeded"]
            assert runs[0].job == job
            assert runs[0].model_version == decision.candidate
            assert [epoch["epoch"] for epoch in runs[0].epochs] == [1, 2, 3, 4]
            assert len(trainings.evaluations(connection, decision.candidate)) == 2
        assert len(world.lineage_of_data()) == 2
        kept = {version.artifact for version in versions}
        assert {key.rpartition("/")[2] for key in world.storage.keys("artifacts/")} == kept
        assert list((home / "work" / "runs").iterdir()) == []
    finally:
        world.close()


def _deployment(world: World, deployment: str) -> Any:
    with world.database.read() as connection:
        return deployments.get(connection, deployment)
