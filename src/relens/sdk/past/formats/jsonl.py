"""JSON lines: one prediction to a line, in our own form or as Roboflow's `inference` answers."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relens.kit.errors import Invalid
from relens.sdk.past.found import BadPast, Options, Past, PastFormat, moment

_ENDINGS = (".jsonl", ".ndjson")


def _fits(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in _ENDINGS


def _read(path: Path, options: Options) -> Iterator[Past]:
    seen: Counter[str] = Counter()
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            place = f"{path.name}:{number}"
            digest = hashlib.sha256(line.strip().encode()).hexdigest()[:24]
            seen[digest] += 1
            try:
                item, image = _item(line, path, options)
            except Invalid as error:
                yield Past(place, problem=str(error))
                continue
            # The same line again is another prediction; the same file again is not.
            again = f"-{seen[digest]}" if seen[digest] > 1 else ""
            item.setdefault("client_id", f"{options.name}:{digest}{again}")
            yield Past(place, item, image)


def _item(line: str, path: Path, options: Options) -> tuple[dict[str, Any], Path | None]:
    try:
        item = json.loads(line)
    except ValueError as error:
        raise BadPast(f"it is not JSON: {error}") from error
    if not isinstance(item, dict) or not ("detections" in item or "predictions" in item or "error" in item):
        raise BadPast("it needs an object with a list of detections")
    item["taken_at"] = moment(item.get("taken_at"), options.zone)
    named = item.get("image")
    if isinstance(named, str):
        del item["image"]
        return item, (options.images or path.parent) / named
    return item, None


FORMAT = PastFormat("JSON lines (.jsonl), one prediction each", _fits, _read)
