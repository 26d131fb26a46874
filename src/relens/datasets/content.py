"""The name of a version's content: equal for equal content, however it was ordered, and for nothing else."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from relens.datasets.item import Item, plain
from relens.vision.annotation import Annotation

_WRITTEN_AS = "relens dataset 1"


def content_hash(task: str, labels: Sequence[str], items: Iterable[Item]) -> str:
    """SHA-256 over task, labels (in order) and items (in any order), 64 hex digits."""
    digest = hashlib.sha256(_text([_WRITTEN_AS, task, list(labels)]).encode())
    for line in sorted(_line(item) for item in items):
        digest.update(b"\n" + line.encode())
    return digest.hexdigest()


def annotations_hash(annotations: Iterable[Annotation]) -> str:
    """The same for the annotations of one image, in the order given: 64 hex digits."""
    return hashlib.sha256(_text([_annotation(annotation) for annotation in annotations]).encode()).hexdigest()


def _line(item: Item) -> str:
    annotations = sorted(_annotation(annotation) for annotation in item.annotations)
    return _text([item.asset, item.split, item.group, item.file_name, item.source, annotations])


def _annotation(annotation: Annotation) -> str:
    return _text(_as_floats(plain(annotation).to_json()))


def _as_floats(value: Any) -> Any:
    """1 and 1.0 are one number, and so are 0.0 and -0.0."""
    if isinstance(value, dict):
        return {key: _as_floats(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_floats(inner) for inner in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) + 0.0
    return value


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
