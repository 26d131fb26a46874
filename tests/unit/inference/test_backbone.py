"""A file without a feature output gets one, pooled from what its backbone says last; nothing else it says changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from relens.inference.examine import Given, examine
from relens.inference.load import load
from relens.inference.predict import predict
from relens.testing import tiny_models
from relens.testing.images import BLUE, RED, make_jpeg

AB = Given(labels=("a", "b"))


class Sketch:
    """A small network put together node by node, as exporters lay theirs out."""

    def __init__(self, seed: int = 0) -> None:
        self.chance = np.random.default_rng(seed)
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def conv(self, name: str, source: str, fan_in: int, channels: int, stride: int = 2, kernel: int = 3) -> str:
        size = (channels, fan_in, kernel, kernel)
        scale = (2 / (fan_in * kernel**2)) ** 0.5
        self.constants[f"{name}.w"] = (self.chance.normal(size=size) * scale).astype(np.float32)
        pad = kernel // 2 if stride < kernel else 0
        self.nodes.append(
            helper.make_node("Conv", [source, f"{name}.w"], [f"{name}.c"], strides=[stride] * 2, pads=[pad] * 4)
        )
        self.nodes.append(helper.make_node("Relu", [f"{name}.c"], [name]))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **options: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **options))
        return output

    def put(self, name: str, value: Any) -> str:
        self.constants[name] = np.asarray(value)
        return name

    def weights(self, name: str, *size: int) -> str:
        return self.put(name, self.chance.normal(size=size).astype(np.float32) / 4)

    def stages(self, *channels: int, source: str = "images") -> list[str]:
        """Convolutions of stride 2, one after another; their names."""
        made = []
        for number, (before, after) in enumerate(zip((3, *channels), channels, strict=False)):
            source = self.conv(f"stage{number}", source, before, after)
            made.append(source)
        return made

    def file(self, outputs: list[tuple[str, list[int | str]]], size: int = 64, batch: int | str = "batch") -> bytes:
        return tiny_models.model(self.nodes, self.constants, outputs, size, batch=batch)


def classifier() -> bytes:
    """ResNet, EfficientNet, Ultralytics classify: pooled, flattened, one matrix product, softmax."""
    net = Sketch()
    last = net.stages(8, 16, 32)[-1]
    net.node("GlobalAveragePool", [last], "pooled")
    net.node("Flatten", ["pooled"], "flat")
    net.node("Gemm", ["flat", net.weights("fc", 2, 32)], "logits", transB=1)
    net.node("Softmax", ["logits"], "probabilities", axis=1)
    return net.file([("probabilities", ["batch", 2])])


def pyramid() -> bytes:
    """Ultralytics detect, RetinaNet, RT-DETR: the coarsest map is enlarged, joined with a finer one and read by heads."""
    net = Sketch()
    *_, p4, p5 = net.stages(8, 16, 24, 32, 48)
    net.node("Resize", [p5, "", net.put("scales", np.asarray([1, 1, 2, 2], np.float32))], "up", mode="nearest")
    net.node("Concat", ["up", p4], "joined", axis=1)
    neck = net.conv("neck", "joined", 80, 32, stride=1)
    down = net.conv("down", neck, 32, 64)
    net.node("Conv", [down, net.weights("head", 6, 64, 1, 1)], "head.out")
    net.node("Reshape", ["head.out", net.put("flat", np.asarray([-1, 6, 16], np.int64))], "output0")
    return net.file([("output0", ["batch", 6, 16])], size=128)


def pyramid_with_a_level_on_top() -> bytes:
    """torchvision's RetinaNet, Faster and Mask R-CNN: stages are projected to one width, the coarsest is enlarged and added, and pooled once more on top."""
    net = Sketch()
    *_, c4, c5 = net.stages(8, 16, 24, 32, 48)
    inner5 = net.node("Conv", [c5, net.weights("inner5", 20, 48, 1, 1)], "inner5.out")
    inner4 = net.node("Conv", [c4, net.weights("inner4", 20, 32, 1, 1)], "inner4.out")
    net.node("Resize", [inner5, "", net.put("scales", np.asarray([1, 1, 2, 2], np.float32))], "up", mode="nearest")
    net.node("Add", ["up", inner4], "p4")
    net.node("Conv", [inner5, net.weights("layer5", 24, 20, 3, 3)], "p5", pads=[1, 1, 1, 1])
    net.node("MaxPool", ["p5"], "p6", kernel_shape=[1, 1], strides=[2, 2])
    net.node("Conv", ["p4", net.weights("head", 6, 20, 1, 1)], "head.out")
    net.node("Conv", ["p6", net.weights("head6", 6, 24, 1, 1)], "head6.out")
    net.node("Reshape", ["head.out", net.put("flat", np.asarray([0, 6, 64], np.int64))], "many")
    net.node("Reshape", ["head6.out", net.put("flat6", np.asarray([0, 6, 4], np.int64))], "few")
    net.node("Concat", ["many", "few"], "output0", axis=2)
    return net.file([("output0", ["batch", 6, 68])], size=128)


