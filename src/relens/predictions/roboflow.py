"""Roboflow's `inference` writes its answers so: read as predictions of ours, fields of ours beside them kept.

The shapes of its answers: https://github.com/roboflow/inference, inference/core/entities/responses/inference.py (Apache-2.0).
Boxes are centre-based pixels, `time` is in seconds, an `inference_id` names one request (which may hold several images).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from relens.predictions.said import BadPrediction

_THEIRS = frozenset({
    "predictions", "image", "time", "inference_id", "frame_id", "top", "confidence", "predicted_classes", "visualization", "parent_id",
})  # fmt: skip


def tell_apart(written: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The same predictions; those in Roboflow's form with a client_id of their request's id and, where images share it, their place."""
    asked = [one.get("inference_id") if "predictions" in one else None for one in written]
    named = Counter(name for name in asked if isinstance(name, str))
    seen: Counter[str] = Counter()
    found: list[Mapping[str, Any]] = []
    for one, name in zip(written, asked, strict=True):
        if not isinstance(name, str) or "client_id" in one:
            found.append(one)
            continue
        found.append({**one, "client_id": f"{name}/{seen[name]}" if named[name] > 1 else name})
        seen[name] += 1
    return found


def item(written: Mapping[str, Any]) -> dict[str, Any]:
    """One answer as a prediction of ours. Raises BadPrediction, TypeError or ValueError where it lacks what every answer has."""
    if "detections" in written:
        raise BadPrediction("send detections or Roboflow's predictions, not both")
    size = written.get("image")
    ours = {name: value for name, value in written.items() if name not in _THEIRS}
    if isinstance(size, Mapping):
        ours = {"width": _whole(size.get("width")), "height": _whole(size.get("height"))} | ours
    elif size is not None:
        ours["image"] = size  # the picture itself in base64, beside an answer that does not say its size
    if written.get("time") is not None:
        ours.setdefault("latency_ms", float(written["time"]) * 1e3)
    return ours | {"detections": _detections(written["predictions"])}


def _detections(said: Any) -> list[dict[str, Any]]:
    if isinstance(said, Mapping):  # several labels of one image: {"cat": {"confidence": 0.9, "class_id": 0}}
        return [{"label": label, "confidence": _field(one, "confidence")} for label, one in said.items()]
    if not isinstance(said, list):
        raise BadPrediction("predictions is a list, or an object of labels")
    return [_detection(one) for one in said]


def _detection(said: Any) -> dict[str, Any]:
    confidence = _field(said, "confidence")
    found = {"label": said.get("class"), "index": said.get("class_id"), "confidence": confidence}
    points = said.get("points")
    if isinstance(points, list) and points:
        return found | {"polygon": [[value for point in points for value in (_field(point, "x"), _field(point, "y"))]]}
    if "x" not in said:
        return found  # one label for the whole image
    x, y, width, height = (float(_field(said, name)) for name in ("x", "y", "width", "height"))
    return found | {"box": [x - width / 2, y - height / 2, x + width / 2, y + height / 2]}


def _field(said: Any, name: str) -> Any:
    if not isinstance(said, Mapping) or name not in said:
        raise BadPrediction(
            f"each of 'predictions', which is Roboflow's form, needs '{name}'; in that of Relens an image has 'detections', "
            'and several images are sent as {"items": […]}'
        )
    return said[name]


def _whole(value: Any) -> Any:
    """Roboflow writes sizes as numbers or, in workflows, as texts; null where it does not know."""
    return int(value) if isinstance(value, float | str) and str(value).replace(".0", "").isdigit() else value
