"""A model file is brought to the one form that is served: a batch axis everywhere, no spare column, pooled features.

What the file computes stays as it is; nodes are only added behind its outputs and before its input.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from relens.inference.backbone import Pooled
from relens.inference.input import InputSpec
from relens.inference.reader import Declared

FEATURES = "features"


def adapt(model: onnx.ModelProto, wanted: InputSpec, declared: Declared) -> bool:
    """Changes `model` in place as its family asks (see `Declared`); whether anything was changed."""
    values = {value.name: value for value in (*model.graph.input, *model.graph.output)}
    for name in declared.fixed:
        _fix(model, values[name], (wanted.width, wanted.height))
    for name in declared.without_last:
        _without_last(model, values[name])
    for name in declared.unbatched:
        _with_batch(model, values[name])
    image = values[wanted.name]
    if len(image.type.tensor_type.shape.dim) == 3:
        _image_with_batch(model, image, wanted)
        return True
    return bool(declared.fixed or declared.without_last or declared.unbatched)


def add_features(model: onnx.ModelProto, found: Pooled) -> None:
    """One more output, `features` (batch, channels) float32: the mean of what the backbone says last."""
    graph, whole = model.graph, f"{FEATURES}.pooled"
    if found.kind == "map":
        graph.node.append(helper.make_node("GlobalAveragePool", [found.tensor], [f"{FEATURES}.mean"]))
        graph.node.append(helper.make_node("Flatten", [f"{FEATURES}.mean"], [whole]))
    elif found.kind == "tokens":
        _over_axes(model, "ReduceMean", found.tensor, whole, [1], since=18, keepdims=0)
    else:
        graph.node.append(helper.make_node("Identity", [found.tensor], [whole]))
    graph.node.append(helper.make_node("Cast", [whole], [FEATURES], to=TensorProto.FLOAT))
    batch = graph.input[0].type.tensor_type.shape.dim[0]
    side: int | str = batch.dim_param or (batch.dim_value or "batch")
    graph.output.append(helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, [side, found.channels]))


def _fix(model: onnx.ModelProto, value: onnx.ValueInfoProto, numbers: tuple[int, int]) -> None:
    """The input becomes a constant (1, 2)."""
    kind = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    model.graph.initializer.append(numpy_helper.from_array(np.asarray([numbers], kind), value.name))
    _remove(model.graph.input, value.name)


def _without_last(model: onnx.ModelProto, value: onnx.ValueInfoProto) -> None:
    side = value.type.tensor_type.shape.dim[-1]
    axis = len(value.type.tensor_type.shape.dim) - 1
    before = _renamed(model, value.name, "all columns")
    kept = numpy_helper.from_array(np.arange(side.dim_value - 1), f"{value.name}.columns")
    model.graph.initializer.append(kept)
    model.graph.node.append(helper.make_node("Gather", [before, kept.name], [value.name], axis=axis))
    side.dim_value -= 1


def _with_batch(model: onnx.ModelProto, value: onnx.ValueInfoProto) -> None:
    before = _renamed(model, value.name, "one")
    _over_axes(model, "Unsqueeze", before, value.name, [0], since=13)
    sides = value.type.tensor_type.shape
    old = [(side.dim_value, side.dim_param) for side in sides.dim]
    del sides.dim[:]
    sides.dim.add().dim_value = 1
    for number, name in old:
        new = sides.dim.add()
        if number:
            new.dim_value = number
        elif name:
            new.dim_param = name


def _image_with_batch(model: onnx.ModelProto, value: onnx.ValueInfoProto, wanted: InputSpec) -> None:
    """The input takes (1, 3, h, w) and hands on (3, h, w)."""
    inner = f"{value.name}.one"
    for node in _nodes(model.graph):
        _replace(node.input, value.name, inner)
    one = (3, wanted.height, wanted.width) if wanted.layout == "nchw" else (wanted.height, wanted.width, 3)
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(one, np.int64), f"{inner}.shape"))
    model.graph.node.insert(0, helper.make_node("Reshape", [value.name, f"{inner}.shape"], [inner]))
    kind = value.type.tensor_type.elem_type
    value.CopyFrom(helper.make_tensor_value_info(value.name, kind, [1, *one]))


def _over_axes(
    model: onnx.ModelProto, kind: str, before: str, after: str, axes: list[int], *, since: int, **more: Any
) -> None:
    """A node over `axes`, which are an input from operator set `since` on and an attribute before."""
    version = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 1)
    if version < since:
        model.graph.node.append(helper.make_node(kind, [before], [after], axes=axes, **more))
        return
    name = f"{after}.axes"
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(axes, np.int64), name))
    model.graph.node.append(helper.make_node(kind, [before, name], [after], **more))


def _renamed(model: onnx.ModelProto, name: str, why: str) -> str:
    """The tensor called `name` is called otherwise from now on, so that its name is free; the new name."""
    new = f"{name}.{why}"
    for node in _nodes(model.graph):
        _replace(node.input, name, new)
        _replace(node.output, name, new)
    for tensor in model.graph.initializer:
        if tensor.name == name:
            tensor.name = new
    return new


def _nodes(graph: onnx.GraphProto) -> Iterable[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _replace(names: object, old: str, new: str) -> None:
    for at, name in enumerate(names):  # type: ignore[arg-type, var-annotated]
        if name == old:
            names[at] = new  # type: ignore[index]


def _remove(values: object, name: str) -> None:
    for at, value in enumerate(values):  # type: ignore[arg-type, var-annotated]
        if value.name == name:
            del values[at]  # type: ignore[attr-defined]
            return
