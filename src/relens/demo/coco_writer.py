"""Examples as a COCO folder on disk, to be imported like anybody's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from relens.demo.stream import Example
from relens.vision.decode import peek

Progress = Callable[[int], None]


def write_coco(
    folder: Path, examples: Iterable[tuple[Example, str]], labels: tuple[str, ...], progress: Progress
) -> Path:
    """Writes `(example, split)` pairs; calls `progress` with the number written."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, (example, split) in enumerate(examples, 1):
        data = example.read()
        place = folder / "images" / example.file_name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        width, height, _ = peek(data)
        images.append({"id": number, "file_name": example.file_name, "width": width, "height": height, "split": split})
        for annotation in example.annotations:
            entry: dict[str, Any] = {
                "id": len(annotations) + 1,
                "image_id": number,
                "category_id": labels.index(annotation.label) + 1,
            }
            if annotation.shape is not None:
                box = annotation.shape.box()
                entry |= {
                    "bbox": [box.x1, box.y1, box.width, box.height],
                    "area": box.area,
                    "iscrowd": int(annotation.crowd),
                }
            annotations.append(entry)
        progress(number)
    categories = [{"id": number, "name": label} for number, label in enumerate(labels, 1)]
    written = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(written), encoding="utf-8")
    return folder
