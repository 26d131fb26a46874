"""ONNX models of a few hundred bytes that really look at the image: a classifier by colour, a detector of one bright blob.

They load in milliseconds and are right on the images of `testing.images`, so that a test can tell a good version from a bad one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

COLOURS = ("red", "green", "blue")
OPSET = 17
IR_VERSION = 9


def classifier(
    labels: Sequence[str] = COLOURS,
    *,
    size: int = 32,
    features: bool = True,
    logits: bool = False,
    declare: bool = True,
    order: Sequence[int] | None = None,
    sharpness: float = 12.0,
    note: str = "",
) -> bytes:
    """A softmax classifier that says which channel is strongest: label 0 for red, 1 for green, 2 for blue, further ones never.

    `order` moves the answers to other labels (a version that is wrong); `note` only makes other bytes.
    """
    weights = _towards(len(labels), order) * sharpness
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["mean"]),
        helper.make_node("MatMul", ["mean", "weights"], ["logits"]),
    ]
    outputs: list[Any] = [("logits" if logits else "probabilities", ["batch", len(labels)])]
    if not logits:
        nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1))
    if features:
        nodes += _features(size, 4)
        outputs.append(("features", ["batch", 48]))
    metadata = _relens("classification", labels, "softmax", "stretch") if declare else {}
    return model(nodes, {"weights": weights}, outputs, size, {**metadata, **_note(note)})


def detector(
    labels: Sequence[str] = COLOURS,
    *,
    layout: str = "compact_detect",
    size: int = 64,
    features: bool = True,
    declare: bool = True,
    order: Sequence[int] | None = None,
    bright: float = 0.35,
    grow: float = 0.0,
    note: str = "",
) -> bytes:
    """A detector of one bright blob on dark ground: its box, and a label by its colour (0 red, 1 green, 2 blue).

    The blob is what has a channel above `bright` (0 to 1); two fainter copies of its box ask for suppression. `layout` is
    "compact_detect", "ultralytics" (1, 4 + C, A) or "ultralytics_end2end" (1, 300, 6). `order` moves the answers to other
    labels, `grow` shifts each side outwards by input pixels (a version that is worse); `note` only makes other bytes.
    """
    count = len(labels)
    constants: dict[str, Any] = {
        "bright": np.float32(bright),
        "weights": _towards(count, order) * 12.0,
        "outwards": np.asarray([[-grow, -grow, 1 + grow, 1 + grow]], np.float32),
        "faint": np.asarray([[[1.0], [0.6], [0.4]]], np.float32),
        "moved": np.asarray([[[0, 0, 0, 0], [1, 0, 1, 0], [0, -1, 0, 0]]], np.float32),
        "axis1": np.asarray([1], np.int64),
        "tiny": np.float32(1e-6),
    }
    nodes = [*_blob(), *_scores()]
    if layout == "compact_detect":
        nodes += [
            helper.make_node("Identity", ["corners"], ["boxes"]),
            helper.make_node("Identity", ["said"], ["scores"]),
        ]
        outputs: list[Any] = [("boxes", ["batch", 3, 4]), ("scores", ["batch", 3, count])]
    else:
        more, extra, outputs = _ultralytics(layout, count)
        nodes += more
        constants |= extra
    if features:
        nodes += _features(size, 4)
        outputs.append(("features", ["batch", 48]))
    metadata = _metadata(layout, labels, size) if declare else {}
    batch: int | str = "batch" if layout == "compact_detect" else 1
    return model(nodes, constants, outputs, size, {**metadata, **_note(note)}, batch=batch)


def multilabel(labels: Sequence[str] = COLOURS, *, size: int = 32, logits: bool = False) -> bytes:
    """A classifier that says of each channel by itself whether it is bright, with its sigmoid in the graph or without."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["mean"]),
        helper.make_node("Sub", ["mean", "middle"], ["above"]),
        helper.make_node("Mul", ["above", "steep"], ["output" if logits else "logit"]),
    ]
    if not logits:
        nodes.append(helper.make_node("Sigmoid", ["logit"], ["output"]))
    constants = {"middle": np.float32(0.5), "steep": np.float32(20.0)}
    metadata = {"relens.labels": json.dumps(list(labels))}
    return model(nodes, constants, [("output", ["batch", 3])], size, metadata)


