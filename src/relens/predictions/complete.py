"""What could be written next in a query: fields, operators, and values that this deployment's log really has."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from relens.kit import clock
from relens.predictions.browse import version_titles
from relens.predictions.query import BadQuery, Ended, Reader, Token, tokens_of
from relens.predictions.query_fields import FIELDS, METADATA, Field
from relens.predictions.tables import term

MOST = 20
_WORDS_OF = {
    "label": "label", "tag": "tag", "source": "source", "error": "error", "truth": "truth", "taken_for": "taken_for"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`text` takes the place of the characters from `start` to `end` (from 0, end exclusive)."""

    text: str
    kind: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """Suggestions for one place of a query, the likeliest first."""

    start: int
    end: int
    suggestions: tuple[Suggestion, ...]


def complete(connection: Connection, deployment: str, query: str, at: int) -> Completion:
    """`at`: where the cursor stands, in characters from 0. Nothing is suggested after what cannot be read."""
    before = query[: max(0, min(at, len(query)))]
    try:
        tokens, typed = _split(before)
    except BadQuery:
        return Completion(len(before), len(before), ())
    start = typed.at if typed else len(before)
    written = typed.value if typed else ""
    found = [
        one
        for one in _fitting(connection, deployment, tokens, written)
        if one.text.lower() != written.lower() or not written
    ]
    return Completion(start, len(before), tuple(found[:MOST]))


def _split(before: str) -> tuple[list[Token], Token | None]:
    """The whole tokens, and the one that is being written: a word at the very end, or a text that is still open."""
    for quote in ('"', "'"):
        try:
            tokens = tokens_of(before)
            break
        except BadQuery:
            try:
                tokens = tokens_of(before + quote)
                return tokens[:-1], tokens[-1]
            except BadQuery:
                continue
    else:
        raise BadQuery("it cannot be read", 0)
    last = tokens[-1] if tokens else None
    if last is not None and last.kind == "word" and last.at + len(last.text) == len(before):
        return tokens[:-1], last
    return tokens, None


def _fitting(connection: Connection, deployment: str, tokens: list[Token], written: str) -> list[Suggestion]:
    reader = Reader(tokens, 0, clock.now())
    try:
        reader.alternatives(0)
    except Ended as ended:
        return _wanted(connection, deployment, ended, written)
    except BadQuery:
        return []
    if reader.next is not None:
        return []
    return _starting([Suggestion(word, "join") for word in ("and", "or")], written)


def _wanted(connection: Connection, deployment: str, ended: Ended, written: str) -> list[Suggestion]:
    if ended.wanted == "field":
        named = [Suggestion(field.name, "field", field.says) for field in FIELDS.values()]
        known = {name: one.name for one in FIELDS.values() for name in one.other_names if written}
        other = [Suggestion(name, "field", f"the same as {real}") for name, real in known.items()]
        joins = [Suggestion("not", "join")]
        return _starting([*named, *_keys(connection, deployment, written), *joins, *other], written)
    if ended.wanted == "operator" and ended.field is not None:
        return _starting(_operators(ended.field), written)
    if ended.wanted == "value" and ended.field is not None:
        return _values(connection, deployment, ended.field, written)
    fixed = {"empty": ["empty", "not empty"], "opening bracket": ["("], "closing bracket": [")"], "comma": [",", ")"]}
    return _starting([Suggestion(text, "word") for text in fixed.get(ended.wanted, [])], written)


def _operators(field: Field) -> list[Suggestion]:
    named = {"in": "in", "is": "is empty"}
    says = {"~": "* is anything, ? is one character", "in": "one of a list", "is": "it has none"}
    return [Suggestion(named.get(one, one), "operator", says.get(one, "")) for one in field.operators]


def _keys(connection: Connection, deployment: str, written: str) -> list[Suggestion]:
    kinds = select(term.c.kind).where(
        term.c.deployment == deployment, term.c.kind > METADATA, term.c.kind < METADATA + "\U0010ffff"
    )
    found = connection.execute(kinds.distinct().order_by(term.c.kind).limit(100)).scalars()
    return [Suggestion(_key(kind), "field", "metadata") for kind in found if kind.lower().startswith(written.lower())]


def _key(kind: str) -> str:
    key = kind.removeprefix(METADATA)
    return kind if _plain(key) else METADATA + quoted(key)


def _values(connection: Connection, deployment: str, field: Field, written: str) -> list[Suggestion]:
    if field.values:
        return _starting([Suggestion(value, "value") for value in field.values], written)
    if field.kind == "time":
        return _starting(
            [Suggestion(text, "value") for text in ("1 hour ago", "1 day ago", "7 days ago", "30 days ago")], written
        )
    if field.name == "version":
        titles = sorted(version_titles(connection, deployment).values(), reverse=True)
        return [Suggestion(quoted(title), "value") for title in titles if title.lower().startswith(written.lower())]
    kind = field.name if field.name.startswith(METADATA) else _WORDS_OF.get(field.name)
    if kind is None:
        return []
    words = select(term.c.value).where(term.c.deployment == deployment, term.c.kind == kind)
    words = words.where(term.c.value.istartswith(written, autoescape=True)) if written else words
    found = connection.execute(words.order_by(term.c.value).limit(MOST)).scalars()
    none = [Suggestion("none", "value", "nothing was detected")] if field.name == "label" else []
    return [*(Suggestion(quoted(value), "value") for value in found), *_starting(none, written)]


def _starting(suggestions: list[Suggestion], written: str) -> list[Suggestion]:
    return [one for one in suggestions if one.text.lower().startswith(written.lower())]


def quoted(value: str) -> str:
    """A value as it is written in a query."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(key: str) -> bool:
    return bool(key) and not any(c.isspace() or c in "()<>=!~\"'," for c in key)
