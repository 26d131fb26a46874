"""Training runs through their HTTP door, with real programs as trainers."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from relens.access.actor import Actor
from relens.assets import store as assets
from relens.assets.keep import keep
from relens.datasets import store as datasets
from relens.datasets.item import Item
from relens.datasets.publish import publish
from relens.infra.database import Database
from relens.infra.jobs import store as job_rows
from relens.kit.errors import NotAllowed
from relens.registry import routes as registry_routes
from relens.registry import store as registry
from relens.training import routes
from relens.training.evaluations import Evaluations
from relens.training.permission import must_be_permitted
from relens.training.process import Limits, TooMuchMemory, run_program
from relens.training.run import Training
from relens.training.training_run import TrainingFailed
from relens.vision.annotation import Annotation
from tests.rooms.test_datasets_import import Server

EXAMPLE = Path(__file__).parents[2] / "examples" / "command_trainer" / "train.py"
COLOURS = {"red": (200, 40, 30), "green": (30, 180, 60), "blue": (20, 50, 210)}


class Workshop(Server):
    """Datasets, registry and training behind HTTP, with nine coloured images per split."""

    def __init__(self, home: Path, database: Database) -> None:
        super().__init__(home, database)
        self.training = Training(database, self.storage, self.settings)
        self.evaluations = Evaluations(database, self.storage, self.settings)
        self.training.register(self.jobs)
        self.evaluations.register(self.jobs)
        self.parts.add(self.training)
        self.parts.add(self.evaluations)

    routers = (*Server.routers, routes.router, registry_routes.router)

    def publish_colours(self) -> str:
        """dataset 'colours', version 1: its id."""
        items, kept = [], []
        for split in ("train", "validation", "test"):
            for number in range(9):
                label = list(COLOURS)[number % 3]
                asset = keep(self.storage, coloured(label, number + 10 * len(items)))
                kept.append(asset)
                truth = (Annotation(label),)
                items.append(Item(asset.id, split, asset.id, f"{split}-{number}.png", "line-1", truth))  # type: ignore[arg-type]

        owner = self.owner()

        def write(connection: Any) -> str:
            assets.remember(connection, kept)
            version = publish(
                connection,
                dataset="colours",
                task="classification",
                labels=list(COLOURS),
                items=items,
                origin="import",
                actor=owner,
            )
            return version.id

        return self.database.write(write)

    def train(self, command: list[str] | None = None, **wish: Any) -> dict[str, Any]:
        parameters = {"command": command or [sys.executable, str(EXAMPLE)]}
        body = {
            "model": "sorter",
            "dataset_version": "colours/1",
            "trainer": "command",
            "parameters": parameters,
            **wish,
        }
        answer = self.client.post("/api/v1/training-runs", json=body)
        assert answer.status_code == 202, answer.text
        run: dict[str, Any] = answer.json()
        return run

    def over(self, run: dict[str, Any]) -> dict[str, Any]:
        self.finished(run["job"])
        found: dict[str, Any] = self.get(f"/training-runs/{run['id']}")
        return found

    def wait_for(self, run: dict[str, Any], word: str) -> str:
        while word not in (log := self.client.get(f"/api/v1/training-runs/{run['id']}/log").text):
            assert self.jobs.get(run["job"]).is_open, log
        return log


def coloured(label: str, shade: int) -> bytes:
    red, green, blue = COLOURS[label]
    written = io.BytesIO()
    Image.new("RGB", (40, 30), (red, green, (blue + shade) % 256)).save(written, "PNG")
    return written.getvalue()


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


@pytest.fixture
def workshop(tmp_path: Path, database: Database) -> Iterator[Workshop]:
    with Workshop(tmp_path / "home", database) as made:
        made.publish_colours()
        yield made


def test_a_command_becomes_a_registered_version_with_its_lineage(workshop: Workshop) -> None:
    run = workshop.over(workshop.train())
    assert run["state"] == "succeeded", run["error"]
    assert [epoch["epoch"] for epoch in run["epochs"]] == [1, 2, 3, 4, 5, 6]
    assert run["epochs"][-1]["metrics"]["accuracy"] == 1.0
    version = workshop.get("/model-versions/sorter/1")
    assert version["id"] == run["model_version"]
    assert version["training_run"] == run["id"]
    assert version["dataset_version"] == workshop.get("/dataset-versions/colours/1")["id"]
    assert version["labels"] == ["red", "green", "blue"]
    assert version["scores"]["validation"]["accuracy"] == 1.0
    assert version["advised_threshold"] == 0.0
    assert version["has_checkpoint"]
    assert version["has_features"]
    log = workshop.client.get(f"/api/v1/training-runs/{run['id']}/log").text
    assert "9 images to train on, 9 to look at" in log
    assert not workshop.training.folder(run["id"]).exists()


def test_test_images_are_never_in_the_run_folder_and_kept_images_cannot_be_changed_from_it(workshop: Workshop) -> None:
    text = (
        "import json,glob,shutil,os\n"
        "d=json.load(open('dataset/annotations.json'))\n"
        "print('splits', sorted({i['split'] for i in d['images']}))\n"
        "files=glob.glob('dataset/images/*')\n"
        "print('files', len(files))\n"
        "[open(f,'wb').write(b'spoilt') for f in files]\n"
        "print('order', open('run.json').read())\n"
    )
    run = workshop.over(workshop.train(program(text)))
    assert run["state"] == "failed"
    assert "left no model" in run["error"]
    log = workshop.client.get(f"/api/v1/training-runs/{run['id']}/log").text
    assert "splits ['train', 'validation']" in log
    assert "files 18" in log
    assert '"task": "classification"' in log
    for item in workshop.get("/dataset-versions/colours/1/items")["items"]:
        assert workshop.client.get(f"/api/v1/assets/{item['asset']}").content != b"spoilt"


def test_a_failing_program_says_its_last_words(workshop: Workshop) -> None:
    run = workshop.over(workshop.train(program("print('all is well'); raise SystemExit('out of colours')")))
    assert run["state"] == "failed"
    assert "exit code 1" in run["error"]
    assert "out of colours" in run["error"]
    missing = workshop.over(workshop.train(["/no/such/program"]))
    assert "cannot start '/no/such/program'" in missing["error"]


def test_a_file_that_is_no_model_is_refused_and_nothing_registered(workshop: Workshop) -> None:
    run = workshop.over(workshop.train(program("open('out/model.onnx','wb').write(b'hello')")))
    assert run["state"] == "failed"
    assert workshop.get("/models")["items"] == []


LINGER = """
import subprocess, sys, time, json
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
print('child', child.pid, flush=True)
print(json.dumps({'epoch': 1, 'epochs': 9, 'loss': float('nan'), 'metrics': {'map50': 0.5}, 'eta_s': 90.0}), flush=True)
print('ready', flush=True)
time.sleep(600)
"""


def test_cancelling_ends_the_program_and_all_it_started(workshop: Workshop) -> None:
    run = workshop.train(program(LINGER))
    log = workshop.wait_for(run, "ready")
    child = int(log.split("child ")[1].split()[0])
    workshop.client.post(f"/api/v1/training-runs/{run['id']}/cancel")
    over = workshop.over(run)
    assert over["state"] == "cancelled"
    assert over["epochs"] == [{"epoch": 1, "epochs": 9, "loss": None, "metrics": {"map50": 0.5}, "eta_s": 90.0}]
    assert gone(child)


def test_a_run_that_is_cancelled_while_it_waits_never_starts(workshop: Workshop) -> None:
    first = workshop.train(program(LINGER))
    workshop.wait_for(first, "ready")
    second = workshop.train()
    workshop.client.post(f"/api/v1/training-runs/{second['id']}/cancel")
    assert workshop.over(second)["state"] == "cancelled"
    workshop.client.post(f"/api/v1/training-runs/{first['id']}/cancel")
    workshop.over(first)


def test_a_program_beyond_its_minutes_is_stopped(workshop: Workshop) -> None:
    run = workshop.over(workshop.train(parameters={"command": program(LINGER), "minutes": 0.02}))
    assert run["state"] == "failed"
    assert "time limit" in run["error"]


def test_warm_starts_need_a_checkpoint_and_get_it(workshop: Workshop) -> None:
    first = workshop.over(workshop.train())
    text = f"import runpy; print('start', open('start.ckpt').read()[:9]); runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')"
    second = workshop.over(workshop.train(program(text), model="other", start_from="sorter/latest"))
    assert second["state"] == "succeeded", second["error"]
    assert second["start_from"] == first["model_version"]
    assert workshop.get("/model-versions/other/1")["parent"] == first["model_version"]
    assert 'start {"labels"' in workshop.client.get(f"/api/v1/training-runs/{second['id']}/log").text
    copy = f"import shutil; shutil.copy({str(workshop.storage.path('artifacts/' + workshop.get('/model-versions/sorter/1')['artifact']))!r}, 'out/model.onnx')"
    workshop.over(workshop.train(program(copy), model="bare"))
    refused = workshop.client.post(
        "/api/v1/training-runs",
        json={
            "model": "x",
            "dataset_version": "colours/1",
            "trainer": "command",
            "parameters": {"command": ["x"]},
            "start_from": "bare/1",
        },
    )
    assert refused.status_code == 409
    assert "has no checkpoint" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"trainer": "oracle"}, 404),
        ({"trainer": "command", "parameters": {}}, 422),
        ({"trainer": "command", "parameters": {"command": "'unclosed"}}, 422),
        ({"trainer": "compact", "parameters": {"epochs": 0}}, 422),
        ({"trainer": "compact", "parameters": {"epoch": 3}}, 422),
        ({"dataset_version": "colours/7"}, 404),
        ({"model": "../up"}, 422),
        ({"start_from": "nothing/1"}, 404),
    ],
)
def test_a_wish_that_cannot_be_is_refused_at_once(workshop: Workshop, wish: dict[str, Any], status: int) -> None:
    body = {
        "model": "sorter",
        "dataset_version": "colours/1",
        "trainer": "command",
        "parameters": {"command": ["true"]},
        **wish,
    }
    answer = workshop.client.post("/api/v1/training-runs", json=body)
    assert answer.status_code == status, answer.text
    assert workshop.get("/training-runs")["items"] == []


def test_only_an_owner_decides_what_runs_on_the_machine() -> None:
    def actor(permission: Any) -> Actor:
        return Actor("1", "Bob", "person", permission, 0)

    must_be_permitted(actor("owner"), "command", {"command": "x"})
    must_be_permitted(actor("operator"), "compact", {"epochs": 3})
    with pytest.raises(NotAllowed, match="only an owner"):
        must_be_permitted(actor("operator"), "command", {"command": "x"})
    with pytest.raises(NotAllowed):
        must_be_permitted(actor("reviewer"), "compact", {})


def test_an_evaluation_that_was_cancelled_while_it_waited_can_be_asked_for_again(workshop: Workshop) -> None:
    workshop.over(workshop.train())
    owner = workshop.owner()

    def ask_and_cancel(connection: Any) -> str:
        version, data = registry.find(connection, "sorter/1"), datasets.find(connection, "colours/1")
        made = workshop.evaluations.ask(connection, workshop.jobs, version.id, data.id, "test", "all", owner)
        job_rows.ask_to_stop(connection, made.job or "", 1)
        return made.id

    cancelled = workshop.database.write(ask_and_cancel)
    body = {"model_version": "sorter/1", "dataset_version": "colours/1", "split": "test"}
    asked = workshop.client.post("/api/v1/evaluations", json=body).json()
    assert asked["id"] != cancelled
    workshop.finished(asked["job"])
    assert workshop.get(f"/evaluations/{asked['id']}")["state"] == "succeeded"


def test_evaluations_are_answered_once(workshop: Workshop) -> None:
    workshop.over(workshop.train())
    body = {"model_version": "sorter/1", "dataset_version": "colours/1", "split": "test"}
    asked = workshop.client.post("/api/v1/evaluations", json=body).json()
    workshop.finished(asked["job"])
    found = workshop.get(f"/evaluations/{asked['id']}")
    assert found["state"] == "succeeded", found
    assert found["images"] == 9
    assert found["scores"]["accuracy"] == 1.0
    assert found["scores"]["map50"] is None
    assert found["labels"]["red"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "positives": 3, "predicted": 3}
    assert workshop.client.post("/api/v1/evaluations", json=body).json()["id"] == asked["id"]
    kinds = {(one["split"], one["part"]) for one in workshop.get("/evaluations", model_version="sorter/1")["items"]}
    assert kinds == {("test", "all"), ("validation", "all")}


def test_the_two_halves_of_a_split_make_the_whole(workshop: Workshop) -> None:
    workshop.over(workshop.train())
    images = {}
    for part in ("all", "gate", "report"):
        body = {"model_version": "sorter/1", "dataset_version": "colours/1", "split": "test", "part": part}
        asked = workshop.client.post("/api/v1/evaluations", json=body).json()
        workshop.finished(asked["job"])
        images[part] = workshop.get(f"/evaluations/{asked['id']}")["images"]
    assert images["gate"] + images["report"] == images["all"] == 9


def test_the_catalog_says_what_may_be_set_and_what_is_missing(workshop: Workshop) -> None:
    trainers = {one["name"]: one for one in workshop.get("/trainers")["items"]}
    assert set(trainers) >= {"compact", "command"}
    assert trainers["command"]["available"] is True
    assert trainers["command"]["parameters"]["command"]["owner_only"] is True
    assert trainers["compact"]["parameters"]["epochs"]["title"]
    assert trainers["compact"]["available"] is (trainers["compact"]["missing"] is None)


def test_the_trainer_goes_when_its_server_is_killed(tmp_path: Path) -> None:
    """A process that holds the leash is killed with SIGKILL; the trainer and its child end by themselves."""
    holder = f"""
