"""The query language of the log: `label = "scratch" and confidence < 0.5 and source ~ "line-*"`.

One grammar, compiled to parameterised SQL; an error points at the character.

    query      = condition { ("and" | "or") condition }        and binds tighter than or
    condition  = "not" condition | "(" query ")" | field operator value
    operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~"     ~ matches * and ?
    value      = "text" | 'text' | number | word
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, not_, or_

from relens.kit import clock
from relens.kit.errors import Invalid
from relens.predictions.tables import posting, prediction, signal, term

MOST = 2000
DEEPEST = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<operator><=|>=|!=|=|<|>|~)|(?P<text>\"[^\"]*\"|'[^']*')|(?P<word>[^\s()<>=!~\"']+))"
)


class BadQuery(Invalid):
    """A query that cannot be read; the sentence says where and what would fit."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


Compare = Callable[[str, str, int], ColumnElement[bool]]


def compile_query(text: str) -> ColumnElement[bool]:
    """SQL over `prediction` joined with `signal`. Raises BadQuery."""
    if len(text) > MOST:
        raise BadQuery(f"the query is longer than {MOST} characters")
    reader = _Reader(_tokens(text), len(text))
    found = reader.alternatives(0)
    if (left := reader.next) is not None:
        raise BadQuery(f"at character {left.at + 1}: '{left.text}' does not belong here; join conditions with and, or")
    return found


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise BadQuery(f"at character {place + 1}: a text begins here and does not end; close its quotation mark")
        kind = str(match.lastgroup)
        found.append(_Token(kind, match.group(kind), match.start(kind)))
        at = match.end()
    return found


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens, self._place, self._end = tokens, 0, end

    @property
    def next(self) -> _Token | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def alternatives(self, depth: int) -> ColumnElement[bool]:
        parts = [self._together(depth)]
        while self._takes("or"):
            parts.append(self._together(depth))
        return or_(*parts)

    def _together(self, depth: int) -> ColumnElement[bool]:
        parts = [self._condition(depth)]
        while self._takes("and"):
            parts.append(self._condition(depth))
        return and_(*parts)

    def _condition(self, depth: int) -> ColumnElement[bool]:
        if depth > DEEPEST:
            raise BadQuery(f"more than {DEEPEST} brackets stand inside each other")
        if self._takes("not"):
            return not_(self._condition(depth + 1))
        token = self._take("a field")
        if token.kind == "open":
            inside = self.alternatives(depth + 1)
            closing = self._take("a closing bracket")
            if closing.kind != "close":
                raise BadQuery(f"at character {closing.at + 1}: a closing bracket is missing before '{closing.text}'")
            return inside
        compare = FIELDS.get(token.text.lower()) if token.kind == "word" else None
        if compare is None:
            raise BadQuery(f"at character {token.at + 1}: '{token.text}' is no field; there are {', '.join(FIELDS)}")
        operator = self._take("an operator")
        if operator.kind != "operator":
            raise BadQuery(f"at character {operator.at + 1}: after '{token.text}' comes one of = != < <= > >= ~")
        value = self._take("a value")
        if value.kind not in ("text", "word"):
            raise BadQuery(f"at character {value.at + 1}: after '{operator.text}' comes a value")
        return compare(operator.text, value.text.strip("\"'") if value.kind == "text" else value.text, value.at)

    def _takes(self, word: str) -> bool:
        token = self.next
        if token is not None and token.kind == "word" and token.text.lower() == word:
            self._place += 1
            return True
        return False

    def _take(self, wanted: str) -> _Token:
        token = self.next
        if token is None:
            raise BadQuery(f"at character {self._end + 1}: the query ends where {wanted} is expected")
        self._place += 1
        return token


def _text(column: ColumnElement[Any]) -> Compare:
    def compare(operator: str, value: str, at: int) -> ColumnElement[bool]:
        if operator == "=":
            return column == value
        if operator == "!=":
            return or_(column != value, column.is_(None))
        if operator == "~":
            return column.like(_pattern(value), escape="\\")
        raise BadQuery(f"at character {at + 1}: texts are compared with =, != or ~")

    return compare


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("it is not finite")
    return number


def _number(column: ColumnElement[Any], read: Callable[[str], float] = _finite) -> Compare:
    def compare(operator: str, value: str, at: int) -> ColumnElement[bool]:
        try:
            number = read(value)
        except (ValueError, Invalid) as error:
            raise BadQuery(f"at character {at + 1}: '{value}' is not what this field holds: {error}") from error
        made: dict[str, ColumnElement[bool]] = {
            "=": column == number,
            "!=": column != number,
            "<": column < number,
            "<=": column <= number,
            ">": column > number,
            ">=": column >= number,
        }
        if operator not in made:
            raise BadQuery(f"at character {at + 1}: numbers are compared with = != < <= > >=, not with ~")
        return made[operator]

    return compare


def _label(operator: str, value: str, at: int) -> ColumnElement[bool]:
    """Whether some answered detection has (or none has) that label."""
    named = _text(term.c.value)("=" if operator == "!=" else operator, value, at)
    some = exists().where(
        posting.c.log_seq == signal.c.log_seq,
        posting.c.taken_at == signal.c.taken_at,
        posting.c.term == term.c.id,
        term.c.deployment == signal.c.deployment,
        term.c.kind == "label",
        named,
    )
    return not_(some) if operator == "!=" else some


def _tag(operator: str, value: str, at: int) -> ColumnElement[bool]:
    if operator not in ("=", "!="):
        raise BadQuery(f"at character {at + 1}: tags are compared with = or !=")
    has = cast(prediction.c.tags, Text).contains(f'"{value}"', autoescape=True)
    return not_(has) if operator == "!=" else has


def _pattern(value: str) -> str:
    """A LIKE pattern of a text in which * and ? stand for anything and for one character."""
    quoted = re.sub(r"([\\%_])", r"\\\1", value)
    return quoted.replace("*", "%").replace("?", "_")


FIELDS: dict[str, Compare] = {
    "label": _label,
    "source": _text(prediction.c.source),
    "tag": _tag,
    "review": _text(signal.c.review),
    "role": _text(prediction.c.role),
    "model_version": _text(prediction.c.model_version),
    "client_id": _text(prediction.c.client_id),
    "asset": _text(prediction.c.asset),
    "confidence": _number(signal.c.confidence),
    "outlier": _number(signal.c.outlier),
    "latency": _number(prediction.c.latency_ms),
    "width": _number(prediction.c.width),
    "height": _number(prediction.c.height),
    "taken_at": _number(prediction.c.taken_at, clock.from_text),
}
