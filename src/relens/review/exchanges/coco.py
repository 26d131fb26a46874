"""COCO: what CVAT, Roboflow, FiftyOne and most tools take in and give back; the names of the files carry the ids of the predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from relens.datasets.formats import _coco_shape as coco_shape
from relens.kit.errors import RelensError
from relens.review.exchange import About, BadExchange, Exchange, Incoming, Outgoing, prediction_in, read_json
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Mask, Polygon

_REVISION = "relens_revision"


def write(images: Sequence[Outgoing], about: About) -> bytes:
    numbers = {label: number for number, label in enumerate(about.labels, 1)}
    annotations: list[dict[str, Any]] = []
    for place, one in enumerate(images, 1):
        for said in one.answered if one.said is None else one.said:
            category = numbers.setdefault(said.label, len(numbers) + 1)
            annotations.append(
                {"id": len(annotations) + 1, "image_id": place, "category_id": category, **_place(said, one)}
            )
    document = {
        "info": {"description": f"To be reviewed: {about.deployment}"},
        "images": [_image(place, one, about) for place, one in enumerate(images, 1)],
        "categories": [{"id": number, "name": label} for label, number in numbers.items()],
        "annotations": annotations,
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _image(place: int, one: Outgoing, about: About) -> dict[str, Any]:
    return {
        "id": place,
        "file_name": f"{one.prediction}.jpg",
        "width": one.width,
        "height": one.height,
        "coco_url": about.image(one),
        _REVISION: one.revision,
    }


def _place(said: Detection | Annotation, one: Outgoing) -> dict[str, Any]:
    shape = said.shape
    made: dict[str, Any] = {"iscrowd": int(isinstance(said, Annotation) and said.crowd)}
    if isinstance(said, Detection):
        made["score"] = said.confidence
    if shape is None:
        return {**made, "bbox": [0, 0, one.width, one.height], "area": one.width * one.height}
    box = shape.box()
    made |= {"bbox": [box.x1, box.y1, box.width, box.height], "corners": list(box.corners()), "area": shape.area}
    if isinstance(shape, Polygon):
        made["segmentation"] = [list(ring) for ring in shape.rings]
    if isinstance(shape, Mask):
        made["segmentation"] = {"size": [shape.height, shape.width], "counts": list(shape.counts)}
    return made


def read(data: bytes, about: About) -> list[Incoming]:
    document = read_json(data, "COCO")
    if not isinstance(document, Mapping) or not isinstance(document.get("images"), list):
        raise BadExchange("a COCO file is an object with images, annotations and categories")
    named = {_key(one.get("id")): str(one.get("name")) for one in _objects(document, "categories")}
    named.pop(None, None)
    said: dict[Any, list[Mapping[str, Any]]] = {}
    for one in _objects(document, "annotations"):
        said.setdefault(_key(one.get("image_id")), []).append(one)
    return [
        _incoming(image, number, said.get(_key(image.get("id")), []), named, about.task)
        for number, image in enumerate(_objects(document, "images"), 1)
    ]


def _objects(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = document.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise BadExchange(f"'{name}' of a COCO file is a list of objects")
    return found


def _key(value: object) -> object:
    return value if isinstance(value, int | str) else None


def _incoming(
    image: Mapping[str, Any], number: int, said: Sequence[Mapping[str, Any]], named: Mapping[Any, str], task: str
) -> Incoming:
    place = f"image {image.get('id', number)}"
    prediction = prediction_in(image.get("file_name"), image.get("coco_url"))
    if prediction is None:
        name = str(image.get("file_name"))[:100]
        return Incoming(
            place, None, problem=f"its file name '{name}' holds no prediction's id: keep the names of the files"
        )
    revision = image.get(_REVISION)
    revision = revision if isinstance(revision, int) and not isinstance(revision, bool) else None
    annotations: list[Annotation] = []
    for one in said:
        label = named.get(_key(one.get("category_id")))
        if label is None:
            return Incoming(
                place,
                prediction,
                revision=revision,
                problem="it has an annotation of a category that the file does not list",
            )
        try:
            annotations.append(coco_shape.read(one, label, task))
        except RelensError as error:
            return Incoming(place, prediction, revision=revision, problem=f"of '{label}': {error}")
    return Incoming(place, prediction, "corrected", tuple(annotations), revision)


EXCHANGE = Exchange("COCO", "coco.json", False, write, read)
