"""What could be written next in a query: fields, operators, and values that this deployment's log really has."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from relens.kit import clock
from relens.predictions.browse import version_titles
from relens.predictions.pattern import after
from relens.predictions.query import BadQuery, Ended, Reader, Token, tokens_of
from relens.predictions.query_fields import FIELDS, METADATA, Field
from relens.predictions.query_sql import MOST_READ
from relens.predictions.tables import term

MOST = 20
MOST_KEYS = 100
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
    kinds = [kind for kind in _kinds(connection, deployment) if kind.lower().startswith(written.lower())]
    return [Suggestion(_key(kind), "field", "metadata") for kind in kinds]


def _kinds(connection: Connection, deployment: str) -> list[str]:
    """The metadata keys there are, by one look into the index for each: one key may have millions of values."""
    here = [term.c.deployment == deployment, term.c.kind < after(METADATA)]
    first = select(func.min(term.c.kind).label("kind")).where(*here, term.c.kind > METADATA).cte(recursive=True)
    following = select(func.min(term.c.kind)).where(*here, term.c.kind > first.c.kind).scalar_subquery()
    every = first.union_all(select(following).where(first.c.kind.is_not(None)))
    found = connection.execute(select(every.c.kind).where(every.c.kind.is_not(None)).limit(MOST_KEYS))
    return list(found.scalars())


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
    found = _words(connection, deployment, kind, written)
    none = [Suggestion("none", "value", "nothing was detected")] if field.name == "label" else []
    return [*(Suggestion(quoted(value), "value") for value in found), *_starting(none, written)]


def _words(connection: Connection, deployment: str, kind: str, written: str) -> list[str]:
    """Of a kind, in order: of many words those that begin as it is written, or in capitals, and what fits of the first of them."""
    own = select(term.c.value).where(term.c.deployment == deployment, term.c.kind == kind).order_by(term.c.value)
    if not written:
        return list(connection.execute(own.limit(MOST)).scalars())
    found: set[str] = set()
    for begins in {written, written.lower(), written.upper(), written.capitalize()}:
        behind = after(begins)
        near = own.where(term.c.value >= begins, *([term.c.value < behind] if behind is not None else []))
        found.update(connection.execute(near.limit(MOST)).scalars())
    first = own.limit(MOST_READ).subquery()
    fits = select(first.c.value).where(first.c.value.istartswith(written, autoescape=True)).order_by(first.c.value)
    found.update(connection.execute(fits.limit(MOST)).scalars())
    return sorted(one for one in found if one.lower().startswith(written.lower()))[:MOST]


def _starting(suggestions: list[Suggestion], written: str) -> list[Suggestion]:
    return [one for one in suggestions if one.text.lower().startswith(written.lower())]


def quoted(value: str) -> str:
    """A value as it is written in a query."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(key: str) -> bool:
    return bool(key) and not any(c.isspace() or c in "()<>=!~\"'," for c in key)
