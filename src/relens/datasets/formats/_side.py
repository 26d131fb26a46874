"""relens.json beside an export: what the format itself has no words for. Where a person changed the files since, the files win."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from relens.datasets.formats import Entry
from relens.datasets.formats._folders import kept_text
from relens.datasets.item import Item
from relens.kit.errors import RelensError
from relens.vision.annotation import Annotation

SIDE_FILE = "relens.json"


@dataclass(frozen=True, slots=True)
class Side:
    """Empty where there is none, or one that is not ours. `images` by the path of the image file; `written`: labels by how they had to be written."""

    task: str | None = None
    labels: tuple[str, ...] = ()
    images: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)

    def of(self, path: str) -> Mapping[str, Any]:
        return self.images.get(path, {})


def read_side(folder: Path) -> Side:
    try:
        said = json.loads((folder / SIDE_FILE).read_text(encoding="utf-8"))
        task, written = said.get("task"), said.get("written")
        return Side(
            task if isinstance(task, str) else None,
            tuple(label for label in said["labels"] if isinstance(label, str)),
            {str(image["path"]): _kept(image) for image in said["images"]},
            written if isinstance(written, dict) else {},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Side()


def _kept(image: Mapping[str, Any]) -> Mapping[str, Any]:
    """Somebody may have written into it by hand."""
    names = {name: kept_text(image.get(name)) for name in ("group", "source")}
    label, file_name = (value if isinstance(value := image.get(name), str) else None for name in ("label", "file_name"))
    return {"exact": image.get("exact"), "label": label, "file_name": file_name, **names}


def side_entry(
    name: str,
    task: str,
    labels: Sequence[str],
    images: Sequence[Mapping[str, Any]],
    written: Mapping[str, str] | None = None,
) -> Entry:
    """The file. `images` as made by `about`."""
    said: dict[str, Any] = {"relens": 1, "name": name, "task": task, "labels": list(labels)}
    said |= {"written": dict(written)} if written else {}
    said["images"] = list(images)
    return Entry(SIDE_FILE, data=json.dumps(said, ensure_ascii=False, indent=1).encode())


def about(item: Item, path: str, exact: Mapping[int, Annotation] | None = None) -> dict[str, Any]:
    """What is said of one image; `exact`: annotations, by their place, that the format's own numbers do not give back."""
    said: dict[str, Any] = {
        "path": path,
        "split": item.split,
        "file_name": item.file_name,
        "group": item.group,
        "source": item.source,
    }
    return said | ({"exact": {str(at): one.to_json() for at, one in exact.items()}} if exact else {})


def sharpened(said: Mapping[str, Any], place: int, read: Annotation, same: Callable[[Annotation], bool]) -> Annotation:
    """The annotation as it was before it was written, if what is written still says `same`; otherwise what was read."""
    kept = said.get("exact")
    try:
        exact = Annotation.from_json(kept[str(place)]) if isinstance(kept, dict) else None
    except (KeyError, TypeError, RelensError):
        exact = None
    return replace(exact, label=read.label) if exact is not None and same(exact) else read
