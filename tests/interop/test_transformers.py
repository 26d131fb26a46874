"""Models of Hugging Face transformers, exported by PyTorch's own exporter: each is read, answers, and gets features that tell images apart.

transformers runs in an environment of its own, on our PyTorch; weights are random and small.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop._exported import Expected, exported, features_tell_apart, interpreter

PROGRAM = """
import sys
import torch
from transformers import (
    DetrConfig, DetrForObjectDetection, ResNetConfig, ViTConfig, ViTForImageClassification, YolosConfig, YolosForObjectDetection
)

class Plain(torch.nn.Module):
    def __init__(self, model, names):
        super().__init__()
        self.model, self.names = model, names

    def forward(self, pixel_values):
        said = self.model(pixel_values=pixel_values)
        return tuple(getattr(said, name) for name in self.names)

torch.manual_seed(0)
labels = dict(id2label={0: "bolt", 1: "nut"}, label2id={"bolt": 0, "nut": 1})
small = dict(hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, patch_size=16, **labels)
resnet = ResNetConfig(embedding_size=16, hidden_sizes=[32, 64, 96, 128], depths=[1, 1, 1, 1], layer_type="basic", out_features=["stage4"])
detr = DetrConfig(
    use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=resnet, d_model=32, encoder_layers=1, decoder_layers=1,
    encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, num_queries=8, **labels,
)
made = {
    "vit": lambda: (ViTForImageClassification(ViTConfig(image_size=64, **small)), ("logits",), 64),
    "yolos": lambda: (YolosForObjectDetection(YolosConfig(image_size=[64, 64], num_detection_tokens=10, **small)), ("logits", "pred_boxes"), 64),
    "detr": lambda: (DetrForObjectDetection(detr), ("logits", "pred_boxes"), 128),
}
model, names, side = made[sys.argv[1]]()
torch.onnx.export(
    Plain(model.eval(), names), (torch.rand(1, 3, side, side),), sys.argv[2], input_names=["pixel_values"], output_names=list(names),
    opset_version=18, external_data=False, dynamo=True, verbose=False,
)
"""
KINDS = {
    "vit": Expected("classification", "the vector", 48),
    "yolos": Expected("detection", "the mean of the tokens", 48),
    "detr": Expected("detection", "the mean of the map", 128),
}


@pytest.fixture(scope="module")
def python() -> Path:
    return interpreter("transformers", ("transformers==5.24.0", "onnxscript==0.7.2"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_transformers_is_read_and_gets_features(kind: str, python: Path, tmp_path: Path) -> None:
    features_tell_apart(exported(python, PROGRAM, kind, tmp_path), ("bolt", "nut"), KINDS[kind], 64, 0.05)
