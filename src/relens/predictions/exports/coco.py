"""COCO with predictions: every detection an annotation with its score; pycocotools and most viewers read it.

Annotations stand after all images; until those are written they wait in a temporary file.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import Any

from relens.kit import clock
from relens.predictions.exports import About, Form, Pages
from relens.predictions.logged import Logged
from relens.vision.prediction import Detection
from relens.vision.shapes import Mask, Polygon


def write(pages: Pages, about: About) -> Iterator[bytes]:
    categories = {label: number for number, label in enumerate(about.labels, 1)}
    info = {"description": f"Predictions of {about.deployment}, exported by Relens"}
    yield f'{{"info":{_json(info)},"images":['.encode()
    images, annotations = 0, 0
    with tempfile.TemporaryFile() as waiting:
        for lines in pages:
            yield _listed([_image(line, about) for line in lines], images == 0)
            images += len(lines)
            found = [(line, detection) for line in lines for detection in line.detections]
            made = [
                _annotation(number, line, detection, categories.setdefault(detection.label, len(categories) + 1))
                for number, (line, detection) in enumerate(found, annotations + 1)
            ]
            waiting.write(_listed(made, annotations == 0))
            annotations += len(made)
        yield b'],"annotations":['
        waiting.seek(0)
        while piece := waiting.read(1 << 18):
            yield piece
    named = [{"id": number, "name": label} for label, number in categories.items()]
    yield f'],"categories":{_json(named)}}}\n'.encode()


def _listed(objects: list[dict[str, Any]], first: bool) -> bytes:
    """A stretch of a JSON array."""
    return b"" if not objects else (("" if first else ",") + ",\n".join(map(_json, objects))).encode()


def _image(line: Logged, about: About) -> dict[str, Any]:
    return {
        "id": line.log_seq,
        "file_name": line.asset,
        "width": line.width,
        "height": line.height,
        "date_captured": clock.to_text(line.taken_at),
        "prediction": line.id,
        "model_version": about.titles.get(line.model_version or "", line.model_version),
        "role": line.role,
        "source": line.source,
        "tags": list(line.tags),
        "threshold": line.threshold,
        "error": line.error,
    }


def _annotation(number: int, line: Logged, detection: Detection, category: int) -> dict[str, Any]:
    shape = detection.shape
    made: dict[str, Any] = {
        "id": number, "image_id": line.log_seq, "category_id": category, "score": detection.confidence, "iscrowd": 0,
        "answered": detection.confidence >= line.threshold,
    }  # fmt: skip
    if shape is None:  # a whole image
        return {**made, "bbox": [0, 0, line.width, line.height], "area": line.width * line.height}
    box = shape.box()
    made |= {"bbox": [box.x1, box.y1, box.width, box.height], "area": shape.area}
    if isinstance(shape, Polygon):
        made["segmentation"] = [list(ring) for ring in shape.rings]
    if isinstance(shape, Mask):
        made["segmentation"] = {"size": [shape.height, shape.width], "counts": list(shape.counts)}
    return made


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


FORM = Form("COCO", "coco.json", "application/json", write)