def segmenter(labels: Sequence[str] = COLOURS, *, size: int = 64, bright: float = 0.35, note: str = "") -> bytes:
    """A segmenter of one bright blob in Ultralytics' layout: the detector's box and label, and the mask of what is bright.

    `output0` is (1, 4 + C + 2, 43); `output1` (1, 2, size / 4, size / 4), of which the first prototype is how far each cell's mean
    is above `bright`, the second nothing.
    """
    count = len(labels)
    more, extra, _ = _ultralytics("ultralytics", count)
    nodes = [
        *_blob(), *_scores(), *more[:3],
        helper.make_node("Concat", ["all", "coefficients"], ["with_masks"], axis=2),
        helper.make_node("Transpose", ["with_masks"], ["output0"], perm=[0, 2, 1]),
        helper.make_node("AveragePool", ["images"], ["cells"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("ReduceMax", ["cells"], ["brightest"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["brightest", "bright"], ["above"]),
        helper.make_node("Concat", ["above", "no_prototype"], ["output1"], axis=1),
    ]  # fmt: skip
    constants: dict[str, Any] = {
        **extra,
        "bright": np.float32(bright),
        "weights": _towards(count, None) * 12.0,
        "outwards": np.asarray([[0, 0, 1, 1]], np.float32),
        "faint": np.asarray([[[1.0], [0.6], [0.4]]], np.float32),
        "moved": np.asarray([[[0, 0, 0, 0], [1, 0, 1, 0], [0, -1, 0, 0]]], np.float32),
        "axis1": np.asarray([1], np.int64),
        "coefficients": np.tile(np.asarray([1, 0], np.float32), (1, 43, 1)),
        "no_prototype": np.zeros((1, 1, size // 4, size // 4), np.float32),
    }
    outputs: list[Any] = [("output0", [1, 4 + count + 2, 43]), ("output1", [1, 2, size // 4, size // 4])]
    metadata = {**_metadata("ultralytics", labels, size), "task": "segment"}
    return model(nodes, constants, outputs, size, {**metadata, **_note(note)}, batch=1)


def model(
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, Any],
    outputs: Sequence[tuple[str, Sequence[int | str]]],
    size: int | tuple[int, int] | None,
    metadata: Mapping[str, str] | None = None,
    *,
    batch: int | str = "batch",
) -> bytes:
    """An ONNX file with the input `images` float32 (batch, 3, height, width); `size` None leaves height and width free."""
    height, width = ("height", "width") if size is None else (size, size) if isinstance(size, int) else size
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, height, width])],
        [helper.make_tensor_value_info(name, _kind(constants, name), list(shape)) for name, shape in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    if metadata:
        helper.set_model_props(made, dict(metadata))
    return bytes(made.SerializeToString())


def constant(
    outputs: Mapping[str, npt.NDArray[Any]], size: int = 64, metadata: Mapping[str, str] | None = None
) -> bytes:
    """A model that answers every image with the same arrays (batch axis included), in any layout a test wants to try."""
    nodes = []
    constants: dict[str, Any] = {"nothing": np.float32(0)}
    nodes.append(helper.make_node("ReduceMax", ["images"], ["most"], keepdims=0))
    nodes.append(helper.make_node("Mul", ["most", "nothing"], ["zero"]))
    for name, values in outputs.items():
        constants[f"{name}.is"] = values
        zero = "zero"
        if values.dtype != np.float32:
            zero = f"{name}.zero"
            nodes.append(helper.make_node("Cast", ["zero"], [zero], to=helper.np_dtype_to_tensor_dtype(values.dtype)))
        nodes.append(helper.make_node("Add", [f"{name}.is", zero], [name]))
    return model(nodes, constants, [(name, values.shape) for name, values in outputs.items()], size, metadata, batch=1)


def _kind(constants: Mapping[str, Any], output: str) -> int:
    """The element type of an output: that of the constant it is made of, else float32."""
    return int(helper.np_dtype_to_tensor_dtype(np.asarray(constants.get(f"{output}.is", np.float32(0))).dtype))


def _blob() -> list[onnx.NodeProto]:
    """images to `mask` (N, H, W) and `corners` (N, 3, 4): first and last bright column and row, three copies."""
    node = helper.make_node
    nodes = [
        node("ReduceMax", ["images"], ["light"], axes=[1], keepdims=0),
        node("Greater", ["light", "bright"], ["is_bright"]),
        node("Cast", ["is_bright"], ["mask"], to=TensorProto.FLOAT),
        node("ReduceMax", ["mask"], ["columns"], axes=[1], keepdims=0),
        node("ReduceMax", ["mask"], ["rows"], axes=[2], keepdims=0),
    ]
    for side, line, last in (("x1", "columns", 0), ("y1", "rows", 0), ("x2", "columns", 1), ("y2", "rows", 1)):
        nodes.append(node("ArgMax", [line], [f"{side}.at"], axis=1, keepdims=1, select_last_index=last))
        nodes.append(node("Cast", [f"{side}.at"], [side], to=TensorProto.FLOAT))
    nodes.append(node("Concat", ["x1", "y1", "x2", "y2"], ["pixels"], axis=1))
    nodes.append(node("Add", ["pixels", "outwards"], ["box"]))
    nodes.append(node("Unsqueeze", ["box", "axis1"], ["one"]))
    nodes.append(node("Add", ["one", "moved"], ["corners"]))
    return nodes


def _scores() -> list[onnx.NodeProto]:
    """`said` (N, 3, C): the softmax of the blob's mean colour, fainter for the copies, nothing where there is no blob."""
    node = helper.make_node
    return [
        node("Unsqueeze", ["mask", "axis1"], ["mask4"]),
        node("Mul", ["images", "mask4"], ["lit"]),
        node("ReduceSum", ["lit", "sides"], ["sum"], keepdims=0),
        node("ReduceSum", ["mask4", "sides"], ["area"], keepdims=0),
        node("Max", ["area", "one_pixel"], ["least"]),
        node("Div", ["sum", "least"], ["tone"]),
        node("MatMul", ["tone", "weights"], ["raw"]),
        node("Softmax", ["raw"], ["chances"], axis=1),
        node("Min", ["area", "one_pixel"], ["any"]),
        node("Mul", ["chances", "any"], ["sure"]),
        node("Unsqueeze", ["sure", "axis1"], ["sure3"]),
        node("Mul", ["sure3", "faint"], ["said"]),
        node("Constant", [], ["sides"], value=numpy_helper.from_array(np.asarray([2, 3], np.int64))),
        node("Constant", [], ["one_pixel"], value=numpy_helper.from_array(np.asarray(1, np.float32))),
    ]


def _ultralytics(layout: str, count: int) -> tuple[list[onnx.NodeProto], dict[str, Any], list[Any]]:
    node = helper.make_node
    if layout == "ultralytics":
        middle = np.asarray([[0.5, 0, -1, 0], [0, 0.5, 0, -1], [0.5, 0, 1, 0], [0, 0.5, 0, 1]], np.float32)
        pad = np.zeros((1, 40, 4 + count), np.float32)
        nodes = [
            node("MatMul", ["corners", "middle"], ["centres"]),
            node("Concat", ["centres", "said"], ["rows3"], axis=2),
            node("Concat", ["rows3", "nothing_there"], ["all"], axis=1),
            node("Transpose", ["all"], ["output0"], perm=[0, 2, 1]),
        ]
        return nodes, {"middle": middle, "nothing_there": pad}, [("output0", [1, 4 + count, 43])]
    nodes = [
        node("ReduceMax", ["said"], ["best"], axes=[2], keepdims=1),
        node("ArgMax", ["said"], ["which"], axis=2, keepdims=1),
        node("Cast", ["which"], ["class"], to=TensorProto.FLOAT),
        node("Concat", ["corners", "best", "class"], ["rows3"], axis=2),
        node("Slice", ["rows3", "first", "second", "axis1"], ["single"]),
        node("Concat", ["single", "nothing_there"], ["output0"], axis=1),
    ]
    constants = {
        "nothing_there": np.zeros((1, 299, 6), np.float32),
        "first": np.asarray([0], np.int64),
        "second": np.asarray([1], np.int64),
    }
    return nodes, constants, [("output0", [1, 300, 6])]


def _features(size: int, cells: int) -> list[onnx.NodeProto]:
    """`features` (N, 3 * cells * cells): the mean colour of each cell."""
    side = max(1, size // cells)
    return [
        helper.make_node("AveragePool", ["images"], ["cells"], kernel_shape=[side, side], strides=[side, side]),
        helper.make_node("Flatten", ["cells"], ["features"]),
    ]


def _towards(count: int, order: Sequence[int] | None) -> npt.NDArray[np.float32]:
    """Weights (3, count) from a mean colour to one logit per label."""
    weights = np.zeros((3, count), np.float32)
    weights[:, 3:] = -1.0
    for channel in range(min(3, count)):
        weights[channel, channel] = 1.0
    return weights[:, list(order)] if order is not None else weights


def _relens(task: str, labels: Sequence[str], reader: str, resize: str) -> dict[str, str]:
    entry = {"resize": resize, "pad": 0, "scale": 1 / 255, "mean": [0, 0, 0], "std": [1, 1, 1], "colour": "rgb"}
    return {
        "relens.task": task,
        "relens.labels": json.dumps(list(labels)),
        "relens.input": json.dumps(entry),
        "relens.outputs": reader,
    }


def _metadata(layout: str, labels: Sequence[str], size: int) -> dict[str, str]:
    if layout == "compact_detect":
        return _relens("detection", labels, layout, "letterbox")
    # Grey 114 in the padding would be a blob: the two keys beside Ultralytics' own say that it is black.
    entry = {"resize": "letterbox", "pad": 0}
    return {
        "names": str(dict(enumerate(labels))),
        "task": "detect",
        "stride": "32",
        "imgsz": f"[{size}, {size}]",
        "end2end": str(layout == "ultralytics_end2end"),
        "relens.input": json.dumps(entry),
    }


def _note(note: str) -> dict[str, str]:
    return {"note": note} if note else {}
