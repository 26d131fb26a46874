"""NVIDIA's own client for the Open Inference Protocol, unmodified, talks to this server as it would to Triton."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from relens.testing.images import DARK, GREEN, RED, make_jpeg
from relens.testing.tiny_models import detector
from tests.server_process import running

HOME = Path(tempfile.gettempdir()) / "relens-interop-tritonclient"
PACKAGES = ("tritonclient[http]==2.73.0",)

PROGRAM = """
import base64, json, sys
import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

address, image_file = sys.argv[1:]
image = open(image_file, "rb").read()
client = triton.InferenceServerClient(address)
said = {
    "live": client.is_server_live(), "ready": client.is_server_ready(), "model_ready": client.is_model_ready("blobs"),
    "version_ready": client.is_model_ready("blobs", "1"), "nobody_ready": client.is_model_ready("nobody"),
    "server": client.get_server_metadata(), "model": client.get_model_metadata("blobs"), "answers": [],
}

def given(binary):
    tensor = triton.InferInput("image", [1], "BYTES")
    content = image if binary else base64.b64encode(image)
    tensor.set_data_from_numpy(np.array([content], dtype=np.object_), binary_data=binary)
    return [tensor]

def wanted(binary):
    return [triton.InferRequestedOutput(name, binary_data=binary) for name in ("boxes", "scores", "labels", "label_indices")]

def hexed(result, name):
    array = result.as_numpy(name)
    if array.dtype == object:
        return [one.decode() if isinstance(one, bytes) else str(one) for one in array]
    return [str(array.dtype), list(array.shape), array.tobytes().hex()]

for sent_as_bytes in (True, False):
    for outputs in (None, wanted(True), wanted(False)):
        result = client.infer("blobs", given(sent_as_bytes), outputs=outputs, request_id="r-1", parameters={"source": "line-4"})
        said["answers"].append({
            "id": result.get_response()["id"],
            "tensors": {name: hexed(result, name) for name in ("boxes", "scores", "labels", "label_indices")},
        })
result = client.infer("blobs", given(True), outputs=wanted(True)[1:2], model_version="1")
said["only"] = [result.as_numpy("boxes") is None, result.as_numpy("scores") is not None]
said["waited"] = hexed(client.async_infer("blobs", given(True)).get_result(), "labels")
try:
    client.infer("nobody", given(True))
except InferenceServerException as error:
    said["refused"] = [error.status(), error.message()]
json.dump(said, sys.stdout)
"""


def peer_python() -> str:
    """A Python with the client, in a virtual environment of its own, made on first use."""
    python = HOME / "bin" / "python"
    if not (HOME / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (HOME / "ready").touch()
    return str(python)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[dict[str, Any]], list[Any]]:
    """What the client heard, what our own address answers, and the log's lines of the source the client named."""
    folder = tmp_path_factory.mktemp("triton")
    image = make_jpeg(DARK, (160, 120), blobs=[((20, 20, 70, 60), RED), ((90, 60, 140, 100), GREEN)])
    (folder / "image.jpg").write_bytes(image)
    with running(folder / "home") as server:
        sent = server.http.post("/api/v1/models/blobs/versions", files={"file": ("m.onnx", detector())}).json()
        server.http.post("/api/v1/deployments", json={"name": "blobs", "model_version": sent["id"], "threshold": 0.2})
        own = server.http.post("/api/v1/deployments/blobs/predict", content=image).json()["detections"]
        done = subprocess.run(
            [peer_python(), "-c", PROGRAM, f"127.0.0.1:{server.port}", str(folder / "image.jpg")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        logged = server.http.get("/api/v1/deployments/blobs/predictions", params={"source": "line-4"}).json()["items"]
    return json.loads(done.stdout), own, logged


def test_the_client_finds_the_server_and_the_deployment_ready(heard: Any) -> None:
    said, _, _ = heard
    assert [said[name] for name in ("live", "ready", "model_ready", "version_ready", "nobody_ready")] == [True] * 4 + [
        False
    ]
    assert said["server"]["name"] == "relens"
    assert said["model"]["inputs"] == [{"name": "image", "datatype": "BYTES", "shape": [1]}]
    assert said["refused"][0] == "404"
    assert "no deployment 'nobody'" in said["refused"][1]


def test_every_form_carries_the_same_bits_as_our_own_answer(heard: Any) -> None:
    import numpy as np

    said, own, _ = heard
    assert len(own) >= 1
    labels = ("red", "green", "blue")
    ours = {
        "boxes": ["float32", [len(own), 4], np.asarray([d["box"] for d in own], "<f4").tobytes().hex()],
        "scores": ["float32", [len(own)], np.asarray([d["confidence"] for d in own], "<f4").tobytes().hex()],
        "labels": [d["label"] for d in own],
        "label_indices": [
            "int32",
            [len(own)],
            np.asarray([labels.index(d["label"]) for d in own], "<i4").tobytes().hex(),
        ],
    }
    assert len(said["answers"]) == 6
    for answer in said["answers"]:
        assert answer == {"id": "r-1", "tensors": ours}
    assert said["only"] == [True, True]
    assert said["waited"] == ours["labels"]


def test_every_answer_the_client_got_is_in_the_log(heard: Any) -> None:
    assert len(heard[2]) == 6
