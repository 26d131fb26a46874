"""COCO results (a list of {image_id, category_id, bbox, score}) with the file of their images and categories."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relens.kit.errors import Invalid
from relens.sdk.past.found import BadPast, Options, Past, PastFormat, moment

_OURS = ("source", "tags", "metadata", "latency_ms", "client_id", "model_version", "threshold")


def _fits(path: Path) -> bool:
    if path.is_file():
        return path.suffix.lower() == ".json"
    return path.is_dir() and any(path.glob("*.json"))


def _read(path: Path, options: Options) -> Iterator[Past]:
    results, described, where = _files(path)
    try:
        names = {one["id"]: str(one["name"]) for one in described["categories"]}
        images = {one["id"]: one for one in described["images"]}
    except (KeyError, TypeError) as error:
        raise BadPast(f"{where.name} needs images with an id, and categories with an id and a name") from error
    said: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    broken: dict[Any, str] = {}
    for number, one in enumerate(results):
        image = one.get("image_id") if isinstance(one, dict) else None
        if image not in images:
            yield Past(f"result {number}", problem=f"its image_id {image!r} is not in {where.name}")
            continue
        try:
            said[image].append(_detection(one, names))
        except (Invalid, KeyError, TypeError, ValueError) as error:
            broken[image] = (
                f"result {number}: {error if isinstance(error, Invalid) else 'it needs category_id, score and bbox'}"
            )
    folder = options.images or (where.parent / "images" if (where.parent / "images").is_dir() else where.parent)
    for image, about in images.items():
        place = f"image {image}"
        try:
            taken_at = moment(about.get("taken_at") or about.get("date_captured"), options.zone)
        except Invalid as error:
            broken.setdefault(image, str(error))
            taken_at = None
        if image in broken:
            yield Past(place, problem=broken[image])
            continue
        item = {name: about[name] for name in _OURS if about.get(name) is not None}
        item = {"client_id": f"{options.name}:{image}", **item, "detections": said[image], "taken_at": taken_at}
        item |= {name: about[name] for name in ("width", "height") if about.get(name)}
        file = about.get("file_name")
        yield Past(place, item, folder / file if file else None)


def _files(path: Path) -> tuple[list[Any], dict[str, Any], Path]:
    """The results, what describes their images, and where that stands: told apart by what is in them."""
    beside = sorted(set((path if path.is_dir() else path.parent).glob("*.json")) - {path})
    results: list[Any] | None = None
    described: tuple[dict[str, Any], Path] | None = None
    for file in beside if path.is_dir() else [path, *beside]:
        try:
            written = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            if file == path:
                raise BadPast(f"{file} is not JSON: {error}") from error
            continue
        if isinstance(written, list) and results is None:
            results = written
        elif isinstance(written, dict) and "images" in written and described is None:
            described = written, file
        if results is not None and described is not None:
            return results, *described
    raise BadPast(
        f"in {path} there must be a list of results and, beside it, a file with their images and categories, both JSON"
    )


def _detection(one: dict[str, Any], names: dict[Any, str]) -> dict[str, Any]:
    if one["category_id"] not in names:
        raise BadPast(f"its category_id {one['category_id']!r} has no name")
    found: dict[str, Any] = {"label": names[one["category_id"]], "confidence": one["score"]}
    shape = one.get("segmentation")
    if isinstance(shape, dict):
        return found | {"rle": shape}
    if isinstance(shape, list) and shape:
        return found | {"polygon": shape}
    if one.get("bbox") is None:
        return found
    x, y, width, height = map(float, one["bbox"])
    return found | {"box": [x, y, x + width, y + height]}


FORMAT = PastFormat("COCO results with their images' file (.json, or a folder of both)", _fits, _read)
