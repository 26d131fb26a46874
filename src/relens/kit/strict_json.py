"""JSON from outside, read strictly: what is no JSON, or what no database keeps, is refused with a sentence.

Python's own reader takes NaN, numbers no column holds, halves of characters and the character NUL; each of them would fail later,
in the database or in the answer, where nobody can tell the sender what was wrong.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from relens.kit.errors import Invalid

DEEPEST = 64
_LARGEST = 2**63
_HARMFUL = re.compile("[\x00\ud800-\udfff]")


class BadJson(Invalid):
    """A text that is no JSON, or one that says what cannot be kept."""


class BadText(Invalid):
    """A text with a character that cannot be kept."""


def read_json(written: str | bytes) -> Any:
    """The value. Raises BadJson for broken JSON, NaN, numbers beyond 64 bits, NUL, lone surrogates, and nesting over 64 levels."""
    try:
        text = written.decode() if isinstance(written, bytes) else written
        value = json.loads(text, parse_constant=_no_constant, parse_int=_bounded, parse_float=_finite)
    except RecursionError as error:
        raise BadJson(f"the JSON is nested deeper than {DEEPEST} levels") from error
    except UnicodeDecodeError as error:
        raise BadJson(f"the JSON is not written in UTF-8: its byte {error.start} belongs to no character") from error
    except ValueError as error:
        raise BadJson(f"this is no JSON: {error}") from error
    _walk(value, 0)
    return value


def check_text(text: str, what: str) -> str:
    """`text` itself; BadText, naming `what`, when it holds NUL or half a character."""
    if _is_harmful(text):
        raise BadText(f"{what} holds the character NUL or half a character, which cannot be kept: leave it out")
    return text


def _is_harmful(text: str) -> bool:
    """Quick where nearly all text is: an image in base64 has many million plain letters."""
    return "\0" in text if text.isascii() else _HARMFUL.search(text) is not None


def _walk(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise BadJson(f"the JSON is nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        if _is_harmful(value):
            raise BadJson("the JSON holds the character NUL or half a character, which cannot be kept: leave it out")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _walk(name, depth)
            _walk(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, depth + 1)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _bounded(digits: str) -> int:
    if len(digits) > 20 or not -_LARGEST <= int(digits) < _LARGEST:
        raise ValueError(f"the number {digits[:24]}… is beyond 64 bits")
    return int(digits)


def _finite(written: str) -> float:
    value = float(written)
    if not math.isfinite(value):
        raise ValueError(f"the number {written[:24]} is beyond what a float holds")
    return value
