"""The command line against a real server: what a user types, what they read, and with which exit code it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relens.cli.deploy import of_the_threshold
from relens.sdk.client import Client
from relens.testing.images import make_jpeg, make_pixels
from relens.testing.tiny_models import classifier, detector
from tests.browser.world import scene
from tests.docs import python_examples
from tests.server_process import Server, running

Done = subprocess.CompletedProcess[str]
COLOURS = {"red": (220, 20, 20), "green": (20, 200, 30), "blue": (20, 30, 210)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("home") / "relens") as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve images in a folder per label."""
    root = tmp_path_factory.mktemp("colours")
    for label, colour in COLOURS.items():
        (root / label).mkdir()
        for number in range(4):
            shade = tuple(min(255, value + 9 * number) for value in colour)
            (root / label / f"{number}.jpg").write_bytes(make_jpeg(shade))
    return root


def relens(server: Server | None, *words: str, given: str | None = None) -> Done:
    at = ["--url", server.url] if server is not None else []
    return subprocess.run(
        [sys.executable, "-m", "relens.cli.main", *words, *at], input=given, capture_output=True, text=True, timeout=180
    )


def fine(done: Done) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def deployed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    onnx = tmp_path_factory.mktemp("onnx") / "colours.onnx"
    onnx.write_bytes(classifier())
    assert "colours v1" in fine(relens(server, "model", "register", str(onnx), "--name", "colours"))
    assert "colours v1" in fine(relens(server, "deploy", "colours/latest", "--name", "belt", "--threshold", "0.4"))
    return "belt"


def test_help_names_every_command() -> None:
    said = fine(relens(None, "--help"))
    for command in (
        "serve",
        "demo",
        "dataset",
        "model",
        "deploy",
        "predict",
        "batch",
        "log",
        "export",
        "gaps",
        "import-predictions",
        "edge",
        "review",
        "train",
        "status",
    ):
        assert command in said


def test_help_says_what_holds_where_nothing_is_given() -> None:
    said = " ".join(fine(relens(None, "serve", "--help")).split())
    assert "~/.relens" in said
    assert "8417" in said


def test_what_nobody_can_understand_ends_with_code_2() -> None:
    assert relens(None, "dataset", "frobnicate").returncode == 2


