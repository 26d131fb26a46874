"""Tensors as the Open Inference Protocol writes them: in JSON, or as bytes behind the JSON (its binary extension).

    {"name": "scores", "datatype": "FP32", "shape": [2], "data": [0.9, 0.4]}
    {"name": "scores", "datatype": "FP32", "shape": [2], "parameters": {"binary_data_size": 8}}      and 8 bytes after the JSON

Bytes are little-endian, in the order of the tensors; an element of BYTES has its length in 4 bytes before it. The header
`Inference-Header-Content-Length` says where the JSON ends. A float32 has the same value in both forms: JSON carries all its digits.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy.typing as npt

from relens.kit.errors import Invalid
from relens.kit.strict_json import BadJson, read_json

Datatype = Literal["FP32", "INT32", "BYTES"]
_NUMPY = {"FP32": "<f4", "INT32": "<i4"}


class BadInference(Invalid):
    """A request that is not what the protocol, or this deployment, takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """`values`: an array of the tensor's own shape, or for BYTES its elements in order."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    values: npt.NDArray[Any] | tuple[bytes, ...]

    def to_json(self) -> list[Any]:
        """The values as a flat list."""
        if isinstance(self.values, tuple):
            return [value.decode() for value in self.values]
        return list(self.values.astype(_NUMPY[self.datatype]).ravel().tolist())

    def to_bytes(self) -> bytes:
        if isinstance(self.values, tuple):
            return b"".join(struct.pack("<I", len(value)) + value for value in self.values)
        return self.values.astype(_NUMPY[self.datatype]).tobytes()


@dataclass(frozen=True, slots=True)
class Given:
    """An input as it was sent: what the JSON says of it, and its bytes when they came behind the JSON."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    parameters: Mapping[str, Any]
    data: Any
    raw: bytes | None

    def elements(self) -> list[bytes | str]:
        """The elements of a BYTES tensor: bytes when they came as bytes, text when they came in JSON."""
        if self.raw is not None:
            return list(_elements(self.raw, self.name))
        flat = _flat(self.data)
        if not all(isinstance(value, str) for value in flat):
            raise BadInference(f"the data of a BYTES tensor in JSON are strings; '{self.name}' has others")
        return flat


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for inference. `outputs`: which ones, and whether as bytes; None for all of them, as `binary` says."""

    id: str | None
    parameters: Mapping[str, Any]
    inputs: tuple[Given, ...]
    outputs: tuple[tuple[str, bool], ...] | None
    binary: bool


def read_request(body: bytes, header_length: str | None) -> Asked:
    """What the body asks; `header_length` is the header that says how long its JSON is. Raises BadInference or BadJson."""
    end = len(body)
    if header_length is not None:
        if not header_length.isascii() or not header_length.isdigit() or len(header_length) > 12:
            raise BadInference("Inference-Header-Content-Length is the number of bytes of the JSON before the tensors")
        end = int(header_length)
        if end > len(body):
            raise BadInference(f"Inference-Header-Content-Length says {end} bytes, the body has {len(body)}")
    written = read_json(body[:end])
    if not isinstance(written, dict):
        raise BadInference("a request is a JSON object with inputs")
    parameters = _object(written, "parameters")
    binary = parameters.get("binary_data_output") is True
    identity = written.get("id")
    if identity is not None and not isinstance(identity, str):
        raise BadInference("the id of a request is a string")
    return Asked(identity, parameters, _inputs(written, body[end:]), _outputs(written, binary), binary)


def write_response(said: Mapping[str, Any], tensors: Sequence[tuple[Tensor, bool]]) -> tuple[bytes, int | None]:
    """The body, and the length of its JSON when bytes follow it. `tensors`: each with whether it goes as bytes."""
    outputs, behind = [], []
    for tensor, binary in tensors:
        entry: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
        if binary:
            behind.append(tensor.to_bytes())
            entry["parameters"] = {"binary_data_size": len(behind[-1])}
        else:
            entry["data"] = tensor.to_json()
        outputs.append(entry)
    head = json.dumps({**said, "outputs": outputs}, ensure_ascii=False, allow_nan=False).encode()
    return b"".join((head, *behind)), len(head) if behind else None


def _inputs(written: Mapping[str, Any], behind: bytes) -> tuple[Given, ...]:
    listed = written.get("inputs")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BadInference("inputs is a list of tensors: {name, datatype, shape, data}")
    found, position = [], 0
    for one in listed:
        parameters = _object(one, "parameters")
        raw, size = None, parameters.get("binary_data_size")
        if size is not None:
            if type(size) is not int or not 0 <= size <= len(behind) - position:
                raise BadInference(f"binary_data_size of '{one.get('name')}' is not the bytes that follow the JSON")
            raw, position = behind[position : position + size], position + size
        found.append(_input(one, parameters, raw))
    if position != len(behind):
        raise BadInference(f"{len(behind) - position} bytes follow the JSON that no input's binary_data_size names")
    return tuple(found)


def _input(one: Mapping[str, Any], parameters: Mapping[str, Any], raw: bytes | None) -> Given:
    name, datatype, shape = one.get("name"), one.get("datatype"), one.get("shape")
    if not isinstance(name, str) or not isinstance(datatype, str):
        raise BadInference("an input has a name and a datatype")
    if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
        raise BadInference(f"the shape of '{name[:60]}' is a list of whole numbers")
    if "shared_memory_region" in parameters:
        raise BadInference("this server shares no memory with its clients: send the data in the request")
    return Given(name, datatype, tuple(shape), parameters, one.get("data"), raw)


def _outputs(written: Mapping[str, Any], binary: bool) -> tuple[tuple[str, bool], ...] | None:
    listed = written.get("outputs")
    if not listed:
        return None
    if not isinstance(listed, list) or not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in listed
    ):
        raise BadInference('outputs is a list of names: [{"name": "scores"}]')
    found = []
    for one in listed:
        parameters = _object(one, "parameters")
        if "shared_memory_region" in parameters or "classification" in parameters:
            raise BadInference("outputs come as JSON or binary data; shared memory and classification are not offered")
        found.append((one["name"], bool(parameters.get("binary_data", binary))))
    return tuple(found)


def _object(written: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = written.get(name)
    if found is not None and not isinstance(found, dict):
        raise BadJson(f"{name} is an object of names and values")
    return found or {}


def _elements(raw: bytes, name: str) -> list[bytes]:
    found, position = [], 0
    while position < len(raw):
        if position + 4 > len(raw):
            raise BadInference(f"the bytes of '{name}' end in the middle of a length")
        (length,) = struct.unpack_from("<I", raw, position)
        position += 4
        if position + length > len(raw):
            raise BadInference(f"an element of '{name}' says it has {length} bytes, only {len(raw) - position} follow")
        found.append(raw[position : position + length])
        position += length
    return found


def _flat(data: Any) -> list[Any]:
    """JSON data may be nested as the shape is, or flat."""
    if not isinstance(data, list):
        raise BadInference("an input has its values in data, a list, or as bytes behind the JSON")
    return [value for one in data for value in (_flat(one) if isinstance(one, list) else [one])]
