"""Models of torchvision, exported by PyTorch's own exporters: each is read, answers, and gets features that tell images apart.

torchvision's wheels bring operators that load beside PyTorch for CUDA only. What it needs to be imported, and to draw a detector's graph, is said
here instead: the name of its suppression and, for the one run the exporter makes, what that does. The file holds ONNX's own.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from relens.inference.examine import Given, examine
from relens.inference.load import load
from relens.inference.predict import predict
from relens.testing.images import BLUE, RED, make_jpeg

PROGRAM = """
import sys
import torch

def nms(boxes, scores, most):
    kept, gone = [], torch.zeros(len(boxes), dtype=torch.bool)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
    for one in scores.argsort(descending=True).tolist():
        if not gone[one]:
            kept.append(one)
            low, high = torch.maximum(boxes[one, :2], boxes[:, :2]), torch.minimum(boxes[one, 2:], boxes[:, 2:])
            shared = (high - low).clamp(min=0).prod(dim=1)
            gone |= shared / (areas[one] + areas - shared) > most
    return torch.tensor(kept, dtype=torch.long)

operators = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
operators.impl("nms", nms, "CPU")
import torchvision

def there() -> bool:
    return True

torchvision.extension._has_ops = there
from torchvision import models

torch.manual_seed(0)
small = dict(image_size=64, patch_size=16, num_layers=2, num_heads=4, hidden_dim=48, mlp_dim=96, num_classes=2)
made = {
    "resnet": lambda: models.resnet18(num_classes=2),
    "vit": lambda: models.VisionTransformer(**small),
    "ssdlite": lambda: models.detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=3, detections_per_img=20, score_thresh=0.001
    ),
}
model = made[sys.argv[1]]().eval()
for layer in model.modules():
    if isinstance(layer, torch.nn.Conv2d):
        # With those it begins a training with, an image fades out on its way.
        torch.nn.init.kaiming_normal_(layer.weight)
if sys.argv[1] == "ssdlite":
    torch.onnx.export(
        model, ([torch.rand(3, 320, 320)],), sys.argv[2], input_names=["image"], output_names=["boxes", "scores", "labels"],
        opset_version=17, dynamo=False,
    )
else:
    torch.onnx.export(
        model, (torch.rand(1, 3, 64, 64),), sys.argv[2], input_names=["image"], output_names=["logits"], opset_version=18,
        external_data=False, dynamo=True, verbose=False,
    )
"""
KINDS = {
    "resnet": ("classification", "the vector", 512),
    "vit": ("classification", "the vector", 48),
    "ssdlite": ("detection", "the mean of the map", 672),
}


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of the peer's environment, which finds our PyTorch."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed: pip install 'relens[train]'")
    home = Path(tempfile.gettempdir()) / "relens-peer-torchvision"
    found = home / "bin" / "python"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        ours = [path for path in sys.path if path.endswith("site-packages")]
        packages = next((home / "lib").glob("python*")) / "site-packages"
        (packages / "ours.pth").write_text("\n".join(ours) + "\n", encoding="utf-8")
        install = [str(found), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "--no-deps", "torchvision==0.28.0"], check=True)
        subprocess.run([*install, "onnxscript==0.7.2"], check=True)
        (home / "ready").touch()
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_torchvision_is_read_and_gets_features(kind: str, python: Path, tmp_path: Path) -> None:
    task, pooled, numbers = KINDS[kind]
    program, file = tmp_path / "program.py", tmp_path / "model.onnx"
    program.write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run([str(python), str(program), kind, str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    labels = ("background", "bolt", "nut") if task == "detection" else ("bolt", "nut")
    examined = examine(file.read_bytes(), Given(labels=labels))
    assert examined.manifest.task == task
    assert examined.manifest.features.startswith(f"added: {pooled}")
    loaded = load(examined.onnx, examined.manifest, "v1")
    one, same, other = (predict(make_jpeg(colour, (320, 320), 3), loaded) for colour in (RED, RED, BLUE))
    assert one.feature is not None
    assert same.feature is not None
    assert other.feature is not None
    assert one.feature.shape == (numbers,)
    np.testing.assert_array_equal(one.feature, same.feature)
    assert np.abs(one.feature.astype(float) - other.feature).max() > 0
    assert one.prediction.detections
    loaded.close()
