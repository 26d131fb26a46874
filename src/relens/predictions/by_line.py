"""Asks a line for its own words, where those that would fit are too many to look up: a serial number in the metadata, or a tag each image has alone.

What the line says is written as filing wrote it (`filing.as_word`) and found among the words by its text, one look into an index per line.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Double,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.sql.elements import ColumnElement

from relens.predictions.query_fields import METADATA
from relens.predictions.tables import prediction, term


def can_tell(kind: str) -> bool:
    """Whether a line itself says which words of this kind it is filed under."""
    return kind == "tag" or kind.startswith(METADATA)


def has(words: Any, kind: str, dialect: str) -> ColumnElement[bool]:
    """True of a line of `prediction` that is filed under one of `words` (a select from `term`)."""
    own = _tags(dialect) if kind == "tag" else _values(kind.removeprefix(METADATA), dialect)
    return exists(words.where(term.c.value.in_(own.correlate(prediction))).correlate(prediction))


def _tags(dialect: str) -> Select[Any]:
    if dialect == "postgresql":
        return select(func.json_array_elements_text(prediction.c.tags).column_valued("own"))
    return select(func.json_each(prediction.c.tags).table_valued("value", name="own").c.value)


def _values(key: str, dialect: str) -> Select[Any]:
    if dialect == "postgresql":
        return _values_of_postgresql(key)
    own = func.json_each(prediction.c.metadata).table_valued("key", "value", "type", "fullkey", name="own").c
    # Two paths at once give a list with both as they are written, which is the one way to a number of more digits than SQLite counts with.
    twice: Any = func.json_extract(prediction.c.metadata, own.fullkey, own.fullkey, type_=Text())
    written = case(
        (own.type.in_(("true", "false")), own.type),
        (own.type == "integer", func.substr(twice, 2, (func.length(twice) - 3) / literal_column("2"))),
        (own.type == "real", func.printf("%.15g", own.value)),
        (own.type == "text", own.value),
    )
    return select(written).where(own.key == key)


def _values_of_postgresql(key: str) -> Select[Any]:
    value: Any = prediction.c.metadata.op("->", return_type=JSON())(literal(key, Text))
    text: Any = prediction.c.metadata.op("->>", return_type=Text())(literal(key, Text))
    number: Any = cast(cast(text, Double), Numeric)  # rounds to fifteen digits
    size = func.abs(number)
    plain = (size == 0) | and_(size >= literal_column("0.0001"), size < literal_column("1e15"))
    with_power = func.regexp_replace(func.ltrim(func.to_char(number, "9.99999999999999EEEE")), r"\.?0*e", "e")
    rounded = case((text.regexp_match("^-?[0-9]+$"), text), (plain, cast(number, Text)), else_=with_power)
    kind = func.json_typeof(value)
    return select(case((kind.in_(("string", "boolean")), text), (kind == "number", rounded)))
