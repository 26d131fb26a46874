"""Saving another trainer tries it on eight images; a version that came without a checkpoint says so and can be given one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.loop import configure, routes, store, training_routes
from relens.loop.judge import Judge
from relens.loop.retrain import Retrain
from relens.loop.try_trainer import TryTrainer
from relens.registry import checkpoint_routes
from relens.registry import store as registry
from relens.training import store as trainings
from tests.rooms.test_training_runs import EXAMPLE, Workshop, program

LOOK = f"""
import glob, json, runpy, sys
order = json.load(open('run.json'))
images = json.load(open('dataset/annotations.json'))['images']
print('trial', order.get('trial'), 'images', len(images), len(glob.glob('dataset/images/*')), flush=True)
assert order['trial'] is True and len(images) == 8
runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')
"""
ONLY_TRIALS = [sys.executable, "-c", LOOK]


class Works(Workshop):
    """With a deployment of an imported model that feeds the dataset of colours."""

    routers = (*Workshop.routers, checkpoint_routes.router, routes.router, training_routes.router)

    def __init__(self, home: Path, database: Database) -> None:
        super().__init__(home, database)
        TryTrainer(database, self.storage, self.settings).register(self.jobs)
        Retrain(database, self.training, Judge(database, self.evaluations)).register(self.jobs)

    def deploy_imported(self) -> None:
        """What an earlier run made, as if it came from elsewhere: no run, no checkpoint."""
        self.over(self.train())
        onnx = self.client.get("/api/v1/model-versions/sorter/1/artifact").content
        made = self.client.post("/api/v1/models/bought/versions", files={"file": ("m.onnx", onnx)}).json()
        owner = self.owner()

        def deploy(connection: Any) -> None:
            from relens.deployments import change

            version = registry.get(connection, made["id"])
            here = change.create(connection, name="belt", version=version, threshold=None, target="server", actor=owner)
            configure.feedback_loop(connection, here, "colours", True, 0.5, owner)

        self.database.write(deploy)

    def belt(self) -> Deployment:
        with self.database.read() as connection:
            return deployments.get(connection, "belt")

    def save(self, **settings: Any) -> dict[str, Any]:
        asked = {"active": False, "trainer": "command", **settings}
        answer = self.client.put("/api/v1/deployments/belt/continuous-training", json=asked)
        assert answer.status_code == 200, answer.text
        saved: dict[str, Any] = answer.json()
        return saved

    def tried(self, saved: dict[str, Any]) -> dict[str, Any]:
        self.finished(saved["trial"]["job"])
        trial: dict[str, Any] = self.get("/deployments/belt/continuous-training")["trial"]
        return trial


@pytest.fixture
def works(tmp_path: Path, database: Database) -> Iterator[Works]:
    with Works(tmp_path / "home", database) as made:
        made.publish_colours()
        made.deploy_imported()
        yield made


def test_a_trainer_is_tried_when_it_is_chosen_and_nothing_is_kept_of_it(works: Works) -> None:
    saved = works.save(parameters={"command": ONLY_TRIALS})
    assert saved["trial"]["state"] in ("queued", "running")
    trial = works.tried(saved)
    assert trial["state"] == "succeeded", trial["error"]
    assert works.jobs.get(trial["job"]).result == {"images": 8}
    assert works.save(parameters={"command": ONLY_TRIALS}, after=7)["trial"]["job"] == trial["job"], (
        "nothing new to try"
    )
    assert len(works.get("/training-runs")["items"]) == 1
    assert len(works.get("/models")["items"]) == 2
    assert list((works.settings.home / "work" / "trials").iterdir()) == []


def test_a_trainer_that_fails_is_said_and_the_settings_stay(works: Works) -> None:
    saved = works.save(parameters={"command": program("print('no card'); raise SystemExit(3)")})
    trial = works.tried(saved)
    assert trial["state"] == "failed"
    assert "exit code 3: no card" in trial["error"]
    again = works.client.post("/api/v1/deployments/belt/continuous-training/trial")
    assert again.status_code == 202, again.text
    assert again.json()["trial"]["job"] != trial["job"]
    assert works.tried(again.json())["state"] == "failed"
    lazy = works.tried(works.save(parameters={"command": program("pass")}))
    assert "left no model" in lazy["error"]
    nonsense = works.tried(works.save(parameters={"command": program("open('out/model.onnx', 'wb').write(b'?')")}))
    assert nonsense["state"] == "failed"


def test_a_trial_of_settings_that_are_not_in_force_any_more_is_stopped(works: Works) -> None:
    first = works.save(parameters={"command": program("import time; time.sleep(600)")})
    second = works.save(parameters={"command": ONLY_TRIALS})
    assert works.tried(second)["state"] == "succeeded"
    assert works.jobs.get(first["trial"]["job"]).state == "cancelled"


def test_a_version_without_a_checkpoint_says_so_until_it_is_given_one(works: Works) -> None:
    command = {"command": [sys.executable, str(EXAMPLE)], "parameters": {"epochs": 4}}
    before = works.save(parameters=command)["next_run"]
    assert before["starts_from"] is None
    assert before["why"] == "bought v1 was imported without a checkpoint"
    at = "/api/v1/model-versions/bought/1/checkpoint"
    assert works.client.put(at, files={"checkpoint": ("c", b"")}).status_code == 422
    for _ in range(2):
        put = works.client.put(at, files={"checkpoint": ("c", b"learned before")})
        assert put.status_code == 200, put.text
        assert put.json()["has_checkpoint"]
    other = works.client.put(at, files={"checkpoint": ("c", b"something else")})
    assert other.status_code == 409
    assert "already" in other.json()["detail"]
    after = works.get("/deployments/belt/continuous-training")["next_run"]
    assert (after["starts_from"]["title"], after["why"]) == ("bought v1", None)
    scratch = works.save(parameters=command, start="scratch")["next_run"]
    assert (scratch["starts_from"], scratch["why"]) == (None, None)


def test_a_run_of_the_loop_starts_as_chosen_and_takes_over_what_is_not_said(works: Works) -> None:
    """The champion was trained here: its weights and parameters are where the next run begins, unless other ones are chosen."""
    look = program(
        f"import os, runpy; print('start', os.path.exists('start.ckpt')); runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')"
    )
    run = works.over(works.train(parameters={"command": look, "parameters": {"epochs": 3}, "minutes": 5}, model="own"))
    _make_champion(works, "own")
    saved = works.save(parameters={"command": look})
    assert saved["trial"] is None, "the champion was trained by this very program"
    assert saved["next_run"]["defaults"] == {"parameters": {"epochs": 3}, "minutes": 5}
    assert saved["next_run"]["champion_run"] == run["id"]
    warm, cold = _round(works), _round(works, start="scratch", minutes=2)
    assert (warm.start_from, cold.start_from) == (run["model_version"], None)
    assert warm.parameters == {"command": look, "parameters": {"epochs": 3}, "minutes": 5}
    assert cold.parameters["minutes"] == 2
    logs = [works.client.get(f"/api/v1/training-runs/{one.id}/log").text for one in (warm, cold)]
    assert ["start True" in log for log in logs] == [True, False]


def _make_champion(works: Works, name: str) -> None:
    from relens.deployments import change

    owner = works.owner()

    def make(connection: Any) -> None:
        version = registry.find(connection, f"{name}/latest")
        change.set_role(connection, deployments.get(connection, "belt"), "champion", version, "better", owner)

    works.database.write(make)


def _round(works: Works, start: str = "champion", **more: Any) -> Any:
    """The training run of a round that is asked for."""
    with works.database.read() as connection:
        command = store.policies(connection, works.belt().id).training.parameters["command"]
    works.save(parameters={"command": command, **more}, start=start)
    asked = works.client.post("/api/v1/deployments/belt/retrain")
    assert asked.status_code == 202, asked.text
    works.finished(asked.json()["id"])
    with works.database.read() as connection:
        found = trainings.run_of_job(connection, asked.json()["id"])
    assert found is not None
    assert found.state == "succeeded", found.error
    return found
