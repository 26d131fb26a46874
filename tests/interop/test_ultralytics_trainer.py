"""Trainer `ultralytics` really trains, its model is registered and answers, and the next run starts from its weights.

Ultralytics is AGPL: it runs in a virtual environment of its own, which the trainer is told of, and is never imported here.
"""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.compact_vs_yolo import peer_python
from relens.training.trainers.ultralytics import PROGRAM
from tests.server_process import Server, running

LABELS = ["bolt", "nut"]
COLOURS = {"alu": (240, 60, 40), "brass": (60, 220, 60), "zinc": (40, 90, 240)}


@pytest.fixture(scope="module")
def python() -> str:
    subprocess.run([peer_python(), "-m", "pip", "install", "--quiet", "onnx"], check=True)  # only its export needs it
    return str(peer_python())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("home") / "relens") as server:
        for outlines in (False, True):
            name = "outlines" if outlines else "parts"
            job = server.http.post(f"/api/v1/datasets/{name}/import", content=dataset(outlines)).raise_for_status()
            assert server.job(job.json()["id"])["state"] == "succeeded"
        yield server


def dataset(outlines: bool) -> bytes:
    """A zip of a COCO folder: 10 pictures to train on and 4 to validate, each with a bright square."""
    rng = np.random.default_rng(1)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for number in range(14):
            label = number % 2
            pixels = rng.integers(0, 60, (80, 96, 3), dtype=np.uint8)
            x, y, side = (int(value) for value in rng.integers([5, 5, 20], [50, 40, 35]))
            pixels[y : y + side, x : x + side] = (240, 60, 40) if label else (40, 90, 240)
            picture = io.BytesIO()
            Image.fromarray(pixels).save(picture, "PNG")
            name = f"line {number}/größe {number}.png"
            archive.writestr(f"images/{name}", picture.getvalue())
            images.append(
                {"id": number, "file_name": name, "width": 96, "height": 80, "split": "train" if number < 10 else "val"}
            )
            ring = [x, y, x + side, y, x + side, y + side, x, y + side]
            truth = {"id": number, "image_id": number, "category_id": label, "bbox": [x, y, side, side]}
            annotations.append(truth | ({"segmentation": [ring]} if outlines else {}))
        categories = [{"id": index, "name": label} for index, label in enumerate(LABELS)]
        document = {"images": images, "annotations": annotations, "categories": categories}
        archive.writestr("annotations.json", json.dumps(document))
    return written.getvalue()


def train(server: Server, python: str, data: str, epochs: int = 2, **more: Any) -> dict[str, Any]:
    parameters = {"epochs": epochs, "image_size": 64, "batch": 4, "seed": 3, "python": python}
    wish = {"model": data, "dataset_version": f"{data}/1", "trainer": "ultralytics", "parameters": parameters, **more}
    run = server.http.post("/api/v1/training-runs", json=wish)
    assert run.status_code == 202, run.text
    server.job(run.json()["job"], 280)
    found: dict[str, Any] = server.http.get(f"/api/v1/training-runs/{run.json()['id']}").json()
    assert found["state"] == "succeeded", (
        found["error"],
        server.http.get(f"/api/v1/training-runs/{found['id']}/log").text,
    )
    return found


def test_it_trains_is_registered_answers_and_goes_on_from_its_own_weights(server: Server, python: str) -> None:
    run = train(server, python, "parts")
    assert [epoch["epoch"] for epoch in run["epochs"]] == [1, 2]
    assert all(epoch["loss"] > 0 for epoch in run["epochs"])
    assert run["environment"]["seed"] == 3
    assert run["environment"]["program"]["ultralytics"].startswith("8.")
    assert run["used"]["cpu_s"] > 1
    version = server.http.get("/api/v1/model-versions/parts/1").json()
    assert (version["task"], version["labels"], version["outputs"]) == ("detection", LABELS, "ultralytics_detect")
    assert version["has_checkpoint"]
    asked = {"name": "parts", "model_version": version["id"], "threshold": 0.0}
    assert server.http.post("/api/v1/deployments", json=asked).status_code == 201
    picture = io.BytesIO()
    Image.new("RGB", (96, 80), (240, 60, 40)).save(picture, "PNG")
    answer = server.http.post("/api/v1/deployments/parts/predict", content=picture.getvalue())
    assert answer.status_code == 200, answer.text

    again = train(server, python, "parts", start_from="parts/1")
    log = server.http.get(f"/api/v1/training-runs/{again['id']}/log").text
    assert "starting from the parent's weights" in log
    assert ", 0 learned anew" in log
    assert server.http.get("/api/v1/model-versions/parts/2").json()["parent"] == version["id"]


def test_it_trains_outlines(server: Server, python: str) -> None:
    train(server, python, "outlines")
    version = server.http.get("/api/v1/model-versions/outlines/1").json()
    assert (version["task"], version["labels"], version["outputs"]) == ("segmentation", LABELS, "ultralytics_segment")