def transformer_head() -> bytes:
    """DETR: the last map of a residual network, projected to fewer channels, then tokens."""
    net = Sketch()
    last = net.stages(8, 16, 24, 32, 64)[-1]
    net.node("Conv", [last, net.weights("project", 20, 64, 1, 1)], "projected")
    net.node("Reshape", ["projected", net.put("tokens", np.asarray([0, 20, 4], np.int64))], "rows")
    net.node("Transpose", ["rows"], "tokens.out", perm=[0, 2, 1])
    net.node("MatMul", ["tokens.out", net.weights("say", 20, 2)], "logits")
    net.node("MatMul", ["tokens.out", net.weights("where", 20, 4)], "raw")
    net.node("Sigmoid", ["raw"], "pred_boxes")
    return net.file([("logits", ["batch", 4, 2]), ("pred_boxes", ["batch", 4, 4])])


def tokens_only() -> bytes:
    """YOLOS and other plain vision transformers: patches, tokens, a last layer norm, heads."""
    net = Sketch()
    patches = net.conv("patches", "images", 3, 32, stride=16, kernel=16)
    net.node("Reshape", [patches, net.put("sides", np.asarray([0, 32, 16], np.int64))], "rows")
    net.node("Transpose", ["rows"], "tokens", perm=[0, 2, 1])
    ones, zeros = net.put("ones", np.ones(32, np.float32)), net.put("zeros", np.zeros(32, np.float32))
    net.node("LayerNormalization", ["tokens", ones, zeros], "norm", axis=-1)
    net.node("MatMul", ["norm", net.weights("say", 32, 2)], "logits")
    net.node("MatMul", ["norm", net.weights("where", 32, 4)], "raw")
    net.node("Sigmoid", ["raw"], "pred_boxes")
    return net.file([("logits", ["batch", 16, 2]), ("pred_boxes", ["batch", 16, 4])])


def sized_by_itself() -> bytes:
    """torchvision's detectors: the image is brought to a size that is worked out inside, so no shape behind it is written anywhere."""
    net = Sketch()
    net.node("ReduceMax", ["images"], "most", keepdims=0)
    net.node("Mul", ["most", net.put("nothing", np.float32(0))], "zero")
    net.node("Add", ["zero", net.put("ones", np.ones(4, np.float32))], "scales")
    net.node("Resize", ["images", "", "scales"], "sized", mode="nearest")
    last = net.stages(8, 16, 24, 32, source="sized")[-1]
    net.node("Conv", [last, net.weights("head", 6, 32, 1, 1)], "head.out")
    net.node("Reshape", ["head.out", net.put("flat", np.asarray([0, 6, 16], np.int64))], "output0")
    return net.file([("output0", ["batch", 6, 16])])


LAYOUTS = {
    "classifier": (classifier, "flat", "vector"),
    "pyramid": (pyramid, "stage4", "map"),
    "pyramid with a level on top": (pyramid_with_a_level_on_top, "inner5.out", "map"),
    "transformer head": (transformer_head, "stage4", "map"),
    "tokens only": (tokens_only, "norm", "tokens"),
    "sized by itself": (sized_by_itself, "stage3", "map"),
}


def run(data: bytes, images: Any, *also: str) -> dict[str, Any]:
    model = onnx.load_from_string(data)
    for name in also:
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"images": images}), strict=True))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_features_are_the_mean_of_what_the_backbone_says_last(layout: str) -> None:
    make, tensor, kind = LAYOUTS[layout]
    examined = examine(make(), AB)
    assert examined.manifest.feature_output == "features"
    assert f"'{tensor}'" in examined.manifest.features
    assert examined.manifest.input.batch
    side = examined.manifest.input.width
    images = np.random.default_rng(1).uniform(0, 1, (2, 3, side, side)).astype(np.float32)
    before, after = run(make(), images, *([] if tensor in {"flat"} else [tensor])), run(examined.onnx, images)
    if kind != "vector":
        inner = before.pop(tensor)
        np.testing.assert_allclose(
            after["features"], inner.mean(axis=(2, 3) if kind == "map" else 1), rtol=1e-4, atol=1e-5
        )
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, rtol=1e-4, atol=1e-5)


def test_a_prediction_then_has_a_feature_vector_that_tells_images_apart() -> None:
    examined = examine(pyramid(), Given(labels=("a", "b")))
    loaded = load(examined.onnx, examined.manifest, "v1")
    one, same, other = (predict(make_jpeg(colour, (64, 64), 3), loaded).feature for colour in (RED, RED, BLUE))
    assert one is not None
    assert other is not None
    assert one.shape == (48,)
    np.testing.assert_array_equal(one, same)
    assert np.abs(one.astype(float) - other).max() > 0.05


def test_the_same_file_always_becomes_the_same_bytes() -> None:
    assert examine(pyramid(), AB).onnx == examine(pyramid(), AB).onnx
    assert examine(examine(classifier(), AB).onnx, AB).onnx == examine(classifier(), AB).onnx


def test_where_there_is_no_backbone_it_says_appearance_only() -> None:
    data = tiny_models.classifier(features=False)
    examined = examine(data)
    assert examined.onnx is data
    assert examined.manifest.feature_output is None
    assert examined.manifest.features == "appearance only: no feature map of a backbone was found in the file"
    declared = examine(tiny_models.classifier())
    assert declared.manifest.features == "the file's own output 'features'"


def test_half_precision_features_come_as_floats() -> None:
    model = onnx.load_from_string(classifier())
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = TensorProto.FLOAT16
    examined = examine(model.SerializeToString(), AB)
    assert examined.manifest.input.dtype == "float16"
    images = np.random.default_rng(1).uniform(0, 1, (1, 3, 64, 64)).astype(np.float16)
    assert run(examined.onnx, images)["features"].dtype == np.float32
