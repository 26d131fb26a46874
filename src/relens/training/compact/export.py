"""The trained network as one ONNX file that says what it is, checked against the network itself."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from relens.training.compact.augment import PAD
from relens.training.compact.network import Classifier, Detector, cell_centres, decode
from relens.training.compact.order import CannotTrain

OPSET = 17
TOLERANCE = 1e-4


class DetectorFile(nn.Module):
    """Images to boxes in input pixels, scores in 0..1 and features."""

    def __init__(self, network: Detector, height: int, width: int) -> None:
        super().__init__()
        self.network = network
        centres, strides = cell_centres(height, width)
        self.register_buffer("centres", centres)
        self.register_buffer("strides", strides)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        classes, sides, features = self.network(images)
        return decode(sides, self.centres, self.strides), classes.sigmoid(), features  # type: ignore[arg-type]


class ClassifierFile(nn.Module):
    """Images to probabilities and features."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits, features = self.network(images)
        return logits.softmax(-1), features


def export(network: nn.Module, labels: Sequence[str], height: int, width: int, path: Path) -> None:
    """Write the ONNX file. Raises CannotTrain when it does not compute what the network computes."""
    detects = isinstance(network, Detector)
    wrapper: nn.Module = DetectorFile(network, height, width) if detects else ClassifierFile(network)  # type: ignore[arg-type]
    wrapper = wrapper.to(memory_format=torch.contiguous_format).float().eval()  # type: ignore[call-overload]
    names = ["boxes", "scores", "features"] if detects else ["probabilities", "features"]
    example = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            wrapper,
            (example,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["images"],
            output_names=names,
            dynamic_axes={name: {0: "batch"} for name in ["images", *names]},
        )
    declare(path, detects, labels)
    check(wrapper, example, path, scales=[float(max(height, width)), 1.0, 1.0] if detects else [1.0, 1.0])


def declare(path: Path, detects: bool, labels: Sequence[str]) -> None:
    """Put what a reader must know into the file's metadata."""
    model = onnx.load(str(path))
    entry = {
        "resize": "letterbox" if detects else "stretch",
        "pad": PAD,
        "scale": 1 / 255,
        "mean": [0, 0, 0],
        "std": [1, 1, 1],
        "colour": "rgb",
    }
    properties = {
        "relens.task": "detection" if detects else "classification",
        "relens.labels": json.dumps(list(labels)),
        "relens.input": json.dumps(entry),
        "relens.outputs": "compact_detect" if detects else "softmax",
    }
    onnx.helper.set_model_props(model, properties)
    onnx.save(model, str(path))


def check(wrapper: nn.Module, example: Tensor, path: Path, scales: Sequence[float]) -> None:
    """Compare file and network, also for a batch of another size. Raises CannotTrain."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for images in (example, example[:1]):
        with torch.no_grad():
            expected = wrapper(images)
        for want, got, scale in zip(expected, session.run(None, {"images": images.numpy()}), scales, strict=True):
            apart = float(np.abs(want.numpy() - got).max()) / max(scale, float(want.abs().max()))
            if not apart <= TOLERANCE:
                raise CannotTrain(f"the exported file differs from the network by {apart:.2g} (allowed {TOLERANCE:g})")
