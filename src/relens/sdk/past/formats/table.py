"""A CSV file: a row for each detection (or, without a label, for an image on which nothing was found), images beside it.

Columns by their usual names: image, label, confidence, x1 y1 x2 y2 (pixels), taken_at, source, latency_ms, width, height, tags (with ;),
model_version, client_id. What else there is becomes metadata.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relens.kit.errors import Invalid
from relens.sdk.past.found import BadPast, Options, Past, PastFormat, moment

_NAMES = {
    "image": ("image", "file", "file_name", "filename", "path"),
    "label": ("label", "class", "class_name", "category", "prediction"),
    "confidence": ("confidence", "score", "conf", "probability"),
    "x1": ("x1", "xmin", "left"),
    "y1": ("y1", "ymin", "top"),
    "x2": ("x2", "xmax", "right"),
    "y2": ("y2", "ymax", "bottom"),
    "taken_at": ("taken_at", "timestamp", "time", "date", "datetime"),
    "source": ("source", "camera", "line"),
    "latency_ms": ("latency_ms", "latency"),
    "width": ("width", "image_width"),
    "height": ("height", "image_height"),
    "tags": ("tags",),
    "model_version": ("model_version",),
    "client_id": ("client_id",),
}
_CORNERS = ("x1", "y1", "x2", "y2")
Row = dict[str, str]


def _fits(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in (".csv", ".tsv")


def _read(path: Path, options: Options) -> Iterator[Past]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        columns = _columns(path, [name for name in rows.fieldnames or () if name])
        together: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
        for row in rows:
            read = {ours: (row.get(theirs) or "").strip() for ours, theirs in columns.items()}
            key = (read.get("client_id", ""), read["image"], read.get("taken_at", ""))
            together.setdefault(key, []).append((rows.line_num, read))
    for (client_id, image, taken_at), members in together.items():
        place = f"{path.name}:{members[0][0]}"
        try:
            item = _item(members, options)
        except Invalid as error:
            yield Past(place, problem=str(error))
            continue
        item["client_id"] = client_id or f"{options.name}:{image}@{taken_at}"[:200]
        yield Past(place, item, (options.images or path.parent) / image if image else None)


def _columns(path: Path, there: list[str]) -> dict[str, str]:
    """Our name of each column; those without one are metadata under their own."""
    by_name = {name.strip().lower(): name for name in there}
    found = {ours: by_name[usual] for ours, names in _NAMES.items() for usual in reversed(names) if usual in by_name}
    if "image" not in found or "label" not in found:
        raise BadPast(f"{path.name} needs the columns image and label, and has {', '.join(there) or 'none'}")
    taken = set(found.values())
    return found | {f"metadata.{name}": name for name in there if name not in taken}


def _item(members: list[tuple[int, Row]], options: Options) -> dict[str, Any]:
    first = members[0][1]
    item: dict[str, Any] = {"detections": [_detection(number, row) for number, row in members if row["label"]]}
    item["taken_at"] = moment(first.get("taken_at"), options.zone)
    for name in ("source", "model_version"):
        if first.get(name):
            item[name] = first[name]
    for name, kind in (("latency_ms", float), ("width", int), ("height", int)):
        if first.get(name):
            item[name] = _number(first[name], name, kind)
    if first.get("tags"):
        item["tags"] = [tag.strip() for tag in first["tags"].split(";") if tag.strip()]
    own = {
        name.removeprefix("metadata."): value for name, value in first.items() if name.startswith("metadata.") and value
    }
    return item | ({"metadata": own} if own else {})


def _detection(number: int, row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"label": row["label"], "confidence": 1.0}
    if row.get("confidence"):
        found["confidence"] = _number(row["confidence"], f"the confidence in line {number}", float)
    corners = [row.get(name, "") for name in _CORNERS]
    if any(corners):
        found["box"] = [_number(value, f"a corner in line {number}", float) for value in corners]
    return found


def _number(written: str, what: str, kind: type[float] | type[int]) -> float:
    try:
        return kind(float(written))
    except (ValueError, OverflowError) as error:
        raise BadPast(f"{what} is a number, not {written!r}") from error


FORMAT = PastFormat("a table (.csv) with a row for each detection", _fits, _read)
