"""The query language finds what it says, refuses with a place, and never reaches the database as text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select
from sqlalchemy.dialects import sqlite

from relens.infra.database import Database
from relens.kit import clock
from relens.kit.ids import content_id
from relens.predictions import browse, store
from relens.predictions.browse import Filter
from relens.predictions.logged import Entry
from relens.predictions.query import FIELDS, BadQuery, compile_query
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

BOX = Box(0, 0, 5, 5)


@pytest.fixture
def log(database: Database) -> Database:
    """Three predictions: a sure scratch on line-1, an unsure dent on line-2, nothing on lab_1."""

    def write(connection: Connection) -> None:
        for name, source, tags, found in (
            ("a", "line-1", ("day",), (Detection("scratch", 0.9, BOX),)),
            ("b", "line-2", ("day", "50% off"), (Detection("dent", 0.4, BOX), Detection("scratch", 0.1, BOX))),
            ("c", "lab_1", (), ()),
        ):
            store.append(
                connection,
                Entry(
                    "d",
                    content_id(name.encode()),
                    10,
                    10,
                    "v",
                    "champion",
                    found,
                    0.3,
                    5.0,
                    clock.now(),
                    name,
                    source,
                    tags,
                ),
            )

    database.write(write)
    return database


def found(database: Database, query: str) -> set[str | None]:
    with database.read() as connection:
        lines, _ = browse.page(connection, "d", Filter(query=query), "-taken_at", 50, None)
    return {line.client_id for line in lines}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('label = "scratch"', {"a"}),
        ("label != scratch", {"b", "c"}),
        ("label ~ '*ent'", {"b"}),
        ("confidence < 0.5 and source ~ line-*", {"b"}),
        ('source ~ "lab_?"', {"c"}),
        ('source ~ "lin_-1"', set()),
        ("source = line-1 or source = lab_1", {"a", "c"}),
        ("source = line-1 or source = line-2 and confidence < 0.1", {"a"}),
        ("(source = line-1 or source = line-2) and confidence < 0.5", {"b"}),
        ("not source ~ line-*", {"c"}),
        ('tag = "50% off"', {"b"}),
        ("tag != day", {"c"}),
        ("review = pending and taken_at > 2020-01-01T00:00:00Z", {"a", "b", "c"}),
        ("outlier > 0.5", set()),
        ("", {"a", "b", "c"}),
    ],
)
def test_a_query_finds_what_it_says(log: Database, query: str, expected: set[str]) -> None:
    assert found(log, query) == expected


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("lable = x", "at character 1: 'lable' is no field"),
        ("label scratch", "at character 7: after 'label' comes one of"),
        ("label =", "at character 8: the query ends where a value is expected"),
        ("confidence ~ 0.5", "numbers are compared"),
        ("confidence > high", "at character 14: 'high'"),
        ("confidence > nan", "not finite"),
        ('label = "open', "at character 9: a text begins here and does not end"),
        ("(label = x", "a closing bracket is expected"),
        ("label = x label = y", "at character 11: 'label' does not belong here"),
        ("taken_at > yesterday", "is not a time"),
    ],
)
def test_a_wrong_query_is_refused_with_the_place(query: str, said: str) -> None:
    with pytest.raises(BadQuery) as refused:
        compile_query(query)
    assert said in str(refused.value)


@settings(max_examples=300)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from([*FIELDS, "=", "~", "<", "(", ")", "and", "or", "not", "x", '"a b"', "0.5"]), max_size=14
    ).map(" ".join)
)
def test_whatever_is_written_is_either_refused_or_compiled_with_parameters(query: str) -> None:
    try:
        compiled = compile_query(query)
    except BadQuery:
        return
    sql = str(select(store.prediction.c.id).where(compiled).compile(dialect=sqlite.dialect()))
    assert "a b" not in sql
    assert "0.5" not in sql
