"""What a run took and ran with is kept; it can be done again, and what it was given is where the next one begins."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relens.infra.database import Database
from relens.training import store
from relens.training.trainers import TRAINERS
from relens.training.wish import inherited
from tests.rooms.test_training_runs import EXAMPLE, LINGER, Workshop, program

BUSY = f"""
import json, runpy, subprocess, sys, time
held = bytearray(b'1') * (90 << 20)
subprocess.run([sys.executable, '-c', 'import time\\nwhile time.process_time() < 0.6: pass'])
while time.process_time() < 0.6: pass
time.sleep(1.3)
runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')
open('out/environment.json', 'w').write(json.dumps({{'cuda': '12.4', 'gpus': 2, 'list': [1]}}))
"""


@pytest.fixture
def workshop(tmp_path: Path, database: Database) -> Iterator[Workshop]:
    with Workshop(tmp_path / "home", database) as made:
        made.publish_colours()
        yield made


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what processes use is read from /proc")
def test_a_run_says_what_it_took_and_where_it_ran(workshop: Workshop) -> None:
    run = workshop.over(workshop.train(program(BUSY)))
    assert run["state"] == "succeeded", run["error"]
    used, environment = run["used"], run["environment"]
    assert 1.1 < used["cpu_s"] < 10, "its own seconds and those of its child"
    assert used["wall_s"] > 1.8
    assert 90 << 20 < used["peak_memory_bytes"] < 900 << 20
    assert environment["python"] == sys.version.split()[0]
    assert environment["relens"]
    assert environment["threads"] == workshop.settings.training_threads
    assert environment["seed"] is None, "a command has no seed that we know of"
    assert environment["program"] == {"cuda": "12.4", "gpus": "2"}


def test_a_run_that_is_cancelled_says_what_it_took_until_then(workshop: Workshop) -> None:
    run = workshop.train(program(LINGER))
    workshop.wait_for(run, "ready")
    assert workshop.get(f"/training-runs/{run['id']}")["used"] is None
    workshop.client.post(f"/api/v1/training-runs/{run['id']}/cancel")
    over = workshop.over(run)
    assert over["used"]["wall_s"] > 0
    assert over["environment"]["platform"]


def test_a_run_is_done_again_with_everything_it_was_given(workshop: Workshop) -> None:
    first = workshop.over(workshop.train())
    second = workshop.over(workshop.train(start_from="sorter/1", model="other"))
    asked = workshop.client.post(f"/api/v1/training-runs/{second['id']}/repeat")
    assert asked.status_code == 202, asked.text
    third = workshop.over(asked.json())
    given = ("trainer", "parameters", "model", "dataset_version", "start_from")
    assert [third[name] for name in given] == [second[name] for name in given]
    assert third["start_from"] == first["model_version"]
    assert third["repeats"] == second["id"]
    assert second["repeats"] is None
    assert third["state"] == "succeeded", third["error"]
    assert third["model_version"] == second["model_version"], "the same file again is the same version"
    assert third["epochs"] == second["epochs"]


def test_only_an_owner_does_a_command_again(workshop: Workshop) -> None:
    run = workshop.over(workshop.train())
    operator = {"x-relens-actor": "a program of Bob's"}
    refused = workshop.client.post(f"/api/v1/training-runs/{run['id']}/repeat", headers=operator)
    assert refused.status_code == 403, refused.text
    assert len(workshop.get("/training-runs")["items"]) == 1


def test_when_a_later_step_is_done_again_the_end_of_the_run_stays_where_it_was(workshop: Workshop) -> None:
    run = workshop.over(workshop.train())
    ended = workshop.training
    ended._end(run["id"], "succeeded", None)
    with workshop.database.read() as connection:
        found = store.get_run(connection, run["id"])
    assert workshop.get(f"/training-runs/{run['id']}")["finished_at"] == run["finished_at"]
    assert found.state == "succeeded"


def test_what_an_earlier_run_was_given_counts_where_nothing_is_said() -> None:
    compact, command = TRAINERS.get("compact"), TRAINERS.get("command")
    earlier = {"epochs": 30, "image_size": 320, "seed": 4, "width": None}
    assert inherited(compact, {}, earlier) == {"epochs": 30, "image_size": 320, "seed": 4}
    assert inherited(compact, {"minutes": 2, "seed": 0}, earlier) == {"image_size": 320}, "a budget replaces a budget"
    assert inherited(compact, {"image_size": None}, earlier) == {"epochs": 30, "seed": 4}, (
        "null leaves it to the trainer"
    )
    assert inherited(command, {}, {"command": ["rm", "-rf"], "minutes": 3, "gone": 1}) == {"minutes": 3}
