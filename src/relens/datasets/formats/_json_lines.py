"""Reads a JSON object and remembers on which line each entry of its lists begins, so that a report can point there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class NotAnObject(ValueError):
    """The text is no JSON object."""


@dataclass(frozen=True, slots=True)
class Document:
    """The object, and for each of its lists the line (from 1) of every entry."""

    value: dict[str, Any]
    lines: dict[str, list[int]]


def parse(text: str) -> Document:
    """Raises ValueError (json.JSONDecodeError tells line and column)."""
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise NotAnObject("the file does not hold a JSON object")
    value: dict[str, Any] = {}
    lines: dict[str, list[int]] = {}
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _expect(text, _skip(text, at), ":")
        if text[at : at + 1] == "[":
            value[key], starts, at = _list(text, at)
            lines[str(key)] = _as_lines(text, starts)
        else:
            value[key], at = _DECODER.raw_decode(text, at)
        at = _comma(text, _skip(text, at), "}")
    if _skip(text, at + 1) != len(text):
        raise json.JSONDecodeError("something stands behind the object", text, at + 1)
    return Document(value, lines)


def _list(text: str, at: int) -> tuple[list[Any], list[int], int]:
    entries: list[Any] = []
    starts: list[int] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        starts.append(at)
        entry, at = _DECODER.raw_decode(text, at)
        entries.append(entry)
        at = _comma(text, _skip(text, at), "]")
    return entries, starts, at + 1


def _as_lines(text: str, starts: list[int]) -> list[int]:
    lines, line, before = [], 1, 0
    for start in starts:
        line += text.count("\n", before, start)
        before = start
        lines.append(line)
    return lines


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, character: str) -> int:
    if text[at : at + 1] != character:
        raise json.JSONDecodeError(f"a '{character}' is missing", text, at)
    return _skip(text, at + 1)


def _comma(text: str, at: int, closing: str) -> int:
    """Past a comma, or at the closing character."""
    if text[at : at + 1] == closing:
        return at
    return _expect(text, at, ",")