def test_where_no_server_is_the_sentence_says_what_to_do() -> None:
    done = relens(None, "status", "--url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "relens serve" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_is_imported_listed_and_exported(server: Server, folder: Path, tmp_path: Path) -> None:
    assert "colours v1" in fine(relens(server, "dataset", "import", str(folder), "--name", "colours"))
    assert "was there already" in fine(relens(server, "dataset", "import", str(folder), "--name", "colours"))
    listed = json.loads(fine(relens(server, "dataset", "list", "--json")))
    assert sum(listed[0]["latest"]["images"].values()) == 12
    assert "colours" in fine(relens(server, "dataset", "list"))
    fine(relens(server, "dataset", "export", "colours/latest", str(tmp_path / "out.zip")))
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert sum(name.endswith(".jpg") for name in archive.namelist()) == 12


def test_a_broken_image_stops_an_import_unless_it_may_be_left_out(server: Server, tmp_path: Path) -> None:
    for label, colour in COLOURS.items():
        (tmp_path / label).mkdir()
        (tmp_path / label / "good.jpg").write_bytes(make_jpeg(colour))
    (tmp_path / "red" / "bad.jpg").write_bytes(b"this is no image")
    refused = relens(server, "dataset", "import", str(tmp_path), "--name", "holed")
    assert refused.returncode == 1
    assert "bad.jpg" in refused.stderr
    assert "--skip-bad" in refused.stderr
    taken = relens(server, "dataset", "import", str(tmp_path), "--name", "holed", "--skip-bad")
    assert "holed v1" in fine(taken)
    assert "bad.jpg" in taken.stderr
    assert "1 image was left out because of that" in taken.stderr
    for label in COLOURS:
        (tmp_path / label / "good.jpg").unlink()
    nothing = relens(server, "dataset", "import", str(tmp_path), "--name", "hollow", "--skip-bad")
    assert nothing.returncode == 1
    assert "no image in it can be imported" in nothing.stderr
    assert "--skip-bad" not in nothing.stderr


def test_outlines_are_imported_as_the_boxes_around_them(server: Server, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    images = []
    for number, colour in enumerate(COLOURS.values()):
        (tmp_path / "images" / f"{number}.jpg").write_bytes(make_jpeg(colour))
        images.append({"id": number, "file_name": f"{number}.jpg"})
    outline = {"id": 1, "image_id": 0, "category_id": 1, "segmentation": [[1, 1, 9, 1, 9, 8]]}
    coco = {"images": images, "categories": [{"id": 1, "name": "nut"}], "annotations": [outline]}
    (tmp_path / "annotations.json").write_text(json.dumps(coco))
    for name, task in (("nuts", ()), ("boxes-of-nuts", ("--task", "detection"))):
        fine(relens(server, "dataset", "import", str(tmp_path), "--name", name, *task))
    tasks = {one["name"]: one["task"] for one in json.loads(fine(relens(server, "dataset", "list", "--json")))}
    assert (tasks["nuts"], tasks["boxes-of-nuts"]) == ("segmentation", "detection")


def test_an_image_is_predicted_and_reviewed(server: Server, folder: Path, deployed: str) -> None:
    said = json.loads(
        fine(relens(server, "predict", deployed, str(folder / "red" / "0.jpg"), "--json", "--source", "line-1"))
    )
    assert said["detections"][0]["label"] == "red"
    assert "red" in fine(relens(server, "predict", deployed, str(folder / "red" / "1.jpg")))
    assert said["id"] in {p["id"] for p in json.loads(fine(relens(server, "review", "queue", deployed, "--json")))}
    assert "accepted" in fine(relens(server, "review", "accept", said["id"]))
    assert "corrected" in fine(relens(server, "review", "correct", said["id"], '[{"label": "blue"}]'))
    fine(relens(server, "review", "reopen", said["id"]))
    wrong = relens(server, "review", "correct", said["id"], '[{"label": "purple"}]')
    assert wrong.returncode == 1
    assert "purple" in wrong.stderr


def test_a_whole_folder_is_predicted_and_a_try_is_not_logged(server: Server, folder: Path, deployed: str) -> None:
    before = server.http.get(f"/api/v1/deployments/{deployed}/predictions", params={"limit": 1000}).json()["items"]
    said = fine(relens(server, "predict", deployed, str(folder), "--try", "--json"))
    assert len(said.splitlines()) == 12
    after = server.http.get(f"/api/v1/deployments/{deployed}/predictions", params={"limit": 1000}).json()["items"]
    assert len(after) == len(before)


def test_a_folder_is_answered_as_one_job_and_its_answers_written_down(
    server: Server, folder: Path, deployed: str, tmp_path: Path
) -> None:
    (folder / "red" / "notes.txt").write_text("no image")
    answers = tmp_path / "answers.jsonl"
    done = relens(server, "batch", deployed, str(folder), "--source", "archive", "--to", str(answers))
    (folder / "red" / "notes.txt").unlink()
    assert "12 of 13 images answered and logged" in fine(done)
    assert "notes.txt" in done.stderr, "what is no image is named"
    lines = [json.loads(line) for line in answers.read_text().splitlines()]
    assert {line["name"].split("/")[0] for line in lines if line.get("detections")} == set(COLOURS)
    query = {"query": "source = archive", "limit": 100}
    logged = server.http.get(f"/api/v1/deployments/{deployed}/predictions", params=query).json()["items"]
    assert {line["id"] for line in lines if "id" in line} == {item["id"] for item in logged}


def test_of_a_video_every_so_manieth_frame_is_answered_as_one_job(
    server: Server, deployed: str, tmp_path: Path
) -> None:
    cv2 = pytest.importorskip("cv2")
    film = cv2.VideoWriter(str(tmp_path / "belt.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (64, 48))
    for number in range(9):
        film.write(make_pixels(COLOURS["green" if number < 5 else "blue"], (64, 48))[:, :, ::-1].copy())
    film.release()
    said = fine(relens(server, "batch", deployed, str(tmp_path / "belt.avi"), "--stride", "4", "--try", "--json"))
    assert [json.loads(line)["detections"][0]["label"] for line in said.splitlines()] == ["green", "green", "blue"]
    assert "is not there" in relens(server, "batch", deployed, str(tmp_path / "nothing.mp4")).stderr


def test_predictions_made_elsewhere_are_logged_from_lines_of_json(server: Server, folder: Path, deployed: str) -> None:
    lines = [
        {
            "image": str(folder / "green" / "2.jpg"),
            "client_id": "edge-1",
            "detections": [{"label": "green", "confidence": 0.8}],
        },
        {"width": 64, "height": 48, "client_id": "edge-2", "detections": []},
    ]
    given = "\n".join(json.dumps(line) for line in lines)
    assert "2 predictions" in fine(relens(server, "log", deployed, "-", given=given))
    logged = server.http.get(f"/api/v1/deployments/{deployed}/predictions", params={"limit": 1000}).json()["items"]
    assert {"edge-1", "edge-2"} <= {item["client_id"] for item in logged}


def test_a_line_that_is_not_json_is_named(server: Server, deployed: str) -> None:
    refused = relens(server, "log", deployed, "-", given='{"detections": []}\nnonsense')
    assert refused.returncode == 1
    assert "line 2" in refused.stderr


def test_status_shows_deployments(server: Server, deployed: str) -> None:
    assert deployed in fine(relens(server, "status"))
    assert json.loads(fine(relens(server, "status", "--json")))["deployments"][0]["deployment"]["name"] == deployed


def test_versions_and_runs_are_listed_for_people(server: Server, deployed: str) -> None:
    assert "colours v1" in fine(relens(server, "model", "list"))
    fine(relens(server, "runs", "list"))
    assert json.loads(fine(relens(server, "runs", "list", "--json"))) == []


def test_many_are_reviewed_at_once_shown_first_and_taken_back(server: Server, folder: Path, deployed: str) -> None:
    fine(relens(server, "predict", deployed, str(folder), "--json", "--source", "in-bulk"))
    words = ("review", "all", deployed, "source = in-bulk", "--say", "unusable", "--reason", "a test print")
    assert "--go" in fine(relens(server, *words)), "without it nothing happens, and the way on is said"
    waiting = {"query": "source = in-bulk and review = pending", "limit": 100}
    address = f"/api/v1/deployments/{deployed}/predictions"
    assert len(server.http.get(address, params=waiting).json()["items"]) == 12
    done = json.loads(fine(relens(server, *words, "--go", "--json")))
    assert server.http.get(address, params=waiting).json()["items"] == []
    fine(relens(server, "review", "undo", done["id"]))
    assert len(server.http.get(address, params=waiting).json()["items"]) == 12


def test_the_python_that_the_pages_show_does_what_they_say(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cells.onnx").write_bytes(detector())
    (tmp_path / "image.jpg").write_bytes(scene(1).data)
    fine(relens(server, "model", "register", str(tmp_path / "cells.onnx"), "--name", "cells"))
    fine(relens(server, "deploy", "cells/latest", "--name", "cells", "--threshold", "0.4"))
    monkeypatch.chdir(tmp_path)
    (first,) = python_examples("README.md")
    names: dict[str, Any] = {}
    exec(first.replace("http://127.0.0.1:8417", server.url), names)
    names["client"].close()
    assert "Box(" in capsys.readouterr().out, "what it found is printed, with its box"
    (rule,) = python_examples("docs/alerts.md")
    with Client(server.url) as client:
        exec(rule, {"deployment": client.deployment("cells")})
    assert len(server.http.get("/api/v1/deployments/cells/alert-rules").json()["items"]) == 1


@pytest.mark.parametrize("form", ["label_studio", "coco"])
def test_a_queue_goes_out_as_a_file_and_comes_back(
    server: Server, folder: Path, deployed: str, tmp_path: Path, form: str
) -> None:
    fine(relens(server, "predict", deployed, str(folder / "blue" / "3.jpg"), "--source", f"to-{form}"))
    written = tmp_path / "queue.json"
    query = f"source = to-{form}"
    fine(relens(server, "review", "export", deployed, str(written), "--form", form, "--query", query))
    assert json.loads(written.read_text()), "something was written"
    fine(relens(server, "review", "import", deployed, str(written), "--form", form))


def test_a_threshold_is_advised_only_from_reviews_and_can_be_set(server: Server, deployed: str) -> None:
    said = fine(relens(server, "threshold", deployed))
    assert "checks of this version" in said, "how much it rests on is said"
    fine(relens(server, "threshold", deployed, "--set", "0.45"))
    assert server.http.get(f"/api/v1/deployments/{deployed}").json()["threshold"] == 0.45


def test_who_keeps_a_threshold_that_does_not_suit_the_version_is_told() -> None:
    found = {"worse": True, "kept": {"threshold": 0.06}, "best": {"threshold": 0.42}, "images": 94}
    decisions = [{"candidate": {"id": "2"}, "report": {"threshold": found}}]
    seen = {"name": "cells", "champion": {"id": "2"}, "threshold": 0.06}
    assert "relens threshold cells --set 0.42" in str(of_the_threshold(decisions, seen))
    assert of_the_threshold(decisions, {**seen, "threshold": 0.42}) is None
    assert of_the_threshold(decisions, {**seen, "champion": {"id": "1"}}) is None
    assert of_the_threshold([{"candidate": {"id": "2"}, "report": None}, *decisions], seen) is None
