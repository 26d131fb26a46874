"""Models of torchvision, exported by PyTorch's own exporters: each is read, answers, and gets features that tell images apart.

torchvision's wheels bring operators that load beside PyTorch for CUDA only. What it needs to be imported, and to draw a detector's graph, is said
here instead: the name of its suppression and, for the one run the exporter makes, what that does. The file holds ONNX's own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop._exported import Expected, exported, features_tell_apart, interpreter

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
    "resnet": Expected("classification", "the vector", 512),
    "vit": Expected("classification", "the vector", 48),
    "ssdlite": Expected("detection", "the mean of the map", 672),
}


@pytest.fixture(scope="module")
def python() -> Path:
    return interpreter("torchvision", ("--no-deps", "torchvision==0.28.0"), ("onnxscript==0.7.2",))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_torchvision_is_read_and_gets_features(kind: str, python: Path, tmp_path: Path) -> None:
    labels = ("background", "bolt", "nut") if KINDS[kind].task == "detection" else ("bolt", "nut")
    assert features_tell_apart(exported(python, PROGRAM, kind, tmp_path), labels, KINDS[kind], 320, 0.0)