def test_it_trains_a_classifier_whose_labels_keep_their_order(server: Server, python: str) -> None:
    if subprocess.run([python, "-c", "import torchvision.datasets"], capture_output=True, check=False).returncode:
        pytest.skip("its classifiers need torchvision, which cannot be loaded here")
    job = server.http.post("/api/v1/datasets/colours/import?format=folder", content=folders()).raise_for_status().json()
    assert server.job(job["id"])["state"] == "succeeded"
    run = train(server, python, "colours", epochs=3)
    own = [epoch["metrics"]["accuracy"] for epoch in run["epochs"]]
    assert len(own) == 3
    version = server.http.get("/api/v1/model-versions/colours/1").json()
    assert (version["task"], version["labels"], version["outputs"]) == ("classification", list(COLOURS), "softmax")
    # Measured by the code that answers: of other labels, or other pixels, it would not be right as often.
    found = server.http.get(f"/api/v1/evaluations?model_version={version['id']}").raise_for_status().json()["items"]
    assert [one["scores"]["accuracy"] for one in found] == [pytest.approx(max(own), abs=0.01)]
    again = train(server, python, "colours", epochs=1, start_from="colours/1")
    log = server.http.get(f"/api/v1/training-runs/{again['id']}/log").text
    assert ", 0 learned anew" in log


def folders() -> bytes:
    """A zip of a folder for each label, each of a colour of its own."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for label, colour in COLOURS.items():
            for number in range(12):
                archive.writestr(f"{'train' if number < 9 else 'val'}/{label}/{number}.png", painted(colour, number))
    return written.getvalue()


def painted(colour: tuple[int, int, int], seed: int = 99) -> bytes:
    pixels = np.clip(np.random.default_rng(seed).normal(colour, 20, (64, 64, 3)), 0, 255).astype(np.uint8)
    picture = io.BytesIO()
    Image.fromarray(pixels).save(picture, "PNG")
    return picture.getvalue()


def test_a_checkpoint_that_could_run_code_is_not_read(server: Server, python: str, tmp_path: Path) -> None:
    """A pickle, as every .pt file of Ultralytics is one."""
    import pickle

    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "harm",))

    onnx = server.http.get("/api/v1/model-versions/parts/1/artifact").content
    given = {"file": ("m.onnx", onnx), "checkpoint": ("c.pt", pickle.dumps(Harm()))}
    made = server.http.post("/api/v1/models/strange/versions", files=given)
    assert made.status_code == 201, made.text
    wish = {
        "model": "strange",
        "dataset_version": "parts/1",
        "trainer": "ultralytics",
        "start_from": made.json()["id"],
        "parameters": {"epochs": 1, "image_size": 64, "python": python},
    }
    run = server.http.post("/api/v1/training-runs", json=wish).json()
    server.job(run["job"])
    found = server.http.get(f"/api/v1/training-runs/{run['id']}").json()
    assert found["state"] == "failed"
    assert "is not one that trainer 'ultralytics' wrote" in found["error"]
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("description", "named"),
    [
        (
            {
                "activation": "__import__('pathlib').Path('harm').touch()",
                "backbone": [[-1, 1, "nn.Identity", []]],
                "head": [],
            },
            "__import__",
        ),
        ({"backbone": [[-1, 1, "torch_safe_load", ["harm.pt"]]], "head": []}, "torch_safe_load"),
        ({"backbone": [[-1, 1, "DetectionModel", [{}]]], "head": []}, "DetectionModel"),
        ({"backbone": [[-1, 1, "nn.Module.forward", []]], "head": []}, "nn.Module.forward"),
        ({"backbone": 3}, "does not describe"),
    ],
)
def test_a_checkpoint_of_plain_values_that_would_run_code_is_refused(
    python: str, tmp_path: Path, description: dict[str, Any], named: str
) -> None:
    """Ultralytics evaluates what a description of a network says."""
    import torch

    kept = {"format": "relens ultralytics 1", "labels": LABELS, "state": {}, "network": {"nc": 2, **description}}
    torch.save(kept, tmp_path / "start.ckpt")
    with zipfile.ZipFile(io.BytesIO(dataset(False))) as archive:
        archive.extractall(tmp_path / "dataset")
    coco = json.loads((tmp_path / "dataset/annotations.json").read_text())
    for image in coco["images"]:
        image["split"] = "train"
    (tmp_path / "dataset/annotations.json").write_text(json.dumps(coco))
    order = {
        "task": "detection",
        "labels": LABELS,
        "parameters": {"epochs": 1},
        "threads": 1,
        "start_from": "start.ckpt",
    }
    (tmp_path / "run.json").write_text(json.dumps(order))
    done = subprocess.run([python, "-P", str(PROGRAM), str(tmp_path)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "cannot train: the checkpoint to start from" in done.stdout
    assert named in done.stdout
    assert not (tmp_path / "harm").exists()


def test_without_the_package_it_says_what_to_install(server: Server) -> None:
    wish = {"model": "parts", "dataset_version": "parts/1", "trainer": "ultralytics"}
    refused = server.http.post("/api/v1/training-runs", json=wish)
    assert refused.status_code >= 400
    said = "trainer 'ultralytics' needs the package 'ultralytics': pip install 'relens[ultralytics]'"
    assert refused.json()["detail"] == said
    known = {one["name"]: one for one in server.http.get("/api/v1/trainers").json()["items"]}["ultralytics"]
    assert (known["available"], known["missing"]) == (False, said)
    assert "AGPL-3.0" in known["notice"]
