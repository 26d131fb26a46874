"""Makes SQL of a query's tree; what a person wrote reaches the database as parameters only.

Every piece is true or false, never NULL: what a line has not is like nothing. First `resolve` looks up the words and versions that are asked for
(a handful of numbers then stands for each), then `compiled` needs no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from relens.predictions import by_line
from relens.predictions.filing import Word, find_words
from relens.predictions.lacking import has, lacks, may_lack
from relens.predictions.pattern import after, as_glob, as_like, beginning, matches
from relens.predictions.query_detections import some_detection
from relens.predictions.query_fields import FIELDS, METADATA, number
from relens.predictions.query_looks import is_look, some_look
from relens.predictions.query_tree import Both, Condition, Either, Filed, Node, Not
from relens.predictions.tables import posting, prediction, signal, term

MOST_WORDS = 1000
"""A pattern that fits more words than this is looked up again for every line."""
MOST_READ = 5_000
"""So many words are looked through for those that fit. Where a field has more, a line is asked for its own words instead (`by_line.py`)."""

Titles = Mapping[str, str]
"""Model version ids with their titles."""


def resolve(connection: Connection, deployment: str, node: Node, titles: Titles) -> Node:
    """The tree with numbers for words, and ids for names of versions."""
    if isinstance(node, Both | Either):
        return type(node)(tuple(resolve(connection, deployment, part, titles) for part in node.parts))
    if isinstance(node, Not):
        return Not(resolve(connection, deployment, node.part, titles))
    if isinstance(node, Condition) and node.field.name == "version" and node.operator != "empty":
        named = Condition(node.field, "in", tuple(sorted(_versions(node, titles))))
        # A pattern may also fit the id of a version that has no title here.
        return Either((named, node)) if node.operator == "~" else named
    if isinstance(node, Condition) and node.field.kind == "words":
        if node.field.name == "label" and node.operator == "empty":
            return Condition(FIELDS["count"], "=", (0.0,))
        return _filed(connection, deployment, node)
    return node


def _versions(node: Condition, titles: Titles) -> set[str]:
    """A version is named by its id, its title ("bolts v3"), "bolts/3", or its model: all of its versions."""
    found = set()
    for version, title in titles.items():
        names = {version, title, title.replace(" v", "/"), title.rsplit(" v", 1)[0]}
        if any(
            matches(name, str(value)) if node.operator == "~" else name == value
            for name in names
            for value in node.values
        ):
            found.add(version)
    return found | ({str(value) for value in node.values} if node.operator != "~" else set())


def kind_of(node: Condition) -> str:
    """Under which kind of word the field is filed."""
    return node.field.name if node.field.name.startswith(METADATA) else node.field.column


def words_of(node: Condition) -> set[Word]:
    """The words of a condition with = or in; a number in metadata is written in one way."""
    kind, found = kind_of(node), set()
    for value in node.values:
        found.add((kind, str(value)))
        if kind.startswith(METADATA):
            try:
                found.add((kind, f"{number(str(value)):.15g}"))
            except ValueError:
                continue
    return found


def _filed(connection: Connection, deployment: str, node: Condition) -> Node:
    if node.operator in ("=", "in"):
        return Filed(tuple(sorted(find_words(connection, deployment, words_of(node)).values())))
    kind, dialect = kind_of(node), connection.dialect.name
    fits: ColumnElement[bool] = true()
    if node.operator == "~":
        fits = like(dialect, term.c.value, str(node.values[0]))
    elif node.operator != "empty":
        fits = and_(term.c.number.is_not(None), term.c.number.op(node.operator)(literal(node.values[0], Float)))
    here = [term.c.deployment == deployment, term.c.kind == kind]
    if dialect == "sqlite" and node.operator == "~":  # elsewhere texts may not lie in the order of their characters
        here += _beginning(str(node.values[0]))
    words = select(term.c.id).where(*here, fits)
    found = Filed(words, kind)
    beyond = select(term.c.value).where(*here).order_by(term.c.value).limit(1).offset(MOST_READ)
    if not found.by_line or connection.execute(beyond).first() is None:
        ids = tuple(connection.execute(words.order_by(term.c.id).limit(MOST_WORDS + 1)).scalars())
        found = Filed(ids) if len(ids) <= MOST_WORDS else found
    return Not(found) if node.operator == "empty" else found


def _beginning(pattern: str) -> list[ColumnElement[bool]]:
    """The stretch of the words' index in which what fits must lie."""
    begins = beginning(pattern)
    behind = after(begins)
    return [*([term.c.value >= begins] if begins else []), *([term.c.value < behind] if behind is not None else [])]


