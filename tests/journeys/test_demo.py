"""The demonstration from outside: one JSON line, a loop that went round, nothing refused, the same decisions every time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from relens.demo.builtin import Sizes, built_in
from relens.demo.coco_writer import write_coco
from relens.demo.stream import Example

KEYS = {"task", "versions", "decisions", "predictions", "verdicts", "added", "failed_requests", "seconds"}
pytestmark = [pytest.mark.training, pytest.mark.timeout(3200)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small set of the simulated conveyor as a user's own COCO folder, with splits and an order of arrival."""
    stream = built_in(4, Sizes(train=24, holdout=16, days=0, per_day=0, steady=8, changed=24))
    place = tmp_path_factory.mktemp("parts")
    arriving = [Example(a.name, a.read, stream.truth(a.name) or ()) for a in stream.production]
    kinds = ((stream.train, "train"), (arriving, "production"), ((*stream.gate, *stream.report), "holdout"))
    write_coco(place, [(e, split) for found, split in kinds for e in found], stream.labels, lambda _: None)
    written = json.loads((place / "annotations.json").read_text())
    for number, image in enumerate(i for i in written["images"] if i["split"] == "production"):
        image["seq"] = number
    (place / "annotations.json").write_text(json.dumps(written))
    return place


def play(folder: Path, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "relens.cli.main", "demo", "--headless", "--json", "--data", str(folder)]
    done = subprocess.run([*command, "--epochs", "2", *more], capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 1, done.stdout
    outcome: dict[str, Any] = json.loads(lines[0])
    return outcome


@pytest.fixture(scope="module")
def outcome(folder: Path) -> dict[str, Any]:
    return play(folder, "--lockstep", "--retrain-after", "12", "--review-fraction", "1")


def test_the_loop_goes_round_and_says_so_in_one_line(outcome: dict[str, Any]) -> None:
    assert set(outcome) == KEYS
    assert outcome["task"] == "detection"
    assert outcome["predictions"] == 32
    assert outcome["verdicts"] == 32
    assert 12 <= outcome["added"] <= 32
    assert outcome["failed_requests"] == 0


def test_every_version_is_measured_on_the_report_images(outcome: dict[str, Any]) -> None:
    assert len(outcome["versions"]) >= 2
    for version in outcome["versions"]:
        assert version["report_images"] == 8
        assert 0 <= version["map50_95"] <= version["map50"] <= 1
        assert version["accuracy"] is None


def test_every_retraining_ends_in_a_decision_with_reasons(outcome: dict[str, Any]) -> None:
    assert len(outcome["decisions"]) == len(outcome["versions"]) - 1
    assert all(decision["reasons"] for decision in outcome["decisions"])


def test_in_lockstep_the_same_seed_gives_the_same_decisions(folder: Path, outcome: dict[str, Any]) -> None:
    again = play(folder, "--lockstep", "--retrain-after", "12", "--review-fraction", "1")
    assert again["decisions"] == outcome["decisions"]
    assert again["versions"] == outcome["versions"]


def test_a_folder_that_is_no_dataset_is_refused_in_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "relens.cli.main", "demo", "--headless", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 1
    assert "annotations.json" in done.stderr
    assert "Traceback" not in done.stderr
