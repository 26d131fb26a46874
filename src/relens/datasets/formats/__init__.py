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

    `layout` says in half a sentence what lies in such a folder; `tasks` are those it can write. `fallback`: it recognises
    nearly everything and is asked last.
    """

    title: str
    layout: str
    tasks: tuple[str, ...]
    looks_like: Callable[[Path], bool]
    read: Callable[[Path], FoundSet]
    write: Callable[[str, str, Sequence[str], Sequence[Item]], Iterator[Entry]]
    fallback: bool = False


FORMATS: Catalog[Format] = Catalog("dataset format", __name__, "FORMAT")


def named_or_seen(name: str, root: Path) -> Format:
    """The format called `name`; `auto` is the first that recognises the folder. Raises NotADataset or NotFound."""
    if name != "auto":
        return FORMATS.get(name)
    every = sorted((found for _, found in FORMATS), key=lambda found: found.fallback)
    for candidate in every:
        if candidate.looks_like(root):
            return candidate
    known = "; ".join(f"{found.title} ({found.layout})" for found in every)
    raise NotADataset(f"no dataset was recognised; these are known: {known}")


def must_write(name: str, task: str) -> Format:
    """The format called `name`, if it can write `task`. Raises NotFound or CannotWrite."""
    format_ = FORMATS.get(name)
    if task not in format_.tasks:
        able = ", ".join(other for other, found in FORMATS if task in found.tasks)
        raise CannotWrite(f"{format_.title} cannot say what a {task} dataset holds: export it as {able}")
    return format_
