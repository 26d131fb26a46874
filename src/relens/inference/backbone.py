"""Finds, in a model that declares no feature output, what its backbone says last: a map, tokens or a vector to be pooled.

A classifier's features are what its last matrix product is fed with. A detector's are its coarsest map down to 1/32 of the input:
the one a feature pyramid begins to enlarge where there is a pyramid, else the one with the most channels. A model of tokens only
has its last layer norm. Sides come from the shapes in the file, or from one run where the file works them out from the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, shape_inference

from relens.inference.input import InputSpec
from relens.inference.runtime import RUNTIMES

LEAST_CHANNELS, MOST_CHANNELS = 16, 4096
# A patch embedding is one convolution: what follows only few has seen little.
LEAST_CONVOLUTIONS = 2
COARSEST = 36
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
_ENDINGS = frozenset({"Softmax", "Sigmoid", "LogSoftmax", "Identity", "Cast", "Add", "Reshape", "Flatten", "Squeeze"})
_MAPS = frozenset(
    {"Conv", "BatchNormalization", "Relu", "LeakyRelu", "PRelu", "Elu", "Clip", "HardSwish", "Mul", "Add", "Concat"}
)
Sides = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Pooled:
    """A tensor of the graph and how to pool it: the mean over a map or over tokens, or a vector as it is."""

    tensor: str
    kind: Literal["map", "tokens", "vector"]
    channels: int

    def __str__(self) -> str:
        what = {"map": "the mean of the map", "tokens": "the mean of the tokens", "vector": "the vector"}[self.kind]
        return f"added: {what} '{self.tensor[-60:]}' ({self.channels} numbers)"


def find_features(model: onnx.ModelProto, wanted: InputSpec, task: str) -> Pooled | None:
    """What to pool; None where nothing fits."""
    shapes = _shapes(model, wanted)
    depth = _convolutions(model.graph, wanted.name)
    if task == "classification":
        vector = _before_last_product(model.graph, shapes, depth)
        if vector is not None:
            return vector
    return (
        _coarsest_map(model.graph, shapes, depth, wanted)
        or _last_tokens(model.graph, shapes, depth)
        or _coarsest_map(model.graph, _tried(model, wanted, depth), depth, wanted)
    )


def _tried(model: onnx.ModelProto, wanted: InputSpec, depth: Mapping[str, int]) -> Mapping[str, Sides]:
    """The sides of the maps behind convolutions as one run shows them: of a model that sizes images by itself they follow from nothing else."""
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    del asked.graph.output[:]
    names: dict[str, str] = {}
    for node in model.graph.node:
        if node.op_type in _MAPS and depth.get(node.output[0], 0) >= LEAST_CONVOLUTIONS:
            # Its sides only: the maps themselves may take gigabytes together.
            sides = f"sides.{len(names)}"
            names[sides] = node.output[0]
            asked.graph.node.append(onnx.helper.make_node("Shape", [node.output[0]], [sides]))
            asked.graph.output.append(onnx.helper.make_tensor_value_info(sides, TensorProto.INT64, [None]))
    if not names:
        return {}
    across = (1, 3, wanted.height, wanted.width) if wanted.layout == "nchw" else (1, wanted.height, wanted.width, 3)
    session = RUNTIMES.get("onnx").open(asked.SerializeToString(), threads=1)
    try:
        found = session.run(np.zeros(across, wanted.dtype))
    finally:
        session.close()
    # What is worked on for each box, and not for the image, has another number in front.
    return {names[one]: tuple(sides.tolist()) for one, sides in found.items() if len(sides) and sides[0] == 1}


def _shapes(model: onnx.ModelProto, wanted: InputSpec) -> Mapping[str, Sides]:
    """The sides of every float tensor as far as they follow from the input's size; the weights' numbers are left out of it."""
    light = onnx.ModelProto()
    light.CopyFrom(model)
    for tensor in light.graph.initializer:
        if len(tensor.raw_data) > 4096:
            tensor.ClearField("raw_data")
    across = [1, 3, wanted.height, wanted.width] if wanted.layout == "nchw" else [1, wanted.height, wanted.width, 3]
    for value in light.graph.input:
        if value.name == wanted.name and len(value.type.tensor_type.shape.dim) == 4:
            for side, number in zip(value.type.tensor_type.shape.dim, across, strict=True):
                side.dim_value = number
    inferred = shape_inference.infer_shapes(light, data_prop=True).graph
    return {
        value.name: tuple(side.dim_value or None for side in value.type.tensor_type.shape.dim)
        for value in (*inferred.value_info, *inferred.output)
        if value.type.tensor_type.elem_type in _FLOATS
    }


def _convolutions(graph: onnx.GraphProto, image: str) -> Mapping[str, int]:
    """For every tensor that depends on the image: the most convolutions on a way to it."""
    depth = {image: 0}
    for node in graph.node:
        before = [depth[name] for name in node.input if name in depth]
        if before:
            depth |= dict.fromkeys(node.output, max(before) + (node.op_type in ("Conv", "FusedConv", "QLinearConv")))
    return depth


def _before_last_product(
    graph: onnx.GraphProto, shapes: Mapping[str, Sides], depth: Mapping[str, int]
) -> Pooled | None:
    makers = {name: node for node in graph.node for name in node.output}
    for output in graph.output:
        name = output.name
        for _ in range(12):
            node = makers.get(name)
            if node is None:
                break
            inside = [one for one in node.input if one in depth]
            if len(inside) != 1 or node.op_type not in (*_ENDINGS, "Gemm", "MatMul"):
                break
            name = inside[0]
            sides = shapes.get(name, ())
            if node.op_type in ("Gemm", "MatMul"):
                if len(sides) == 2 and _fits(sides[1]):
                    return Pooled(name, "vector", int(sides[1] or 0))
                break
    return None


def _coarsest_map(
    graph: onnx.GraphProto, shapes: Mapping[str, Sides], depth: Mapping[str, int], wanted: InputSpec
) -> Pooled | None:
    maps = list(_maps(graph, shapes, depth))
    if not maps:
        return None
    least = wanted.width * wanted.height / COARSEST**2
    area = min((height * width for _, _, height, width in maps if height * width >= least), default=0)
    area = area or max(height * width for _, _, height, width in maps)
    coarsest = {name: channels for name, channels, height, width in maps if height * width == area}
    for node in graph.node:
        if node.op_type in ("Resize", "Upsample") and node.input[0] in coarsest:
            return Pooled(node.input[0], "map", coarsest[node.input[0]])
    # Of equals the last: after the activation.
    name, channels = max(reversed(coarsest.items()), key=lambda one: one[1])
    return Pooled(name, "map", channels)


def _maps(
    graph: onnx.GraphProto, shapes: Mapping[str, Sides], depth: Mapping[str, int]
) -> Iterator[tuple[str, int, int, int]]:
    for node in graph.node:
        for name in node.output:
            sides = shapes.get(name, ())
            if len(sides) != 4 or depth.get(name, 0) < LEAST_CONVOLUTIONS or not _fits(sides[1]):
                continue
            channels, height, width = sides[1], sides[2], sides[3]
            if channels and height and width and height * width > 1:
                yield name, channels, height, width


def _last_tokens(graph: onnx.GraphProto, shapes: Mapping[str, Sides], depth: Mapping[str, int]) -> Pooled | None:
    for node in reversed(graph.node):
        name = node.output[0] if node.output else ""
        sides = shapes.get(name, ())
        if node.op_type == "LayerNormalization" and name in depth and len(sides) == 3 and _fits(sides[2]):
            return Pooled(name, "tokens", int(sides[2] or 0))
    return None


def _fits(channels: int | None) -> bool:
    return channels is not None and LEAST_CHANNELS <= channels <= MOST_CHANNELS
