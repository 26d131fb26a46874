"""Which input of a model takes the image, and how it wants it."""

from __future__ import annotations

from typing import Any

from relens.inference.errors import CannotBeServed
from relens.inference.graph import Graph, Value
from relens.inference.input import InputSpec
from relens.inference.reader import Declared

_TYPES = ("float32", "float16", "uint8")


def image_input(graph: Graph, declared: Declared) -> InputSpec:
    """The one image input, as the file or its family declares it. Raises CannotBeServed."""
    value = _only_input(graph)
    own = graph.declared_json("relens.input")
    given: dict[str, Any] = own if isinstance(own, dict) else {}
    layout = _layout(value)
    height, width = value.shape[2:] if layout == "nchw" else value.shape[1:3]
    width, height = _size(value, width, height, given, declared)
    known: dict[str, Any] = {key: given[key] for key in ("resize", "pad", "scale", "colour") if key in given}
    settings: dict[str, Any] = {
        "resize": declared.resize,
        "scale": 1.0 if value.dtype == "uint8" else 1 / 255,
        **{key: value for key, value in (("mean", declared.mean), ("std", declared.std)) if value is not None},
        **known,
    }
    try:
        settings |= {key: tuple(given[key]) for key in ("mean", "std") if key in given}
        return InputSpec(
            value.name, width, height, layout=layout, dtype=value.dtype, batch=value.shape[0] is None, **settings
        )
    except (TypeError, ValueError) as error:
        raise CannotBeServed(f"the model's relens.input is not what it must be: {given}") from error


def _size(
    value: Value, width: int | None, height: int | None, given: dict[str, Any], declared: Declared
) -> tuple[int, int]:
    """The input's own width and height; where it leaves them free, the declared ones."""
    declared_width, declared_height = declared.size or (None, None)
    width, height = width or given.get("width") or declared_width, height or given.get("height") or declared_height
    if not isinstance(width, int) or not isinstance(height, int):
        raise CannotBeServed(
            f"the model's input {value} takes any size and the file does not say which it was trained for: "
            "export it with a fixed height and width, or declare imgsz in its metadata"
        )
    return width, height


def _only_input(graph: Graph) -> Value:
    if len(graph.inputs) != 1:
        names = "; ".join(map(str, graph.inputs)) or "none"
        raise CannotBeServed(f"the model must have exactly one input, the image; it has: {names}")
    value = graph.inputs[0]
    if len(value.shape) != 4 or value.dtype not in _TYPES:
        raise CannotBeServed(
            f"the model's input {value} is not an image: it must be (batch, 3, height, width) or (batch, height, width, 3), "
            f"{', '.join(_TYPES)}"
        )
    if value.shape[0] not in (None, 1):
        raise CannotBeServed(
            f"the model's input {value} takes {value.shape[0]} images at once: export it with batch 1 or a free batch"
        )
    return value


def _layout(value: Value) -> Any:
    if value.shape[1] == 3:
        return "nchw"
    if value.shape[3] == 3:
        return "nhwc"
    raise CannotBeServed(f"the model's input {value} is not a colour image: one of its sides must be the 3 channels")
