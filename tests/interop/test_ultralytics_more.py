"""Segmenters and classifiers exported by Ultralytics itself answer here what its own post-processing says; each gets features.

Ultralytics is AGPL: it runs in a virtual environment of its own and is never imported here.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from benchmarks.compact_vs_yolo import peer_python
from relens.inference.examine import examine
from relens.inference.load import load
from relens.inference.predict import predict
from relens.vision.shapes import Polygon
from tests.interop.test_ultralytics import picture

PROGRAM = """
import json, sys
import numpy as np
import torch
from PIL import Image
from ultralytics import YOLO
kind, folder, size, images = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
torch.manual_seed(5)
model = YOLO(kind + ".yaml")
for layer in model.model.modules():
    if isinstance(layer, torch.nn.BatchNorm2d):
        layer.momentum = 1.0
with torch.no_grad():
    model.model.train()(torch.stack([torch.rand(3, size, size), torch.rand(3, 1, 1).expand(3, size, size)]))
model.model.eval()
head = model.model.model[-1]
for branches in (getattr(head, "cv3", ()), getattr(head, "one2one_cv3", ()) or ()):
    for branch in branches:
        branch[-1].weight.data.normal_(std=0.6 / branch[-1].weight.shape[1] ** 0.5)
        branch[-1].bias.data.fill_(-5.0)
if hasattr(head, "linear"):
    head.linear.weight.data.normal_(std=0.3)
model.save(folder + "/yolo.pt")
model = YOLO(folder + "/yolo.pt")
said = []
for name in images:
    if kind.endswith("-cls"):
        # Its own loader needs torchvision; of a square image, Resize and CenterCrop are this.
        pixels = np.asarray(Image.open(name).resize((size, size), Image.Resampling.BILINEAR))
        with torch.no_grad():
            answer = model.model.eval()(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255)
        said.append((answer[0] if isinstance(answer, tuple) else answer)[0].tolist())
        continue
    found = model.predict(name, imgsz=size, conf=0.05, iou=0.7, max_det=100, device="cpu", verbose=False)[0]
    masks = found.masks
    rows = []
    for i in range(len(found.boxes)):
        file = f"{folder}/mask-{len(said)}-{i}.npy"
        np.save(file, masks.data[i].numpy().astype(bool))
        rows.append([found.boxes.xyxy[i].tolist(), float(found.boxes.conf[i]), int(found.boxes.cls[i]), file])
    said.append(rows)
json.dump(said, open(folder + "/said.json", "w"))
YOLO(folder + "/yolo.pt").export(format="onnx", imgsz=size, opset=17, simplify=False)
"""


def export(kind: str, size: int, folder: Path) -> tuple[bytes, list[bytes], Any]:
    names = [folder / f"{seed}.png" for seed in range(2)]
    for seed, name in enumerate(names):
        Image.fromarray(picture(seed)).save(name)
    subprocess.run([peer_python(), "-m", "pip", "install", "--quiet", "onnx"], check=True)
    done = subprocess.run(
        [peer_python(), "-c", PROGRAM, kind, str(folder), str(size), *map(str, names)],
        capture_output=True, text=True, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    file = next(folder.glob("*.onnx"))
    return file.read_bytes(), [name.read_bytes() for name in names], json.loads((folder / "said.json").read_text())


def drawn(polygon: Polygon, size: int) -> Any:
    canvas = Image.new("1", (size, size))
    for ring in polygon.rings:
        ImageDraw.Draw(canvas).polygon(list(ring), fill=1)
    return np.asarray(canvas)


@pytest.mark.parametrize("kind", ["yolo11n-seg"])
def test_its_masks_here_are_those_of_its_own_post_processing(kind: str, tmp_path: Path) -> None:
    onnx, images, said = export(kind, 640, tmp_path)
    examined = examine(onnx)
    assert (examined.manifest.outputs, examined.manifest.task) == ("ultralytics_segment", "segmentation")
    assert examined.manifest.features.startswith("added: the mean of the map")
    loaded = load(examined.onnx, examined.manifest, "yolo", threads=2)
    agreements = []
    for data, rows in zip(images, said, strict=True):
        inferred = predict(data, loaded)
        assert inferred.feature is not None
        assert inferred.feature.shape[0] >= 64
        ours = [one for one in inferred.prediction.detections if one.confidence >= 0.05]
        for box, confidence, label, file in rows:
            # Random weights make frayed masks; polygons have no holes and few parts, so only whole ones are held against theirs.
            mask = ndimage.binary_fill_holes(np.load(file))
            parts = ndimage.label(mask)[1]
            if mask.sum() < 400 or parts > 3 or confidence > 0.999:
                continue
            name = examined.manifest.labels.names[label]
            near = [one for one in ours if abs(one.confidence - confidence) < 2e-3 and one.label == name]
            masks = [drawn(one.shape, 640) for one in near if isinstance(one.shape, Polygon)]
            agreements.append(max(((mask & m).sum() / (mask | m).sum() for m in masks), default=0.0))
            compared = [one.box() for one in (other.shape for other in near) if one is not None]
            assert compared, f"nothing here is like Ultralytics' {name} at {box} with confidence {confidence}"
    assert len(agreements) >= 5, len(agreements)
    assert np.median(agreements) > 0.9, sorted(agreements)


def test_its_classifier_is_fed_and_read_as_it_does_itself(tmp_path: Path) -> None:
    onnx, images, said = export("yolo11n-cls", 224, tmp_path)
    examined = examine(onnx)
    assert (examined.manifest.outputs, examined.manifest.task) == ("softmax", "classification")
    assert "the vector" in examined.manifest.features
    loaded = load(examined.onnx, examined.manifest, "yolo", threads=2)
    for data, shares in zip(images, said, strict=True):
        found = predict(data, loaded).found
        for label, confidence in zip(found.labels.tolist(), found.confidences.tolist(), strict=True):
            assert confidence == pytest.approx(shares[label], abs=0.01)
