"""What Roboflow's users send us is what Supervision reads of the same answer.

Supervision runs in a virtual environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest

from relens.predictions import roboflow
from relens.predictions.said import detections
from relens.testing.images import make_jpeg
from relens.testing.tiny_models import detector
from tests.server_process import running

PEER = Path(os.environ.get("RELENS_SUPERVISION_VENV", Path.home() / ".cache" / "relens-peers" / "supervision"))
PROGRAM = """
import json, sys
import supervision as sv
found = sv.Detections.from_inference(json.load(sys.stdin))
print(json.dumps({"xyxy": found.xyxy.tolist(), "confidence": found.confidence.tolist(), "names": list(found.data["class_name"])}))
"""


def supervision(answer: dict[str, Any]) -> dict[str, Any]:
    """What `supervision.Detections.from_inference` reads of it."""
    python = PEER / "bin" / "python"
    if not python.exists():
        venv.create(PEER, with_pip=True)
        installed = subprocess.run(
            [python, "-m", "pip", "install", "-q", "supervision"], capture_output=True, check=False
        )
        if installed.returncode:
            pytest.skip("supervision cannot be installed here")
    done = subprocess.run(
        [python, "-c", PROGRAM], input=json.dumps(answer), text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


ANSWER = {
    "time": 0.05, "inference_id": "a1", "image": {"width": 640, "height": 480},
    "predictions": [
        {"x": 100.5, "y": 80.25, "width": 41.0, "height": 20.5, "confidence": 0.91, "class": "bolt", "class_id": 3, "detection_id": "x"},
        {"x": 300, "y": 200, "width": 600, "height": 100, "confidence": 0.5, "class": "nut", "class_id": 1, "detection_id": "y"},
    ],
}  # fmt: skip


def test_an_answer_of_roboflow_is_read_as_supervision_reads_it() -> None:
    theirs = supervision(ANSWER)
    ours = detections(roboflow.item(ANSWER)["detections"], (), (1, 1), (640, 480))
    assert [list(d.shape.box().corners()) for d in ours if d.shape] == theirs["xyxy"]
    assert [d.confidence for d in ours] == pytest.approx(theirs["confidence"])
    assert [d.label for d in ours] == theirs["names"]


def test_our_answer_written_as_roboflow_writes_comes_back_the_same(tmp_path: Path) -> None:
    """A round: the server answers, the answer is written in Roboflow's form, Supervision reads it, and it is sent in that form."""
    with running(tmp_path / "home") as server:
        server.http.post("/api/v1/models/blobs/versions", files={"file": ("m.onnx", detector())}).raise_for_status()
        server.http.post(
            "/api/v1/deployments", json={"name": "blobs", "model_version": "blobs/latest", "threshold": 0.3}
        )
        image = make_jpeg(size=(128, 96), blobs=[((20, 30, 60, 70), (220, 30, 30))])
        answer = server.http.post("/api/v1/deployments/blobs/predict", content=image).raise_for_status().json()
        written = {
            "image": {name: answer["image"][name] for name in ("width", "height")},
            "time": answer["latency_ms"] / 1000,
            "predictions": [
                {"x": (x1 + x2) / 2, "y": (y1 + y2) / 2, "width": x2 - x1, "height": y2 - y1, "confidence": d["confidence"],
                 "class": d["label"], "class_id": 0, "detection_id": "d"}
                for d in answer["detections"] for x1, y1, x2, y2 in [d["box"]]
            ],
        }  # fmt: skip
        assert supervision(written)["xyxy"][0] == pytest.approx(answer["detections"][0]["box"], abs=1e-3)
        sent = server.http.post("/api/v1/deployments/blobs/predictions", json=written).raise_for_status().json()
        line = server.http.get(f"/api/v1/predictions/{sent['items'][0]['id']}").json()
    assert line["detections"][0]["box"] == pytest.approx(answer["detections"][0]["box"])
    assert line["latency_ms"] == pytest.approx(answer["latency_ms"])
