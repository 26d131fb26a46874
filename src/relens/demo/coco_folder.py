"""A user's own COCO folder as a stream for the demonstration: `annotations.json` and `images/`.

`images[].split` (train, production, holdout) and `images[].seq` (order of arrival) are used when they are there; otherwise
the images are cut here, near-duplicates together, in an order that depends on nothing but their names.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from relens.demo.cut import halves
from relens.demo.entry import Entry, with_scenes
from relens.demo.splits import as_part, by_rarest_label, split_up
from relens.demo.stream import Arrival, Example, Stream
from relens.kit.errors import Invalid, RelensError
from relens.kit.ids import content_id
from relens.vision.annotation import Annotation
from relens.vision.decode import SMALL, Image, decode
from relens.vision.fingerprint import fingerprint
from relens.vision.shapes import BadShape, Box

_FEWEST = 8


class BadFolder(Invalid):
    """A folder the demonstration cannot be played with; the sentence says what it needs."""


def read_folder(folder: Path) -> Stream:
    """The folder as a stream. Raises BadFolder when it holds no usable COCO dataset."""
    written = _load(folder / "annotations.json")
    try:
        labels = _labels(written)
        task = (
            "detection" if any("bbox" in a or "segmentation" in a for a in written["annotations"]) else "classification"
        )
        entries, notes = _entries(folder, written, labels, task)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadFolder(f"{folder / 'annotations.json'} is not a COCO file: {_what_is_odd(error)}") from error
    splits, decided = split_up(entries)
    notes += decided
    if task == "detection" and any("segmentation" in a for a in written["annotations"]):
        notes.append("masks are used as boxes")
    arriving = sorted(splits["production"], key=lambda entry: (entry.seq is None, entry.seq or 0, entry.file_name))
    rarest = by_rarest_label(entries)
    gate, report = halves(
        splits["holdout"], lambda one: f"{one.domain}/{rarest(one)}" if task == "classification" else one.domain
    )
    if not any(entry.annotations for entry in splits["train"]):
        raise BadFolder(f"no image to train on has an annotation: {folder} has nothing to learn from")
    _must_be_enough(folder, {"to train on": splits["train"], "that arrives later": arriving, "to report on": report})
    truth = {entry.file_name: entry.annotations for entry in arriving}
    return Stream(
        title=_title(folder),
        task=task,
        labels=tuple(labels.values()),
        train=tuple(map(_example, splits["train"])),
        gate=tuple(map(_example, gate)),
        report=tuple(map(_example, report)),
        production=tuple(Arrival(e.file_name, e.path.read_bytes, e.domain or None, (), e.phase) for e in arriving),
        truth=truth.get,
        notes=tuple(notes),
    )


def _must_be_enough(folder: Path, parts: Mapping[str, Sequence[Entry]]) -> None:
    for part, entries in parts.items():
        if not entries:
            raise BadFolder(
                f"{folder} leaves no image {part}: give more images, or name the parts in images[].split (train, production, holdout)"
            )


def _what_is_odd(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _load(path: Path) -> dict[str, Any]:
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadFolder(f"there is no {path}: the folder needs annotations.json (COCO) and images/") from error
    except (OSError, ValueError) as error:
        raise BadFolder(f"cannot read {path}: {error}") from error
    if not isinstance(written, dict) or not all(
        isinstance(written.get(k), list) for k in ("images", "annotations", "categories")
    ):
        raise BadFolder(f"{path} is not a COCO file: it needs the lists images, annotations and categories")
    return written


def _labels(written: dict[str, Any]) -> dict[int, str]:
    """Names of the categories that occur, by their number."""
    used = Counter(a.get("category_id") for a in written["annotations"])
    labels = {c["id"]: str(c["name"]) for c in sorted(written["categories"], key=lambda c: c["id"]) if c["id"] in used}
    if not labels:
        raise BadFolder("no annotation names one of the categories")
    return labels


def _entries(folder: Path, written: dict[str, Any], labels: dict[int, str], task: str) -> tuple[list[Entry], list[str]]:
    """(images that can be read and say something, sentences about what was left out)"""
    said: dict[Any, list[dict[str, Any]]] = {}
    for annotation in written["annotations"]:
        if annotation.get("category_id") in labels:
            said.setdefault(annotation.get("image_id"), []).append(annotation)
    entries, dropped, left_out = list[Entry](), 0, 0
    for image in written["images"]:
        given = said.get(image["id"], [])
        path = _find(folder, str(image["file_name"]))
        seen = _look_at(path) if path else None
        if path is None or seen is None or (task == "classification" and len(given) != 1):
            left_out += 1
            continue
        true = [a for a in (_annotation(a, seen, labels, task) for a in given) if a is not None]
        dropped += len(given) - len(true)
        entries.append(_entry(path, image, tuple(true), fingerprint(seen)))
    if len(entries) < _FEWEST:
        raise BadFolder(f"{folder} has {len(entries)} usable images: a loop needs at least {_FEWEST}")
    notes = [f"annotations left out because they are empty or lie outside their image: {dropped}"] if dropped else []
    return with_scenes(entries), notes + (
        [f"images left out because they cannot be used: {left_out}"] if left_out else []
    )


def _entry(path: Path, image: dict[str, Any], true: tuple[Annotation, ...], look: str) -> Entry:
    seq, phase = image.get("seq"), image.get("phase")
    return Entry(
        path=path,
        file_name=str(image["file_name"]),
        content=content_id(path.read_bytes()),
        look=look,
        annotations=true,
        split=as_part(image.get("split")),
        seq=seq if isinstance(seq, int | float) else None,
        phase=phase if isinstance(phase, int) else 0,
        domain=str(image.get("domain") or ""),
    )


def _look_at(path: Path) -> Image | None:
    """None where the image cannot be decoded as a whole: that is the folder's fault and must not count against the server."""
    try:
        return decode(path.read_bytes(), smallest=SMALL)
    except (RelensError, OSError):
        return None


def _annotation(said: dict[str, Any], image: Image, labels: dict[int, str], task: str) -> Annotation | None:
    label = labels[said["category_id"]]
    if task == "classification":
        return Annotation(label)
    try:
        x, y, width, height = said.get("bbox") or _around(said.get("segmentation"))
        box = Box(x, y, x + width, y + height).clipped(image.width, image.height)
    except (BadShape, TypeError, ValueError, KeyError):
        return None
    return Annotation(label, box, bool(said.get("iscrowd")))


def _around(rings: Any) -> tuple[float, float, float, float]:
    xs = [x for ring in rings for x in ring[0::2]]
    ys = [y for ring in rings for y in ring[1::2]]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def _find(folder: Path, file_name: str) -> Path | None:
    """The image in the folder; a name that leads out of it finds nothing (links that the user has laid are followed)."""
    name = PurePosixPath(file_name)
    if name.is_absolute() or ".." in name.parts:
        return None
    return next((place for place in (folder / "images" / name, folder / name) if place.is_file()), None)


def _title(folder: Path) -> str:
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in folder.resolve().name.lower()).strip("-_")
    return plain[:60] or "mine"


def _example(entry: Entry) -> Example:
    return Example(entry.file_name, entry.path.read_bytes, entry.annotations, entry.domain)
