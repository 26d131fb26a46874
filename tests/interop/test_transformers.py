"""Models of Hugging Face transformers, exported by PyTorch's own exporter: each is read, answers, and gets features that tell images apart.

transformers runs in an environment of its own, on our PyTorch; weights are random and small.
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
    "vit": ("classification", "the vector", 48),
    "yolos": ("detection", "the mean of the tokens", 48),
    "detr": ("detection", "the mean of the map", 128),
}


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of the peer's environment, which finds our PyTorch."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed: pip install 'relens[train]'")
    home = Path(tempfile.gettempdir()) / "relens-peer-transformers"
    found = home / "bin" / "python"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        ours = [path for path in sys.path if path.endswith("site-packages")]
        packages = next((home / "lib").glob("python*")) / "site-packages"
        (packages / "ours.pth").write_text("\n".join(ours) + "\n", encoding="utf-8")
        wanted = ("transformers==5.24.0", "onnxscript==0.7.2")
        subprocess.run([str(found), "-m", "pip", "install", "--quiet", *wanted], check=True)
        (home / "ready").touch()
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_transformers_is_read_and_gets_features(kind: str, python: Path, tmp_path: Path) -> None:
    task, pooled, numbers = KINDS[kind]
    file = tmp_path / "model.onnx"
    done = subprocess.run([str(python), "-c", PROGRAM, kind, str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    examined = examine(file.read_bytes(), Given(labels=("bolt", "nut")))
    assert examined.manifest.task == task
    assert examined.manifest.features.startswith(f"added: {pooled}")
    loaded = load(examined.onnx, examined.manifest, "v1")
    one, same, other = (predict(make_jpeg(colour, (64, 64), 3), loaded) for colour in (RED, RED, BLUE))
    assert one.feature is not None
    assert same.feature is not None
    assert other.feature is not None
    assert one.feature.shape == (numbers,)
    np.testing.assert_array_equal(one.feature, same.feature)
    assert np.abs(one.feature.astype(float) - other.feature).max() > 0.05
    loaded.close()
