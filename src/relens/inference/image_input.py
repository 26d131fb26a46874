"""Which input of a model takes the image, and how it wants it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from relens.inference.errors import CannotBeServed
from relens.inference.graph import Graph, Value
from relens.inference.input import InputSpec
from relens.inference.reader import Declared

_TYPES = ("float32", "float16", "uint8")
_KEYS = ("resize", "pad", "scale", "colour", "mean", "std", "width", "height", "normalise")
_NORMALISE: dict[str, dict[str, Any]] = {
    "imagenet": {"scale": 1 / 255, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
    "none": {"scale": 1.0, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)},
    "shares": {"scale": 1 / 255, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)},
    "signed": {"scale": 1 / 127.5, "mean": (1.0, 1.0, 1.0), "std": (1.0, 1.0, 1.0)},
}


def image_input(graph: Graph, declared: Declared) -> InputSpec:
    """The one image input, as the file or its family declares it. Raises CannotBeServed."""
    value = _only_input(graph, declared)
    given = _given(graph)
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


def assumptions(graph: Graph, declared: Declared) -> tuple[str, ...]:
    """What was taken for granted because neither the file nor its family nor the one who sent it says it; sentences."""
    given = _given(graph)
    said = []
    if declared.assumed and not {"scale", "mean", "std"} & set(given) and graph.inputs[0].dtype != "uint8":
        said.append(
            "the file does not say how pixels are normalised: red, green, blue from 0 to 1 were assumed; give "
            'input={"normalise": "imagenet"} if it was trained otherwise'
        )
    if declared.assumed and "resize" not in given:
        said.append(
            f"the file does not say how images are fitted into its input: {declared.resize} was assumed; give "
            'input={"resize": "letterbox"}, "stretch" or "crop" if it was trained otherwise'
        )
    return tuple(said)


def _given(graph: Graph) -> dict[str, Any]:
    own = graph.declared_json("relens.input")
    given: dict[str, Any] = dict(own) if isinstance(own, dict) else {}
    unknown = sorted(set(given) - set(_KEYS))
    if unknown:
        raise CannotBeServed(f"the model's input has no '{unknown[0][:40]}': it is described by {', '.join(_KEYS)}")
    kind = given.pop("normalise", None)
    if kind is None:
        return given
    if not isinstance(kind, str) or kind not in _NORMALISE:
        raise CannotBeServed(
            f"normalise is one of {', '.join(_NORMALISE)} (or give scale, mean and std), not {kind!r:.60}"
        )
    return {**_NORMALISE[kind], **given}


def _size(
    value: Value, width: int | None, height: int | None, given: dict[str, Any], declared: Declared
) -> tuple[int, int]:
    """The input's own width and height; where it leaves them free, the declared ones."""
    declared_width, declared_height = declared.size or (None, None)
    width, height = width or given.get("width") or declared_width, height or given.get("height") or declared_height
    if not isinstance(width, int) or not isinstance(height, int):
        raise CannotBeServed(
            f"the model's input {value} takes any size and the file does not say which it was trained for: "
            'export it with a fixed height and width, or give input={"width": 640, "height": 640}'
        )
    return width, height


def _only_input(graph: Graph, declared: Declared) -> Value:
    inputs = [value for value in graph.inputs if value.name not in declared.fixed]
    if len(inputs) != 1:
        names = "; ".join(map(str, graph.inputs[:8])) or "none"
        raise CannotBeServed(f"the model must have exactly one input, the image; it has: {names}")
    value = inputs[0]
    if len(value.shape) == 3 and declared.unbatched:
        value = replace(value, shape=(1, *value.shape))
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
