"""Dataset formats, one file each: FORMAT reads a folder into a FoundSet and writes a version as a list of entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from relens.datasets.found import FoundSet, NotADataset
from relens.datasets.item import Item
from relens.kit.catalog import Catalog
from relens.kit.errors import Conflict


class CannotWrite(Conflict):
    """The format has no way to say what this version holds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an export: its path in the archive, and its bytes or the asset whose bytes it is."""

    path: str
    data: bytes | None = None
    asset: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """One way to lay a dataset out in a folder.

    `looks_like(root)`: whether a folder seems to be written so. `read(root)`: what it holds, with every problem; raises
    NotADataset when there is nothing of this kind. `write(name, task, labels, items)`: the files; raises CannotWrite
    before the first one. Reading what was written gives the same content.
    """

    title: str
    looks_like: Callable[[Path], bool]
    read: Callable[[Path], FoundSet]
    write: Callable[[str, str, Sequence[str], Sequence[Item]], Iterator[Entry]]


FORMATS: Catalog[Format] = Catalog("dataset format", __name__, "FORMAT")


def named_or_seen(name: str, root: Path) -> Format:
    """The format called `name`; `auto` is the first that recognises the folder. Raises NotADataset or NotFound."""
    if name != "auto":
        return FORMATS.get(name)
    for _, candidate in FORMATS:
        if candidate.looks_like(root):
            return candidate
    raise NotADataset(
        "no dataset was recognised: pack a COCO annotations.json with a folder images/, or one folder of images per label "
        "(optionally under train/, val/ and test/)"
    )
