"""One image of a folder, as its file describes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from relens.vision.annotation import Annotation
from relens.vision.fingerprint import scenes


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """`content` names its bytes, `look` is its fingerprint, and entries of one `scene` look the same."""

    path: Path
    file_name: str
    content: str
    look: str
    annotations: tuple[Annotation, ...]
    split: str | None
    seq: float | None
    phase: int
    domain: str
    scene: int = 0


Stratum = Callable[[Entry], str]
"""Of which every part is to have its share: a domain, a label."""


def with_scenes(entries: Sequence[Entry]) -> list[Entry]:
    """Asked of all images at once: which looks are told apart depends on how alike all of them are."""
    numbers = scenes([entry.look for entry in entries])
    return [replace(entry, scene=number) for entry, number in zip(entries, numbers, strict=True)]
