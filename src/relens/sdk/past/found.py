"""One prediction found in a file of the past, and the format that finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from relens.kit.catalog import Catalog
from relens.kit.errors import Invalid


class BadPast(Invalid):
    """A file that holds no predictions that can be read, or one prediction of it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to read what the file leaves open. `name` makes client ids; times without a zone are of `zone`."""

    name: str
    images: Path | None = None
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Past:
    """One prediction and where it stood ("results.jsonl:17"); `problem` when it cannot be read. `image`: its file, where it has one."""

    place: str
    item: dict[str, Any] = field(default_factory=dict)
    image: Path | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PastFormat:
    """`fits` says whether a file or folder looks like it; `read` gives every prediction in it, in the same order each time."""

    title: str
    fits: Callable[[Path], bool]
    read: Callable[[Path, Options], Iterator[Past]]


FORMATS: Catalog[PastFormat] = Catalog("past format", "relens.sdk.past.formats", "FORMAT")


def format_of(path: Path, wanted: str = "auto") -> PastFormat:
    """The format called `wanted`, or the first that fits. Raises BadPast, NotFound."""
    if not path.exists():
        raise BadPast(f"{path} is not there")
    if wanted != "auto":
        return FORMATS.get(wanted)
    found = next((FORMATS.get(name) for name in FORMATS.names() if FORMATS.get(name).fits(path)), None)
    if found is None:
        titles = "; ".join(FORMATS.get(name).title for name in FORMATS.names())
        raise BadPast(f"{path} is in no form that can be read here ({titles}): name one with --format")
    return found


def moment(written: Any, zone: tzinfo) -> str | None:
    """A time as it is sent: texts as RFC 3339 or near it, numbers as seconds or milliseconds since 1970. None stays None."""
    if written is None or written == "":
        return None
    try:
        number = float(written)
    except (TypeError, ValueError):
        return _read_text(written, zone)
    try:
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC).isoformat()
    except (OverflowError, ValueError, OSError) as error:
        raise _no_time(written) from error


def _read_text(written: Any, zone: tzinfo) -> str:
    try:
        read = datetime.fromisoformat(str(written).strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise _no_time(written) from error
    return (read if read.tzinfo is not None else read.replace(tzinfo=zone)).isoformat()


def _no_time(written: Any) -> BadPast:
    return BadPast(f"{written!r} is not a time: write it as 2026-11-22T18:04:05Z")
