"""What every room's routes need: parts by type, pages of lists, times as text."""

from __future__ import annotations

import base64
import json
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, PlainSerializer, WithJsonSchema

from relens.kit import clock
from relens.kit.errors import Invalid
from relens.kit.strict_json import BadJson, read_json
from relens.vision.task import TASKS

Part = TypeVar("Part")
Item = TypeVar("Item")

Instant = Annotated[int, PlainSerializer(clock.to_text, return_type=str, when_used="json")]
"""Microseconds inside, RFC 3339 text in the answer."""

TaskName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(TASKS.names())})]
"""The name of a task; the document lists those that are installed."""

Corners = tuple[float, float, float, float]
"""A box in pixels: x1 y1 x2 y2."""

Limit = Annotated[int, Query(ge=1, le=1000, description="how many at most")]
Cursor = Annotated[str | None, Query(description="`next` of the page before")]


class RunLengths(BaseModel):
    """COCO's uncompressed run lengths, column by column, starting with zeros; size is height, width."""

    size: tuple[int, int]
    counts: list[int]


class BadCursor(Invalid):
    """A cursor that no page gave out."""


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` asks for the following one, null on the last."""

    items: list[Item]
    next: str | None = None


class Parts:
    """The one object of each type that bootstrap wired; routes ask for it by type."""

    def __init__(self, *parts: object) -> None:
        self._by_type: dict[type, object] = {type(part): part for part in parts}

    def add(self, part: object, kind: type | None = None) -> None:
        """`kind`: the port it stands for, when routes ask for that rather than for its own class."""
        self._by_type[kind or type(part)] = part

    def get(self, kind: type[Part]) -> Part:
        return self._by_type[kind]  # type: ignore[return-value]


def part(kind: type[Part]) -> Any:
    """A FastAPI dependency: the wired object of that type."""

    # Async, although it waits for nothing: FastAPI would send a plain function through a thread.
    async def find(request: Request) -> Part:
        parts: Parts = request.app.state.parts
        return parts.get(kind)

    return Depends(find)


def write_cursor(*position: object) -> str:
    """An opaque text for a place in a sorted list."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *kinds: type) -> list[Any]:
    """The position `write_cursor` wrote, values of these kinds (object: a text or any number); refuses anything else."""
    try:
        position = read_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, BadJson) as error:
        raise BadCursor("this cursor was not given out by this list: start again without one") from error
    fits = isinstance(position, list) and len(position) == len(kinds)
    if not fits or not all(_is_a(value, kind) for value, kind in zip(position, kinds, strict=True)):
        raise BadCursor("this cursor was not given out by this list: start again without one")
    return list(position)


def _is_a(value: Any, kind: type) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and isinstance(value, kind)
