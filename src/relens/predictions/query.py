"""The query language of the log: `label = "scratch" and confidence < 0.5 and source ~ "line-*" and taken_at > 2 days ago`.

    query      = condition { ("and" | "or") condition }              and binds tighter than or
    condition  = "not" condition | "(" query ")" | field comparison
    comparison = operator value | ["not"] "in" "(" value { "," value } ")" | "is" ["not"] "empty"
    operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~"           ~ matches * and ?, a ! before it none of these
    value      = "text" | 'text' | word | number | time | length of time "ago" | "none"      \\ before a quotation mark keeps it

Read into a tree here; `query_sql` makes SQL of it. What a line has not (an outlier score, a source) is like nothing and unlike everything: a
comparison with it is false, `!=` and `not` are true.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.errors import Invalid
from relens.predictions import query_detections
from relens.predictions.query_fields import FIELDS, METADATA, Field, field_named, instant, nearest, number
from relens.predictions.query_tree import Both, Condition, Either, Node, Not

MOST = 2000
DEEPEST = 40
_TOKEN = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<comma>,)|(?P<operator><=|>=|!=|!~|==|=|<|>|~)"""
    r"""|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<word>[^\s()<>=!~"',]+))""",
    re.DOTALL,
)
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
_JOINS = ("and", "or", "not", "in", "is")


class BadQuery(Invalid):
    """A query that cannot be read; the sentence and `position` (from 1) say where, and what would fit."""

    def __init__(self, sentence: str, at: int | None = None) -> None:
        if at is None:
            super().__init__(sentence)
        else:
            super().__init__(f"at character {at + 1}: {sentence}", position=at + 1)


class Ended(BadQuery):
    """The query ends too early. `wanted` is what could follow, for `field` when there is one."""

    def __init__(self, sentence: str, at: int, wanted: str, field: Field | None = None) -> None:
        super().__init__(sentence, at)
        self.wanted, self.field = wanted, field


@dataclass(frozen=True, slots=True)
class Token:
    """`text` as it is written, quotation marks and all, from character `at` (from 0) on."""

    kind: str
    text: str
    at: int

    @property
    def value(self) -> str:
        return re.sub(r"\\(.)", r"\1", self.text[1:-1], flags=re.DOTALL) if self.kind == "text" else self.text


def condition(field: str, operator: str, *values: str | float) -> Node:
    """A condition made by a program rather than written."""
    if operator == "!=":
        return Not(Condition(FIELDS[field], "=", values))
    return Condition(FIELDS[field], operator, values)


def read_query(text: str, now: Micros | None = None) -> Node:
    """The tree of a query; an empty one is true everywhere. `now`: from when a length of time counts. Raises BadQuery."""
    if len(text) > MOST:
        raise BadQuery(f"the query is longer than {MOST} characters", MOST)
    tokens = tokens_of(text)
    if not tokens:
        return Both()
    reader = Reader(tokens, len(text), clock.now() if now is None else now)
    found = reader.alternatives(0)
    if (left := reader.next) is not None:
        raise BadQuery(f"'{left.text}' does not belong here; join conditions with and, or", left.at)
    return found


def tokens_of(text: str) -> list[Token]:
    """Raises BadQuery at an open quotation mark or a character that no text can hold."""
    if bad := _UNREADABLE.search(text):
        raise BadQuery("this character cannot be searched for", bad.start())
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            if text[place] == "!":
                raise BadQuery("a ! stands before = or ~", place)
            raise BadQuery("a text begins here and does not end; close its quotation mark", place)
        kind = str(match.lastgroup)
        found.append(Token(kind, match.group(kind), match.start(kind)))
        at = match.end()
    return found


class Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: Sequence[Token], end: int, now: Micros) -> None:
        self._tokens, self._place, self._end, self._now = tokens, 0, end, now

    @property
    def next(self) -> Token | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def alternatives(self, depth: int) -> Node:
        parts = [self._together(depth)]
        while self._takes("or"):
            parts.append(self._together(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _together(self, depth: int) -> Node:
        parts = [self._condition(depth)]
        while self._takes("and"):
            parts.append(self._condition(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _condition(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise BadQuery(f"more than {DEEPEST} brackets stand inside each other", self.next.at if self.next else None)
        if self._takes("not"):
            return Not(self._condition(depth + 1))
        token = self._take("field")
        if token.kind == "open":
            inside = self.alternatives(depth + 1)
            closing = self._take("closing bracket")
            if closing.kind != "close":
                raise BadQuery(f"a closing bracket is missing before '{closing.text}'", closing.at)
            return inside
        return self._comparison(self._field(token))

    def _field(self, token: Token) -> Field:
        name = token.text
        if name.lower() == METADATA and self.next and self.next.kind == "text" and self.next.at == token.at + len(name):
            name += self._take("value").value
        field = field_named(name) if token.kind == "word" else None
        if field is None:
            meant = nearest(name)
            guess = f"did you mean '{meant}'? " if meant else ""
            raise BadQuery(f"'{name}' is no field; {guess}there are {', '.join(FIELDS)} and metadata.KEY", token.at)
        return field

    def _comparison(self, field: Field) -> Node:
        token = self._take("operator", field)
        word = token.text.lower() if token.kind == "word" else ""
        if word == "not" and self._takes("in"):
            return Not(self._one_of(field, token))
        if word == "in":
            return self._one_of(field, token)
        if word == "is":
            return self._empty(field, token)
        if token.kind != "operator":
            raise BadQuery(f"after '{field.name}' comes one of {' '.join(field.operators)}", token.at)
        operator = {"==": "=", "!~": "~", "!=": "="}.get(token.text, token.text)
        if operator not in field.operators:
            what = {"number": "numbers", "time": "times", "detection": "detections"}.get(field.kind, "texts")
            raise BadQuery(f"{what} are compared with {' '.join(field.operators)}, not with {operator}", token.at)
        value = self._value(field, operator)
        none = value.kind == "word" and value.text.lower() == "none" and operator == "=" and "is" in field.operators
        made: Node = (
            Condition(field, "empty") if none else Condition(field, operator, (self._typed(field, operator, value),))
        )
        return Not(made) if token.text.startswith("!") else made

    def _one_of(self, field: Field, at: Token) -> Node:
        if "in" not in field.operators:
            raise BadQuery(f"after '{field.name}' comes one of {' '.join(field.operators)}", at.at)
        opening = self._take("opening bracket")
        if opening.kind != "open":
            raise BadQuery("after in comes a list in brackets: in (a, b)", opening.at)
        values = [self._typed(field, "=", self._value(field, opening.text))]
        while (token := self._take("comma")).kind == "comma":
            values.append(self._typed(field, "=", self._value(field, token.text)))
        if token.kind != "close":
            raise BadQuery(f"a comma or the closing bracket of the list is missing before '{token.text}'", token.at)
        return Condition(field, "in", tuple(values))

    def _empty(self, field: Field, at: Token) -> Node:
        if "is" not in field.operators:
            raise BadQuery(f"after '{field.name}' comes one of {' '.join(field.operators)}", at.at)
        no = self._takes("not")
        token = self._take("empty")
        if token.kind != "word" or token.text.lower() not in ("empty", "none", "null"):
            raise BadQuery("after is comes empty, or not empty", token.at)
        return Not(Condition(field, "empty")) if no else Condition(field, "empty")

    def _value(self, field: Field, operator: str) -> Token:
        """One token, or for times the several of `2 days ago`."""
        token = self._take("value", field)
        if token.kind not in ("text", "word"):
            raise BadQuery(f"after '{operator}' comes a value", token.at)
        if field.kind == "time" and token.kind == "word":
            while (more := self.next) and more.kind == "word" and more.text.lower() not in _JOINS:
                self._place += 1
                token = Token("word", f"{token.text} {more.text}", token.at)
        return token

    def _typed(self, field: Field, operator: str, token: Token) -> str | float:
        try:
            if field.kind == "time":
                return instant(token.value, self._now)
            if field.kind == "detection":
                query_detections.read(token.value)
            if field.kind == "number" or operator in ("<", "<=", ">", ">="):
                return number(token.value)
        except ValueError as error:
            raise BadQuery(f"'{token.text}' is not what {field.name} holds: {error}", token.at) from None
        return token.value

    def _takes(self, word: str) -> bool:
        token = self.next
        if token is not None and token.kind == "word" and token.text.lower() == word:
            self._place += 1
            return True
        return False

    def _take(self, wanted: str, field: Field | None = None) -> Token:
        token = self.next
        if token is None:
            article = "an" if wanted[0] in "aeio" else "a"
            what = "'empty'" if wanted == "empty" else f"{article} {wanted}"
            raise Ended(f"the query ends where {what} is expected", self._end, wanted, field)
        self._place += 1
        return token
