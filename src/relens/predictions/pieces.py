"""Cuts the JSON of a big batch between its predictions.

The reader of a text lets no other thread work until it has come to the end; in pieces, answers to others come between two of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

ONCE = 1 << 18
"""A text of so many characters is read at once, which takes two or three milliseconds."""
_BEGIN = re.compile(r'[ \t\r\n]*(?:\{[ \t\r\n]*"items"[ \t\r\n]*:[ \t\r\n]*)?\[[ \t\r\n]*')
_BETWEEN = re.compile(r"[ \t\r\n]*(,|\])[ \t\r\n]*")
_read = json.JSONDecoder().raw_decode


def pieces(text: str) -> list[str] | None:
    """The same predictions as JSON lists of about ONCE characters; None where it is no {"items": [...]} and no list, or is broken."""
    begin = _BEGIN.match(text)
    if begin is None:
        return None
    try:
        found, end = [], begin.end()
        for piece, here in _pieces(text, begin.end()):
            found.append(piece)
            end = here
    except (ValueError, RecursionError):
        return None
    return found if text[end:].strip(" \t\r\n") == "}" * begin[0].count("{") else None


def _pieces(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Each piece and where it ends; ValueError where the list is broken."""
    begun, sign = at, ","
    while sign == ",":
        _, at = _read(text, at)
        between = _BETWEEN.match(text, at)
        if between is None:
            raise ValueError("the list does not go on")
        sign = between[1]
        if at - begun >= ONCE or sign == "]":
            yield f"[{text[begun:at]}]", between.end()
            begun = between.end()
        at = between.end()
