"""The worked example of training on another machine, with an `ssh` that reaches a folder of this one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relens.infra.database import Database
from tests.rooms.test_training_runs import EXAMPLE, LINGER, Workshop, gone

SCRIPT = Path(__file__).parents[2] / "examples" / "gpu_over_ssh" / "train.sh"
# Drops the options as ssh does, then gives the rest to a shell in the other machine's home; unknown names are not reached.
SSH = """#!/bin/sh
while :; do case "$1" in -o) shift 2;; -*) shift;; *) break;; esac; done
[ "$1" = gpu ] || { echo "ssh: Could not resolve hostname $1" >&2; exit 255; }
shift
cd "$OTHER_MACHINE" && exec sh -c "$*"
"""


@pytest.fixture
def workshop(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    (tmp_path / "bin").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "bin" / "ssh").write_text(SSH)
    (tmp_path / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("OTHER_MACHINE", str(tmp_path / "there"))
    with Workshop(tmp_path / "home", database) as made:
        made.publish_colours()
        yield made


def test_the_work_is_done_there_and_what_came_of_it_is_here(workshop: Workshop, tmp_path: Path) -> None:
    odd = "import os, runpy, sys; print('there', os.getcwd(), sys.argv[1:]); runpy.run_path(sys.argv[1], run_name='__main__')"
    words = [str(SCRIPT), "gpu", sys.executable, "-c", odd, str(EXAMPLE), "it's $HOME; `id`"]
    run = workshop.over(workshop.train(words))
    assert run["state"] == "succeeded", run["error"]
    assert [epoch["epoch"] for epoch in run["epochs"]] == [1, 2, 3, 4, 5, 6]
    log = workshop.client.get(f"/api/v1/training-runs/{run['id']}/log").text
    assert f"there {tmp_path / 'there'}/relens-runs/{run['id']}-" in log
    assert "it's $HOME; `id`" in log, "a word is one word there, and nothing in it is expanded"
    assert list((tmp_path / "there" / "relens-runs").iterdir()) == [], "nothing is left there"
    assert workshop.get("/model-versions/sorter/1")["has_checkpoint"]


def test_what_fails_there_fails_here_with_its_last_words(workshop: Workshop, tmp_path: Path) -> None:
    run = workshop.over(workshop.train([str(SCRIPT), "gpu", "sh", "-c", "echo 'CUDA out of memory'; exit 7"]))
    assert "exit code 7" in run["error"]
    assert "CUDA out of memory" in run["error"]
    assert list((tmp_path / "there" / "relens-runs").iterdir()) == []
    nowhere = workshop.over(workshop.train([str(SCRIPT), "elsewhere", "true"]))
    assert nowhere["state"] == "failed"
    assert "Could not resolve hostname elsewhere" in nowhere["error"]


def test_cancelling_ends_the_connection(workshop: Workshop) -> None:
    run = workshop.train([str(SCRIPT), "gpu", sys.executable, "-c", LINGER])
    child = int(workshop.wait_for(run, "ready").split("child ")[1].split()[0])
    workshop.client.post(f"/api/v1/training-runs/{run['id']}/cancel")
    assert workshop.over(run)["state"] == "cancelled"
    assert gone(child)
