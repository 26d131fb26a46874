"""A back-up that was made: a folder like a home folder, and one file in it that is written last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.errors import NotFound

FILE = "back-up.json"
ROWS = "relens.db"
DUMP = "relens.dump"
_DAMAGED = (OSError, ValueError, TypeError)


class NoSuchBackUp(NotFound):
    """There is no finished back-up of this name."""


@dataclass(frozen=True, slots=True)
class Made:
    """`at` is the moment its rows are of. `written_bytes` of its `size_bytes` were copied; the others it shares with what lay there already."""

    name: str
    version: str
    at: Micros
    files: int
    size_bytes: int
    written_bytes: int

    def facts(self) -> Mapping[str, Any]:
        return asdict(self)


def name_of(at: Micros) -> str:
    """Sorted by name they are sorted by time."""
    return f"relens-{clock.to_text(at)[:19].replace(':', '')}Z"


def write(folder: Path, made: Made) -> None:
    """From now on the folder is a back-up."""
    beside = folder / f".{FILE}"
    beside.write_text(json.dumps(asdict(made), indent=1))
    beside.replace(folder / FILE)


def read(folder: Path) -> Made | None:
    """None for a folder that is not a finished back-up."""
    try:
        return Made(**{**json.loads((folder / FILE).read_text()), "name": folder.name})
    except _DAMAGED:
        return None


def all_in(place: Path) -> list[Made]:
    """The newest first."""
    try:
        folders = [one for one in place.iterdir() if not one.name.startswith(".")]
    except OSError:
        return []
    return sorted(filter(None, map(read, folders)), key=lambda made: made.at, reverse=True)


def get(place: Path, name: str) -> Made:
    """Raises NoSuchBackUp."""
    found = next((one for one in all_in(place) if one.name == name), None)
    if found is None:
        raise NoSuchBackUp(f"there is no back-up '{name}' in {place}")
    return found
