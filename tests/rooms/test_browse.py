"""What a search finds is what a slow look at every line finds, in the same order, whatever way the planner takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from relens.infra.database import Database
from relens.infra.web import BadCursor
from relens.predictions import anchor, browse, query_sql, store, walk, way
from relens.predictions.browse import BadFilter, Filter
from relens.predictions.logged import Logged
from relens.predictions.query import BadQuery, read_query
from relens.predictions.query_fields import FIELDS
from relens.predictions.tables import signal
from tests.rooms.searched_log import (
    SORTS,
    all_pages,
    entries,
    expected,
    opened,
)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, list[Logged]]]:
    yield from opened(request.param, tmp_path_factory.mktemp("log"))


_texts = st.sampled_from(
    [
        "scratch",
        "dent",
        "Dust [1]",
        "%",
        "none",
        "line-1",
        "lab_1",
        "night",
        "true",
        "day",
        "50% off",
        "3",
        "v1",
        "a'b\"c\\",
        "ü*",
    ]
)


_patterns = st.sampled_from(
    [
        "*",
        "1e+20",
        "1.5e-0?",
        "0.3",
        "1000*",
        "3",
        "*t*",
        "line-?",
        "lab_?",
        "Dust [1]",
        "[a-z]*",
        "%",
        "?%",
        "N*",
        "50% *",
        "",
    ]
)


_numbers = st.sampled_from(["0", "0.5", "-1", "2.5", "1e3", "12", "480", ".3"])


_likes = st.builds(
    "{} {}".format,
    st.builds("cell {},{}".format, st.sampled_from([0, 1, 15, 31]), st.sampled_from([0, 2, 3, 31])) | st.sampled_from(["confidence 0.2 to 0.6", "confidence 0 to 1", "confidence 0.58 to 0.6"]),
    st.sampled_from(["", "of scratch", "of dent", "of \"x\""]),
)  # fmt: skip


_times = st.sampled_from(
    ["2025-10-09T09:00:00Z", "2025-10-09", "'2025-10-09T11:00:00+02:00'", "2 days ago", "-3h", "now"]
)


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def conditions(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from([*FIELDS, "metadata.n", "metadata.shift", 'metadata."no such"', "Camera", "STATE"]))
    field = FIELDS.get(name) or FIELDS["source" if name in ("Camera", "STATE") else "label"]
    kinds = ["words"] if field.kind in ("text", "words") else [field.kind]
    if name.startswith("metadata"):
        kinds = ["words", "number"]
    kind = draw(st.sampled_from(kinds))
    if kind == "detection":
        return f"{name} {draw(st.sampled_from(['=', '!=']))} {quoted(draw(_likes))}"
    if kind != "time" and draw(st.integers(0, 5)) == 0:
        return f"{name} is {draw(st.sampled_from(['', 'not ']))}empty"
    if kind == "time":
        return f"{name} {draw(st.sampled_from(['<', '<=', '>', '>=', '=', '!=']))} {draw(_times)}"
    if kind == "number":
        return f"{name} {draw(st.sampled_from(['<', '<=', '>', '>='] + ([] if 'meta' in name else ['=', '!='])))} {draw(_numbers)}"
    how = draw(st.sampled_from(["=", "!=", "~", "!~", "in", "not in"]))
    if how.endswith("in"):
        return f"{name} {how} ({', '.join(map(quoted, draw(st.lists(_texts, min_size=1, max_size=3))))})"
    return f"{name} {how} {quoted(draw(_patterns if how.endswith('~') else _texts))}"


_queries = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or", "AND"]), inner).map(" ".join),
        inner.map(lambda q: f"not ({q})"),
        inner.map(lambda q: f"({q})"),
    ),
    max_leaves=4,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    query=_queries,
    sort=st.sampled_from(SORTS),
    most=st.sampled_from([0, 5, 20_000]),
    narrow=st.sampled_from([0, 1_000_000]),
    words=st.sampled_from([0, 3, 5_000]),
)
def test_a_search_finds_what_a_look_at_every_line_finds(
    site: tuple[Database, list[Logged]], query: str, sort: str, most: int, narrow: int, words: int
) -> None:
    """Whatever way the planner takes.

    `most`: how many lines are few; 0 makes it walk, a high number makes it fetch and sort, or with `narrow` walk along the order and look at the
    few only. `words`: beyond so many a line is asked for its own.
    """
    database, lines = site
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anchor, "MOST", most)
        patch.setattr(anchor, "_FEW", 2)
        patch.setattr(way, "NARROW", narrow)
        patch.setattr(query_sql, "MOST_READ", words)
        patch.setattr(query_sql, "MOST_WORDS", min(words, 1_000))
        patch.setattr(walk, "FIRST_PIECE", 16)
        assert all_pages(database, Filter(query=query), sort) == expected(lines, query, sort), query


_WORDS = ("3", "2.5", "40", "-1", "false", "1e+20", "0.3", "1.5e-07", "1" + "0" * 25)


@pytest.mark.parametrize(
    "query", [f'metadata.n ~ "{word}"' for word in _WORDS] + ["metadata.n < 3", "metadata.n is empty", "tag ~ '50*'"]
)
def test_a_line_asked_for_its_own_words_says_them_as_they_are_filed(
    site: tuple[Database, list[Logged]], query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, lines = site
    monkeypatch.setattr(query_sql, "MOST_READ", 0)
    with database.read() as connection:
        resolved = browse.resolved(connection, "d", Filter(query=query).tree())
        assert query_sql.needs_fact(resolved), "it is the line that is asked"
    found = all_pages(database, Filter(query=query), "-taken_at", 100)
    assert found
    assert found == expected(lines, query, "-taken_at")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.text(max_size=60)
    | st.lists(
        st.sampled_from([*FIELDS, "metadata.x", "=", "!~", "~", "<", "(", ")", ",", "in", "is", "empty", "and", "or", "not", "x", '"a b"', "0.5", "none", "2", "days", "ago", "\\", "'", '"', "\x00", "\ud800", "1e999", "9" * 30]),
        max_size=14,
    ).map(" ".join)
)  # fmt: skip
def test_whatever_is_written_is_refused_with_a_place_or_runs(site: tuple[Database, list[Logged]], query: str) -> None:
    database, lines = site
    try:
        read_query(query)
    except BadQuery as refused:
        position = refused.facts["position"]
        assert isinstance(position, int)
        assert 1 <= position <= len(query) + 1
        return
    assert sorted(all_pages(database, Filter(query=query), "-taken_at", 100)) == sorted(
        expected(lines, query, "taken_at")
    )


def test_a_count_is_exact_up_to_a_bound_and_says_so_beyond(
    site: tuple[Database, list[Logged]], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, lines = site
    for query in ("", "label = dent", "confidence > 0.5", "width = 640", "role = shadow"):
        for few in (0, 20_000):
            monkeypatch.setattr(anchor, "MOST", few)
            with database.read() as connection:
                counted = browse.count(connection, "d", Filter(query=query))
                assert counted == browse.Counted(len(expected(lines, query, "taken_at")), False), query
    monkeypatch.setattr(browse, "COUNTED", 10)
    with database.read() as connection:
        assert browse.count(connection, "d", Filter(query="width = 640")) == browse.Counted(10, True)


def test_words_that_lie_in_one_stretch_of_time_are_counted_there(
    site: tuple[Database, list[Logged]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many lines under each, few under both: those are read and sorted, and no order of the whole log is walked along."""
    database, lines = site
    query = 'tag = "first hour" and label = scratch'
    both = expected(lines, f"{query} and role in (champion, canary, shadow)", "taken_at")
    monkeypatch.setattr(anchor, "MOST", 50)
    monkeypatch.setattr(anchor, "_FEW", 2)
    with database.read() as connection:
        node = browse.resolved(connection, "d", read_query(query))
        found = anchor.anchor(connection, "d", node, anchor.window_of(node))
        spread = browse.resolved(connection, "d", read_query("tag = day and label = scratch"))
        found_in_day = anchor.anchor(connection, "d", spread, anchor.Window())
    assert 0 < len(both) <= 50
    assert found is not None
    assert found.few
    assert found_in_day is not None
    assert not found_in_day.few


def test_a_cursor_of_another_order_and_an_unknown_order_are_refused(site: tuple[Database, list[Logged]]) -> None:
    database, _ = site
    with database.read() as connection:
        cursor = browse.look(connection, "d", Filter(), "-outlier", 5).next
        for sort in ("-taken_at", "random"):
            with pytest.raises(BadCursor):
                browse.look(connection, "d", Filter(), sort, 5, cursor)
        for bad in ("size", "random:x", "random:-1"):
            with pytest.raises(BadFilter):
                browse.look(connection, "d", Filter(), bad, 5)


def test_a_changed_signal_changes_what_is_found(database: Database) -> None:
    line = database.write(lambda c: store.append(c, entries()[1]))[0]
    database.write(lambda c: c.execute(update(signal).values(outlier=0.99)))
    with database.read() as connection:
        assert [
            one.id for one in browse.page(connection, "d", Filter(query="outlier > 0.9"), "-outlier", 5, None)[0]
        ] == [line.id]
        assert connection.execute(select(signal.c.outlier)).scalar_one() == 0.99
