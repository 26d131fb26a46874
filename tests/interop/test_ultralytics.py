"""A model exported by Ultralytics itself answers here what Ultralytics' own post-processing says.

Ultralytics is AGPL: it runs in a virtual environment of its own and is never imported here.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.compact_vs_yolo import peer_python
from relens.inference.load import load
from relens.inference.manifest import read_manifest
from relens.inference.predict import predict
from relens.vision.shapes import Box

PROGRAM = """
import json, sys
import torch
from ultralytics import YOLO
folder, images = sys.argv[1], sys.argv[2:]
torch.manual_seed(3)
model = YOLO("yolo11n.yaml")
for layer in model.model.modules():
    if isinstance(layer, torch.nn.BatchNorm2d):
        layer.momentum = 1.0
with torch.no_grad():
    # Random weights fade from layer to layer; one pass with batch statistics makes every layer speak up.
    model.model.train()(torch.stack([torch.rand(3, 640, 640), torch.rand(3, 1, 1).expand(3, 640, 640)]))
model.model.eval()
for branch in model.model.model[-1].cv3:
    branch[-1].weight.data.normal_(std=2.0 / branch[-1].weight.shape[1] ** 0.5)
    branch[-1].bias.data.fill_(-5.0)
model.model.names = {0: "bolt", 1: "nut", **{n: f"label {n}" for n in range(2, 80)}}
model.save(folder + "/yolo.pt")
model = YOLO(folder + "/yolo.pt")  # saving rounds the weights: both sides start from what was saved
said = []
for name in images:
    boxes = model.predict(name, imgsz=640, conf=0.05, iou=0.7, max_det=300, device="cpu", verbose=False)[0].boxes
    said.append([boxes.xyxy.tolist(), boxes.conf.tolist(), boxes.cls.int().tolist()])
json.dump(said, open(folder + "/said.json", "w"))
exported = YOLO(folder + "/yolo.pt").export(format="onnx", imgsz=640, opset=17, simplify=False)
print(exported)
"""


def picture(seed: int) -> np.ndarray[Any, Any]:
    """640 x 640 with structure at many scales, so that no resizing stands between the two pipelines."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (20, 20, 3), dtype=np.uint8))
    return np.asarray(small.resize((640, 640), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[bytes], list[Any]]:
    folder = tmp_path_factory.mktemp("ultralytics")
    names = [folder / f"{seed}.png" for seed in range(3)]
    for seed, name in enumerate(names):
        Image.fromarray(picture(seed)).save(name)
    subprocess.run([peer_python(), "-m", "pip", "install", "--quiet", "onnx"], check=True)  # only its export needs it
    done = subprocess.run(
        [peer_python(), "-c", PROGRAM, str(folder), *map(str, names)],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = next(Path(folder).glob("*.onnx"))
    return found.read_bytes(), [name.read_bytes() for name in names], json.loads((folder / "said.json").read_text())


def test_the_file_says_what_it_is(exported: tuple[bytes, list[bytes], list[Any]]) -> None:
    manifest = read_manifest(exported[0])
    assert manifest.task == "detection"
    assert manifest.outputs == "ultralytics_detect"
    assert manifest.labels.names[:2] == ("bolt", "nut")
    assert (manifest.input.width, manifest.input.height) == (640, 640)


def test_its_boxes_here_are_those_of_its_own_post_processing(exported: tuple[bytes, list[bytes], list[Any]]) -> None:
    onnx, images, said = exported
    loaded = load(onnx, read_manifest(onnx), "yolo", threads=2)
    compared = 0
    for data, (boxes, confidences, _labels) in zip(images, said, strict=True):
        ours = [d for d in predict(data, loaded).prediction.detections if d.confidence >= 0.05]
        for box, confidence in zip(boxes, confidences, strict=True):
            near = [d for d in ours if abs(d.confidence - confidence) < 2e-3 and isinstance(d.shape, Box)]
            distance = min(
                (max(abs(a - b) for a, b in zip(d.shape.corners(), box, strict=True)) for d in near if d.shape),
                default=1e9,
            )  # type: ignore[union-attr]
            assert distance < 1.0, f"nothing here is like Ultralytics' box {box} with confidence {confidence}"
            compared += 1
        assert abs(len(ours) - len(boxes)) <= max(2, 0.05 * len(boxes))
    assert compared > 20
