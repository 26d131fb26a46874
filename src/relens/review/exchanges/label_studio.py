"""Label Studio: tasks as JSON, what was answered as predictions that are filled in; back as it exports JSON.

Places are percent of the image there. https://labelstud.io/guide/tasks and /guide/export; a task's `data` comes back as it was sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from relens.kit.errors import RelensError
from relens.review.exchange import About, BadExchange, Exchange, Incoming, Outgoing, prediction_in, read_json
from relens.vision.annotation import Annotation
from relens.vision.outline import outlines, straightened
from relens.vision.prediction import Detection
from relens.vision.shapes import BadShape, Box, Mask, Polygon, Shape

_FROM, _TO = "label", "image"
_ID, _REVISION = "relens_prediction", "relens_revision"


def write(images: Sequence[Outgoing], about: About) -> bytes:
    return json.dumps([_task(one, about) for one in images], ensure_ascii=False, indent=1).encode()


def _task(one: Outgoing, about: About) -> dict[str, Any]:
    data = {"image": about.image(one), _ID: one.prediction, _REVISION: one.revision}
    scores = [found.confidence for found in one.answered]
    filled = {
        "model_version": one.version,
        "score": round(sum(scores) / len(scores), 4) if scores else 0.0,
        "result": _results(one, one.answered),
    }
    task: dict[str, Any] = {"data": data, "predictions": [filled]}
    if one.said is not None:
        task["annotations"] = [{"was_cancelled": False, "result": _results(one, one.said)}]
    return task


def _results(one: Outgoing, said: Iterable[Detection | Annotation]) -> list[dict[str, Any]]:
    found = []
    for number, each in enumerate(said):
        kind, value = _value(each, one.width, one.height)
        result: dict[str, Any] = {
            "id": f"{one.prediction[-12:]}-{number}",
            "type": kind,
            "from_name": _FROM,
            "to_name": _TO,
            "original_width": one.width,
            "original_height": one.height,
            "image_rotation": 0,
            "value": value,
        }
        if isinstance(each, Detection):
            result["score"] = each.confidence
        found.append(result)
    return found


def _value(said: Detection | Annotation, width: int, height: int) -> tuple[str, dict[str, Any]]:
    shape = said.shape
    if shape is None:
        return "choices", {"choices": [said.label]}
    if not isinstance(shape, Box):
        # One region is one ring there: of several the longest, which is nearly always the whole of what is seen.
        ring = max(shape.rings if isinstance(shape, Polygon) else _rings(shape), key=len)
        points = [[100 * x / width, 100 * y / height] for x, y in zip(ring[0::2], ring[1::2], strict=True)]
        return "polygonlabels", {"points": points, "closed": True, "polygonlabels": [said.label]}
    place = {
        "x": 100 * shape.x1 / width,
        "y": 100 * shape.y1 / height,
        "width": 100 * shape.width / width,
        "height": 100 * shape.height / height,
        "rotation": 0,
    }
    return "rectanglelabels", {**place, "rectanglelabels": [said.label]}


def _rings(mask: Mask) -> list[list[float]]:
    """The outlines of a mask."""
    filled = np.repeat(np.arange(len(mask.counts)) % 2, mask.counts).reshape(mask.width, mask.height).T
    field = np.pad(filled * 2.0 - 1.0, 1, constant_values=-1.0)
    return [(ring - 1.0).ravel().tolist() for ring in straightened(outlines(field), 0.5)]


def setup(about: About) -> str:
    """The labelling configuration of a project: its labels, and how they are placed."""
    tag, item = {"classification": ("Choices", "Choice"), "segmentation": ("PolygonLabels", "Label")}.get(
        about.task, ("RectangleLabels", "Label")
    )
    labels = "\n".join(f"    <{item} value={quoteattr(label)}/>" for label in about.labels)
    image = f'  <Image name="{_TO}" value="$image" zoom="true"/>'
    return f'<View>\n{image}\n  <{tag} name="{_FROM}" toName="{_TO}">\n{labels}\n  </{tag}>\n</View>\n'


def read(data: bytes, about: About) -> list[Incoming]:
    tasks = read_json(data, "Label Studio")
    if not isinstance(tasks, list) or not all(isinstance(task, Mapping) for task in tasks):
        raise BadExchange("Label Studio exports a list of tasks: choose the format JSON when you export")
    if tasks and not any("data" in task for task in tasks):
        raise BadExchange("these tasks have no 'data': choose the format JSON when you export, not JSON-MIN or CSV")
    return [_incoming(task, number) for number, task in enumerate(tasks, 1)]


def _incoming(task: Mapping[str, Any], number: int) -> Incoming:
    data = task.get("data")
    data = data if isinstance(data, Mapping) else {}
    place = f"task {task.get('id', number)}"
    prediction = prediction_in(data.get(_ID), data.get(_TO))
    revision = data.get(_REVISION)
    revision = revision if isinstance(revision, int) and not isinstance(revision, bool) else None
    if prediction is None:
        return Incoming(place, None, problem=f"its data has no {_ID}, so nobody knows which prediction it is about")
    given = task.get("annotations")
    given = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
    if not given:
        return Incoming(place, prediction, revision=revision)
    # The latest that was submitted; one that was skipped counts where there is no other.
    last = ([one for one in given if not one.get("was_cancelled")] or given)[-1]
    by = str(last.get("completed_by") or "")[:100]
    if last.get("was_cancelled"):
        return Incoming(place, prediction, "skipped", revision=revision, by=by)
    try:
        annotations = tuple(_annotations(last.get("result")))
    except (RelensError, KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError) as error:
        said = str(error) if isinstance(error, RelensError) else "a result is not what Label Studio writes"
        return Incoming(place, prediction, revision=revision, by=by, problem=said)
    return Incoming(place, prediction, "corrected", annotations, revision, by)


def _annotations(results: Any) -> Iterable[Annotation]:
    if not isinstance(results, list):
        raise BadShape("its annotation has no list of results")
    for result in results:
        value = result["value"]
        if float(value.get("rotation") or 0) % 360 or result.get("image_rotation"):
            raise BadShape("it has a box that is rotated: only upright boxes can be kept")
        kind = result.get("type", "")
        if kind == "choices":
            for label in value["choices"]:
                yield Annotation(str(label))
            continue
        if kind not in ("rectanglelabels", "polygonlabels"):
            raise BadShape(f"it has a result of type '{kind}': boxes, polygons and choices can be kept")
        for label in value[kind]:
            yield Annotation(str(label), _shape(kind, value, result["original_width"], result["original_height"]))


def _shape(kind: str, value: Mapping[str, Any], width: float, height: float) -> Shape:
    if kind == "rectanglelabels":
        x, y = value["x"] * width / 100, value["y"] * height / 100
        return Box(x, y, x + value["width"] * width / 100, y + value["height"] * height / 100)
    return Polygon((tuple(float(at) for x, y in value["points"] for at in (x * width / 100, y * height / 100)),))


EXCHANGE = Exchange("Label Studio", "label-studio.json", True, write, read, setup)
