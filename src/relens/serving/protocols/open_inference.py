"""The Open Inference Protocol's view of a deployment: one image in, its detections out as tensors.

A client sees a deployment as a model whose versions are the numbers of model versions. The image travels as the bytes of its file: as
they are in the binary form; in JSON, which has no bytes, in base64.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from relens.kit.errors import NotFound
from relens.predictions.logged import Logged
from relens.serving.protocols.tensors import Asked, BadInference, Datatype, Tensor
from relens.vision.shapes import shape_to_json

PLATFORM = "relens"
INPUT = "image"
_TAGS = 50
_FIELDS = ("client_id", "source", "taken_at", "metadata")


class NoSuchVersion(NotFound):
    """The deployment does not answer with the version that was asked for."""


def outputs_of(task: str) -> tuple[tuple[str, Datatype, tuple[int, ...]], ...]:
    """Name, datatype and shape (-1: as many as there are detections) of what a deployment of this task answers."""
    plain: tuple[tuple[str, Datatype, tuple[int, ...]], ...] = (
        ("scores", "FP32", (-1,)),
        ("labels", "BYTES", (-1,)),
        ("label_indices", "INT32", (-1,)),
    )
    if task == "classification":
        return plain
    boxes: tuple[str, Datatype, tuple[int, ...]] = ("boxes", "FP32", (-1, 4))
    return (boxes, *plain, ("shapes", "BYTES", (-1,))) if task == "segmentation" else (boxes, *plain)


def metadata(name: str, version: int, task: str) -> dict[str, Any]:
    """What the protocol calls a model's metadata."""
    return {
        "name": name,
        "versions": [str(version)],
        "platform": PLATFORM,
        "inputs": [{"name": INPUT, "datatype": "BYTES", "shape": [1]}],
        "outputs": [{"name": n, "datatype": kind, "shape": list(shape)} for n, kind, shape in outputs_of(task)],
    }


def image_of(asked: Asked) -> bytes:
    """The image file's bytes. Raises BadInference."""
    if len(asked.inputs) != 1 or asked.inputs[0].name != INPUT:
        raise BadInference(f"a deployment has one input, '{INPUT}': a BYTES tensor of shape [1] with one image file")
    given = asked.inputs[0]
    if given.datatype != "BYTES" or given.shape not in ((1,), (1, 1)):
        raise BadInference(
            f"'{INPUT}' is a BYTES tensor of shape [1], not {given.datatype} {list(given.shape)}: "
            "send the bytes of one JPEG, PNG, WebP, TIFF, BMP or GIF file"
        )
    elements = given.elements()
    if len(elements) != 1:
        raise BadInference(f"one image is answered at a time; {len(elements)} were sent")
    element = elements[0]
    if isinstance(element, str) or given.parameters.get("content_type") == "base64":
        return _from_base64(element)
    return element


def fields_of(parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a request's parameters say beside the image, as fields; those it does not know are left to other servers.

    A threshold is refused: what is answered is what the log says was answered, above the deployment's own.
    """
    if "threshold" in parameters:
        raise BadInference("the threshold is the deployment's: change it there, or leave out what lies below your own")
    fields = {name: [_text(parameters, name)] for name in _FIELDS if parameters.get(name) is not None}
    tags = parameters.get("tags")
    if isinstance(tags, list) and len(tags) <= _TAGS and all(isinstance(tag, str) for tag in tags):
        fields["tags"] = tags
    elif tags is not None:
        fields["tags"] = [_text(parameters, "tags")]
    return fields


def tensors_of(line: Logged, labels: Sequence[str], task: str) -> dict[str, Tensor]:
    """What was answered, the most confident first, as the tensors `outputs_of` names.

    `boxes` are upright pixels x1 y1 x2 y2; an index is the label's place in the version's label map, -1 for none.
    """
    detections, places = line.answered, {label: index for index, label in enumerate(labels)}
    whole = (0.0, 0.0, float(line.width), float(line.height))
    boxes = [whole if d.shape is None else d.shape.box().corners() for d in detections]
    values: dict[str, Any] = {
        "scores": np.asarray([d.confidence for d in detections], np.float32),
        "labels": tuple(d.label.encode() for d in detections),
        "label_indices": np.asarray([places.get(d.label, -1) for d in detections], np.int32),
        "boxes": np.asarray(boxes, np.float32).reshape(-1, 4),
        "shapes": tuple(json.dumps(shape_to_json(d.shape)).encode() for d in detections),
    }
    return {
        name: Tensor(name, kind, tuple(len(detections) if side < 0 else side for side in shape), values[name])
        for name, kind, shape in outputs_of(task)
    }


def chosen(asked: Asked, task: str) -> list[tuple[str, bool]]:
    """The outputs to answer, each with whether it goes as bytes. Raises BadInference for one there is not."""
    known = [name for name, _, _ in outputs_of(task)]
    if asked.outputs is None:
        return [(name, asked.binary) for name in known]
    for name, _ in asked.outputs:
        if name not in known:
            raise BadInference(f"there is no output '{name[:60]}': a deployment for {task} has {', '.join(known)}")
    if len({name for name, _ in asked.outputs}) != len(asked.outputs):
        raise BadInference("an output is asked for twice")
    return list(asked.outputs)


def _text(parameters: Mapping[str, Any], name: str) -> str:
    value = parameters[name]
    if not isinstance(value, str):
        raise BadInference(f"the parameter {name} is a string")
    return value


def _from_base64(element: str | bytes) -> bytes:
    try:
        return base64.b64decode(element, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInference(
            "in JSON an image is the file's bytes in base64; the binary form takes them as they are (binary_data=True)"
        ) from error