def like(dialect: str, column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return column.like(as_like(pattern), escape="\\")
    return column.op("GLOB", is_comparison=True)(as_glob(pattern))


def compiled(node: Node, dialect: str, row: Any = signal.c) -> ColumnElement[bool]:
    """`row`: the columns of `signal` by name, of the table or as `aside` gives them. Where `needs_fact`, `prediction` must be joined."""
    if isinstance(node, Both):
        return and_(true(), *(compiled(part, dialect, row) for part in node.parts))
    if isinstance(node, Either):
        return or_(false(), *(compiled(part, dialect, row) for part in node.parts))
    if isinstance(node, Not):
        return not_(compiled(node.part, dialect, row))
    if isinstance(node, Filed):
        return _filed_under(node, dialect, row)
    return _plain(node, dialect, row)


def _filed_under(node: Filed, dialect: str, row: Any) -> ColumnElement[bool]:
    if node.ids == ():
        return false()
    if node.by_line:
        return by_line.has(node.words, node.kind, dialect)
    its = posting.alias()  # one may be walking along `posting` itself
    under = its.c.term.in_(node.words)
    return exists().where(under, its.c.taken_at == row["taken_at"], its.c.log_seq == row["log_seq"])


def _plain(node: Condition, dialect: str, row: Any) -> ColumnElement[bool]:
    if node.field.kind == "detection":
        return or_(false(), *(some_detection(str(value), dialect) for value in node.values))
    if is_look(node.field.name):
        return some_look(node.field.name, node.operator, node.values, row, dialect)
    name = node.field.column
    if name in _WORKED_OUT:
        return _where_known(node, name, _WORKED_OUT[name], dialect)
    column: ColumnElement[Any] = row[name] if name in signal.c else prediction.c[name]
    return (_where_known if may_lack(name) else _compared)(node, name, column, dialect)


def _where_known(node: Condition, name: str, column: ColumnElement[Any], dialect: str) -> ColumnElement[bool]:
    """Never neither true nor false, which `not` would leave as it is."""
    found = _compared(node, name, column, dialect)
    return found if node.operator == "empty" else and_(has(name, column), found)


def _compared(node: Condition, name: str, column: ColumnElement[Any], dialect: str) -> ColumnElement[bool]:
    if node.operator == "empty":
        return lacks(name, column)
    if node.operator == "~":
        return like(dialect, column, str(node.values[0]))
    if node.operator == "in":
        return column.in_([_value(node, value) for value in node.values])
    return column.op(node.operator, is_comparison=True)(_value(node, node.values[0]))


_WORKED_OUT: dict[str, ColumnElement[Any]] = {
    "area": cast(prediction.c.width, Float) * cast(prediction.c.height, Float),
    "aspect": cast(prediction.c.width, Float) / func.nullif(cast(prediction.c.height, Float), 0.0),
}
"""Numbers of the image that are no column; an image that nobody could open has no size, and so no proportions."""


def _value(node: Condition, value: str | float) -> Any:
    """A width is a whole number, what it is compared with need not be."""
    return literal(value, Float) if node.field.kind == "number" else value


def aside(dialect: str) -> Any:
    """The columns of `signal`, on SQLite with a plus sign before them: it then never leaves the order one walks along for another index."""
    return _ASIDE if dialect == "sqlite" else signal.c


_ASIDE = {one.name: UnaryExpression(one, operator=custom_op("+"), type_=one.type) for one in signal.c}


def needs_fact(node: Node) -> bool:
    """Whether some condition is on a column that only `prediction` has."""
    if isinstance(node, Both | Either):
        return any(map(needs_fact, node.parts))
    if isinstance(node, Not):
        return needs_fact(node.part)
    if isinstance(node, Filed):
        return node.by_line
    return isinstance(node, Condition) and node.field.column not in signal.c and not is_look(node.field.name)
