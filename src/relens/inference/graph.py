"""What an ONNX file says of itself: inputs, outputs and metadata, read without running it and without opening any other file."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import onnx
from google.protobuf.message import DecodeError

from relens.inference.errors import CannotBeServed, ExternalData, ModelTooLarge, NotAModel

MOST_BYTES = 1 << 30
MOST_VALUES = 64
MOST_METADATA = 4 << 20
Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One input or output: its name, its shape (None where it is free) and its element type, such as `float32`.

    `made_by` is the operator an output comes from, reshaping and casting aside: `Softmax`, `Sigmoid`, `Gemm`.
    """

    name: str
    shape: Shape
    dtype: str
    made_by: str = ""

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

    @property
    def answers(self) -> tuple[Value, ...]:
        """The outputs without the pooled features that monitoring reads."""
        return tuple(value for value in self.outputs if value.name != self.features)

    @property
    def features(self) -> str:
        """The name the output of pooled features has, where there is one."""
        return self.metadata.get("relens.features", "features")

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The labels in our own manner; None when there are none or they are no list of texts."""
        written = self.declared_json("relens.labels")
        if not isinstance(written, list) or not all(isinstance(name, str) for name in written):
            return None
        return tuple(written) or None

    def given(
        self,
        *,
        task: str | None = None,
        labels: Sequence[str] | None = None,
        outputs: str | None = None,
        image: Mapping[str, Any] | None = None,
    ) -> Graph:
        """As if the file itself said what is given with it; what it says otherwise stays."""
        own = self.declared_json("relens.input")
        said = {
            "relens.task": task,
            "relens.labels": json.dumps(list(labels)) if labels else None,
            "relens.outputs": outputs,
            "relens.input": json.dumps({**(own if isinstance(own, dict) else {}), **image}) if image else None,
        }
        more = {key: value for key, value in said.items() if value is not None}
        return replace(self, metadata=MappingProxyType({**self.metadata, **more}))

    def outputs_in_words(self) -> str:
        return "; ".join(map(str, self.outputs)) or "none"

    def declared_json(self, key: str) -> object:
        """The JSON value under `key`; None when there is none or it cannot be read."""
        try:
            return json.loads(self.metadata[key])
        except (KeyError, ValueError, RecursionError):
            return None

    def declared_literal(self, key: str) -> object:
        """The Python literal under `key`, as Ultralytics writes them; never evaluated. None when it cannot be read."""
        try:
            return ast.literal_eval(self.metadata[key])
        except (KeyError, ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None


def read_graph(data: bytes) -> Graph:
    """What the ONNX file in `data` says of itself. Raises NotAModel, ModelTooLarge, ExternalData, CannotBeServed."""
    return graph_of(parse(data))


def parse(data: bytes) -> onnx.ModelProto:
    """The file itself, whole and standing by itself. Raises NotAModel, ModelTooLarge, ExternalData."""
    if len(data) > MOST_BYTES:
        raise ModelTooLarge(f"the model file has {len(data) >> 20} MiB, at most {MOST_BYTES >> 20} are taken")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except (DecodeError, ValueError, RuntimeError, MemoryError) as error:
        raise NotAModel(_what_it_is(data)) from error
    if not model.ir_version or not model.opset_import or not model.graph.node or not model.graph.output:
        raise NotAModel(_what_it_is(data))
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):
            raise ExternalData(
                f"the model reads its weights '{tensor.name[:60]}' from a file outside itself: export it as one file "
                "(in PyTorch: torch.onnx.export(..., external_data=False))"
            )
        _check_size(tensor)
    return model


def graph_of(model: onnx.ModelProto) -> Graph:
    """The outside of a parsed model. Raises CannotBeServed where it is beyond all measure."""
    if len(model.graph.input) > MOST_VALUES + len(model.graph.initializer) or len(model.graph.output) > MOST_VALUES:
        raise CannotBeServed(
            f"the model has {len(model.graph.input)} inputs and {len(model.graph.output)} outputs: at most {MOST_VALUES} are taken"
        )
    if sum(len(entry.key) + len(entry.value) for entry in model.metadata_props) > MOST_METADATA:
        raise CannotBeServed(f"the model's metadata are longer than {MOST_METADATA >> 20} MiB: export it with fewer")
    weights = {tensor.name for tensor in model.graph.initializer}
    makers = {name: node for node in model.graph.node for name in node.output}
    return Graph(
        tuple(_value(info) for info in model.graph.input if info.name not in weights),
        tuple(replace(_value(info), made_by=_made_by(info.name, makers)) for info in model.graph.output),
        MappingProxyType({entry.key: entry.value for entry in model.metadata_props}),
    )


_PASSING = frozenset({"Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze"})


def _made_by(name: str, makers: Mapping[str, onnx.NodeProto]) -> str:
    for _ in range(20):
        node = makers.get(name)
        if node is None:
            return ""
        if node.op_type not in _PASSING or not node.input:
            return str(node.op_type)
        name = node.input[0]
    return ""


# What people send instead of an ONNX file, by how it begins.
_OTHERS = (
    (0, b"PK\x03\x04", "a zip archive or a PyTorch checkpoint (.pt, .pth)"),
    (0, b"\x80\x02", "a Python pickle or an old PyTorch checkpoint"),
    (0, b"\x89HDF", "a Keras or HDF5 file"),
    (4, b"TFL3", "a TensorFlow Lite model"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
)
_WHOLE = "export it again as ONNX and send the whole file"


def _what_it_is(data: bytes) -> str:
    for at, sign, words in _OTHERS:
        if data[at : at + len(sign)] == sign:
            return f"the file is not an ONNX model but {words}: {_WHOLE}"
    return f"the file is not an ONNX model, or only a part of one: {_WHOLE}"


def _check_size(tensor: onnx.TensorProto) -> None:
    """A weight that says it is large must bring its numbers, or memory would be taken for nothing."""
    count = 1
    for side in tensor.dims:
        count *= max(side, 0)
    held = 8 * len(tensor.raw_data) + 8 * max(
        len(tensor.float_data), len(tensor.double_data), len(tensor.string_data),
        # Packed kinds hold several small numbers in one int.
        8 * len(tensor.int32_data), len(tensor.int64_data), len(tensor.uint64_data),
    )  # fmt: skip
    if min(tensor.dims, default=0) < 0 or count > max(held, 64):
        raise NotAModel(
            f"the model's weights '{tensor.name[:60]}' are said to be {' x '.join(map(str, tensor.dims))} numbers, "
            f"which are not in the file: {_WHOLE}"
        )


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
