"""What an ONNX file says of itself: inputs, outputs and metadata, read without running it and without opening any other file."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import onnx
from google.protobuf.message import DecodeError

from relens.inference.errors import ExternalData, ModelTooLarge, NotAModel

MOST_BYTES = 1 << 30
Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One input or output: its name, its shape (None where it is free) and its element type, such as `float32`."""

    name: str
    shape: Shape
    dtype: str

    def __str__(self) -> str:
        sides = ", ".join("?" if side is None else str(side) for side in self.shape)
        return f"{self.name} ({sides}) {self.dtype}"


@dataclass(frozen=True, slots=True)
class Graph:
    """The outside of a model. `metadata` are the file's own key and value texts."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    metadata: Mapping[str, str]

    def output(self, name: str) -> Value | None:
        return next((value for value in self.outputs if value.name == name), None)

    def outputs_in_words(self) -> str:
        return "; ".join(map(str, self.outputs)) or "none"

    def declared_json(self, key: str) -> object:
        """The JSON value under `key`; None when there is none or it cannot be read."""
        try:
            return json.loads(self.metadata[key])
        except (KeyError, ValueError):
            return None

    def declared_literal(self, key: str) -> object:
        """The Python literal under `key`, as Ultralytics writes them; never evaluated. None when it cannot be read."""
        try:
            return ast.literal_eval(self.metadata[key])
        except (KeyError, ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None


def read_graph(data: bytes) -> Graph:
    """What the ONNX file in `data` says of itself. Raises NotAModel, ModelTooLarge, ExternalData."""
    if len(data) > MOST_BYTES:
        raise ModelTooLarge(f"the model file has {len(data) >> 20} MiB, at most {MOST_BYTES >> 20} are taken")
    model = _parse(data)
    if not model.ir_version or not model.opset_import or not model.graph.node or not model.graph.output:
        raise NotAModel("the file is not an ONNX model, or only a part of one: export it again and send the whole file")
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):
            raise ExternalData(
                f"the model reads its weights '{tensor.name}' from a file outside itself: export it as one file "
                "(in PyTorch: torch.onnx.export(..., external_data=False))"
            )
    weights = {tensor.name for tensor in model.graph.initializer}
    return Graph(
        tuple(_value(info) for info in model.graph.input if info.name not in weights),
        tuple(_value(info) for info in model.graph.output),
        MappingProxyType({entry.key: entry.value for entry in model.metadata_props}),
    )


def _parse(data: bytes) -> onnx.ModelProto:
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except (DecodeError, ValueError, RuntimeError, MemoryError) as error:
        raise NotAModel(
            "the file is not an ONNX model, or only a part of one: export it again and send the whole file"
        ) from error
    return model


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every constant of the model, also inside nodes, branches and functions."""
    yield from _of_graph(model.graph)
    for function in model.functions:
        yield from _of_nodes(function.node)
    for training in model.training_info:
        yield from _of_graph(training.initialization)
        yield from _of_graph(training.algorithm)


def _of_graph(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: object) -> Iterator[onnx.TensorProto]:
    for node in nodes:  # type: ignore[attr-defined]
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
            for graph in (attribute.g, *attribute.graphs):
                yield from _of_graph(graph)


def _value(info: onnx.ValueInfoProto) -> Value:
    tensor = info.type.tensor_type
    shape = tuple(
        side.dim_value if side.HasField("dim_value") and side.dim_value > 0 else None for side in tensor.shape.dim
    )
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name
    except KeyError:
        dtype = "no tensor"
    return Value(info.name, shape, dtype)