import sys
from pathlib import Path
from relens.training.process import Limits, run_program
run_program({program(LINGER)!r}, Path({str(tmp_path)!r}), Path({str(tmp_path / "log")!r}), Limits(600, 1 << 40, 1),
            lambda line: print(line, flush=True), lambda: None)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    held = subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True, env=environment)
    assert held.stdout is not None
    lines = []
    while "ready" not in (line := held.stdout.readline()):
        assert line
        lines.append(line)
    child = int("".join(lines).split("child ")[1].split()[0])
    held.send_signal(signal.SIGKILL)
    held.wait()
    held.stdout.close()
    assert gone(child)


def gone(pid: int, within_s: float = 20.0) -> bool:
    """Whether the process ends within that time (or is a zombie nobody waits for)."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.training
@pytest.mark.skipif(shutil.which("python") is None, reason="needs python")
def test_compact_is_started_and_its_model_registered(workshop: Workshop) -> None:
    pytest.importorskip("torch")
    run = workshop.over(
        workshop.train(trainer="compact", parameters={"epochs": 2, "image_size": 32, "batch": 8, "seed": 1})
    )
    assert run["state"] == "succeeded", run["error"]
    assert run["epochs"][-1]["epoch"] == 2
    version = workshop.get("/model-versions/sorter/latest")
    assert version["outputs"] == "softmax"
    assert version["has_checkpoint"]
    assert json.dumps(version["scores"]["validation"]["accuracy"])


def test_a_run_goes_on_after_its_server_stopped(tmp_path: Path, database: Database) -> None:
    """The first life stops in the middle of training; the second trains again from the start and registers once."""
    flag = tmp_path / "second life"
    text = (
        f"import os, time, runpy\nprint('started', flush=True)\nopen('out/left over', 'w').close() if not os.path.exists({str(flag)!r}) else print('out', os.listdir('out'))\n"
        f"time.sleep(0 if os.path.exists({str(flag)!r}) else 600)\nrunpy.run_path({str(EXAMPLE)!r}, run_name='__main__')"
    )
    with Workshop(tmp_path / "home", database) as first:
        first.publish_colours()
        run = first.train(program(text))
        first.wait_for(run, "started")
    assert first.jobs.get(run["job"]).state == "queued"
    flag.touch()
    with Workshop(tmp_path / "home", database) as second:
        over = second.over(run)
        assert over["state"] == "succeeded", over["error"]
        assert second.jobs.get(run["job"]).finished_steps == ("prepare", "train", "register")
        assert len(second.get("/models/sorter/versions")["items"]) == 1
        assert "out []" in second.client.get(f"/api/v1/training-runs/{run['id']}/log").text


def watched(tmp_path: Path, text: str, memory_bytes: int = 1 << 40) -> list[str]:
    lines: list[str] = []
    run_program(program(text), tmp_path, tmp_path / "log", Limits(60, memory_bytes, 1), lines.append, lambda: None)
    return lines


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is watched through /proc")
def test_a_program_that_takes_too_much_memory_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(TooMuchMemory, match="allowed"):
        watched(tmp_path, "x = bytearray(b'1') * (300 << 20); import time; time.sleep(600)", 100 << 20)


def test_a_flood_without_line_ends_is_read_in_pieces_and_the_log_is_cut_off(tmp_path: Path) -> None:
    lines = watched(
        tmp_path, "import sys\n[sys.stdout.write('x' * 999983) for _ in range(25)]; sys.stdout.write('\\nlast\\n')"
    )
    assert lines[-1] == "last"
    assert max(map(len, lines)) <= 1 << 16
    assert (tmp_path / "log").stat().st_size < 21 << 20
    assert b"cut off here" in (tmp_path / "log").read_bytes()[-100:]


def test_last_words_that_are_still_on_their_way_when_it_ends_are_waited_for(tmp_path: Path) -> None:
    """The log is a pipe here that nobody reads at first, so whoever reads the program's lines comes late to them."""
    os.mkfifo(tmp_path / "log")
    threading.Timer(1.5, (tmp_path / "log").read_bytes).start()
    with pytest.raises(TrainingFailed, match="out of colours"):
        watched(tmp_path, "raise SystemExit('out of colours')")


def test_secrets_of_the_server_do_not_reach_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELENS_TOKEN", "a secret of ours")
    lines = watched(
        tmp_path, "import os; print(os.environ.get('RELENS_TOKEN'), os.environ['OMP_NUM_THREADS'], os.nice(0))"
    )
    assert lines[0].startswith("None 1 ")
    assert int(lines[0].split()[-1]) >= 10


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux's")
def test_a_trainer_and_what_it_starts_give_way_to_the_server(tmp_path: Path) -> None:
    """Also a program that asks for every core there is, in a process of its own."""
    text = (
        "import os, subprocess, sys\n"
        "look = 'import os; print(os.nice(0), len(os.sched_getaffinity(0)), open(\"/proc/self/oom_score_adj\").read().strip())'\n"
        "print(subprocess.run([sys.executable, '-c', look], capture_output=True, text=True).stdout, end='')"
    )
    (said,) = watched(tmp_path, text)
    priority, cores, first_to_go = (int(word) for word in said.split())
    assert priority >= 10
    assert cores == 1
    assert first_to_go == 500
