"""What a search finds is what a slow look at every line finds, in the same order, whatever way the planner takes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text, update

from relens.infra.database import Database
from relens.infra.web import BadCursor
from relens.kit.clock import HOUR
from relens.kit.ids import content_id
from relens.metrics import heatmap
from relens.metrics.kinds.confidence import BINS
from relens.metrics.kinds.image_statistics import STATISTICS
from relens.predictions import anchor, browse, query_sql, signal_rows, store, walk, way
from relens.predictions.browse import BadFilter, Filter
from relens.predictions.file_along import Filing
from relens.predictions.filing import as_word
from relens.predictions.logged import REVIEW_STATES, Entry, Logged
from relens.predictions.query import BadQuery, read_query
from relens.predictions.query_fields import FIELDS
from relens.predictions.query_tree import Both, Condition, Either, Node, Not
from relens.predictions.shuffle import Shuffle
from relens.predictions.tables import signal
from relens.vision.prediction import Detection
from relens.vision.shapes import Box
from tests.conftest import _import_every_table
from tests.postgresql import fresh_database_url

START = 1_760_000_400_000_000
LINES = 300
BOXES = (Box(0, 0, 5, 5), Box(600, 20, 660, 70), Box(-9, 460, 49, 500))
LABELS = ("scratch", "dent", "Dust [1]", "%", "none")


def entries() -> list[Entry]:
    chance = random.Random(5)
    made = []
    for i in range(LINES):
        failed = chance.random() < 0.04
        said = [] if failed else [
            Detection(chance.choice(LABELS), round(chance.random(), 2), BOXES[chance.randrange(3)]) for _ in range(chance.randrange(4))
        ]  # fmt: skip
        metadata: dict[str, Any] = {}
        if chance.random() < 0.7:
            metadata["shift"] = chance.choice(["night", "day", True])
        if chance.random() < 0.5:
            metadata["n"] = chance.choice(
                [1, 2.5, "3", 40, -1, None, [1], 1e20, 0.1 + 0.2, 1.5e-07, 10**25, 3.0, False]
            )
        made.append(
            Entry(
                "d", content_id(f"{i}".encode()), chance.choice([640, 1280]) * (not failed), 480 * (not failed), chance.choice(["v1", "v2", None]),
                chance.choice(["champion"] * 6 + ["canary", "shadow"]), tuple(said), 0.3, chance.choice([5.0, 7.5, 12.0, 0.0]),
                START + i % 4 * HOUR, f"c{i}" if i % 3 else None,
                chance.choice(["line-1", "line-2", "lab_1", None]),
                (*chance.sample(["day", "50% off", "a_b"], chance.randrange(3)), *(["first hour"] if i % 4 == 0 else [])),
                metadata, error="Timeout" if failed else None, origin="external",
            )
        )  # fmt: skip
    return made


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, list[Logged]]]:
    """A log of 300 lines of one deployment, among those of another, with reviews and outlier scores; and the lines themselves."""
    _import_every_table()
    folder: Path = tmp_path_factory.mktemp("log")
    if request.param == "sqlite":
        yield from filled(Database(f"sqlite:///{folder / 'log.db'}"))
        return
    with fresh_database_url() as url:
        yield from filled(Database(url))


class Lines(list[Logged]):
    """Short where a failing example is printed."""

    def __repr__(self) -> str:
        return f"{len(self)} lines"


def filled(database: Database) -> Iterator[tuple[Database, list[Logged]]]:
    database.create_tables()
    chance = random.Random(6)
    own = entries()
    both = [one for pair in zip(own, [replace(one, deployment="other") for one in own], strict=True) for one in pair]
    lines = database.write(lambda connection: store.append_many(connection, both))
    while Filing(database).step():
        pass
    for line, _ in lines:
        if chance.random() < 0.3:
            database.write(lambda c, at=line.id: signal_rows.set_review(c, at, chance.choice(REVIEW_STATES)))  # type: ignore[misc]
    scores = {line.id: round(chance.random(), 1) for line, _ in lines if chance.random() < 0.6}
    database.write(lambda connection: signal_rows.set_outliers(connection, scores))
    with database.read() as connection:
        found = store.several(connection, [line.id for line, _ in lines if line.deployment == "d"])
    yield database, Lines(found)
    database.close()


# The independent check: what a query means, looked at line by line.


def true_of(node: Node, line: Logged) -> bool:
    if isinstance(node, Both):
        return all(true_of(part, line) for part in node.parts)
    if isinstance(node, Either):
        return any(true_of(part, line) for part in node.parts)
    if isinstance(node, Not):
        return not true_of(node.part, line)
    return leaf(node, values_of(node.field.name, line))


def values_of(name: str, line: Logged) -> list[Any]:
    """All that a line has of a field."""
    if name.startswith("metadata."):
        written = as_word(line.metadata.get(name.removeprefix("metadata.")))
        return [] if written is None else [written]
    plain: dict[str, Callable[[], Any]] = {
        "label": lambda: list({d.label for d in line.answered}),
        "tag": lambda: list(line.tags),
        "confidence": lambda: [max((d.confidence for d in line.detections), default=0.0)],
        "count": lambda: [len(line.answered)],
        "latency": lambda: [line.took_ms],
        "version": lambda: [line.model_version],
        "detection": lambda: [line],
        "area": lambda: [line.width * line.height],
        "aspect": lambda: [line.width / line.height if line.height else None],
    }
    if name not in plain and (FIELDS[name].kind == "words" or name in STATISTICS):
        return []  # other rooms file these beside a line, and beside none of these: test_marking and test_review look for them
    found = plain[name]() if name in plain else [getattr(line, name)]
    return [value for value in found if value is not None]


def leaf(node: Condition, has: list[Any]) -> bool:
    if node.operator == "empty":
        return not has
    if node.operator == "~":
        pattern = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in str(node.values[0]))
        return any(re.fullmatch(pattern, value, re.DOTALL) for value in has)
    if node.operator in ("=", "in"):
        return any(same(node, one, value) for one in has for value in node.values)
    wanted = float(node.values[0])
    numbers = [n for n in map(as_number, has) if n is not None]
    compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}[node.operator]
    return any(compare(n, wanted) for n in numbers)


def same(node: Condition, one: Any, value: Any) -> bool:
    if node.field.kind == "detection":
        return any(is_like(found, one, str(value)) for found in one.answered)
    if node.field.kind == "number" or node.field.kind == "time":
        return float(one) == float(value)
    if node.field.name.startswith("metadata.") and as_number(value) is not None and one == f"{as_number(value):.15g}":
        return True
    return bool(one == value)


def is_like(found: Detection, line: Logged, said: str) -> bool:
    """As the heatmap and the histogram of confidences count it."""
    said, _, label = said.partition(" of ")
    if label and found.label != label:
        return False
    if said.startswith("cell "):
        x1, y1, x2, y2 = found.shape.box().corners()  # type: ignore[union-attr]
        column, row = map(int, said.removeprefix("cell ").split(","))
        return bool(heatmap.cells([((x1 + x2) / 2 / line.width, (y1 + y2) / 2 / line.height)])[row * 32 + column])
    low, high = (round(float(one) * BINS) for one in said.removeprefix("confidence ").split(" to "))
    return low <= min(int(found.confidence * BINS), BINS - 1) < high


def as_number(value: Any) -> float | None:
    try:
        made = float(value)
    except ValueError:
        return None
    return made if np.isfinite(made) else None


def expected(lines: list[Logged], query: str, sort: str) -> list[int]:
    node = read_query(query)
    shown = [line for line in lines if true_of(node, line) and (line.role != "shadow" or "role" in query.lower())]
    name, down = sort.lstrip("-"), sort.startswith("-")
    read = {"taken_at": "taken_at", "logged_at": "log_seq", "latency": "took_ms", "outlier": "outlier"}
    key = (lambda o: values_of("confidence", o)[0]) if name == "confidence" else (lambda o: getattr(o, read[name]))
    sign = -1 if down else 1
    order = sorted(shown, key=lambda o: (key(o) is None, sign * (key(o) or 0), sign * o.log_seq))
    return [line.log_seq for line in order]


def all_pages(
    database: Database, wanted: Filter, sort: str, limit: int = 7, budget_s: float | None = None
) -> list[int]:
    found: list[int] = []
    cursor = None
    with database.read() as connection:
        for _ in range(2000):
            one = browse.look(connection, "d", wanted, sort, limit, cursor, budget_s)
            assert len(one.lines) == limit or one.partial or one.next is None
            found += [line.log_seq for line in one.lines]
            if (cursor := one.next) is None:
                return found
    raise AssertionError("the pages do not end")


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
_SORTS = ["-taken_at", "taken_at", "-outlier", "outlier", "confidence", "-latency", "latency", "-logged_at"]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    query=_queries,
    sort=st.sampled_from(_SORTS),
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


@pytest.mark.parametrize("sort", [*_SORTS, "random", "random:9"])
def test_pages_that_run_out_of_time_add_up_to_the_whole(
    site: tuple[Database, list[Logged]], sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, lines = site
    monkeypatch.setattr(anchor, "MOST", 0)
    monkeypatch.setattr("relens.predictions.draw.MOST", 0)
    monkeypatch.setattr("relens.predictions.draw._FIRST", 20)
    monkeypatch.setattr(walk, "FIRST_PIECE", 20)
    monkeypatch.setattr(walk, "LONGEST_PIECE", 20)
    wanted = Filter(query="width = 640 and count > 1")
    with database.read() as connection:
        first = browse.look(connection, "d", wanted, sort, 50, None, 0.0)
    assert first.partial
    assert first.rows == 20
    assert first.next is not None
    found = all_pages(database, wanted, sort, 50, 0.0)
    assert sorted(found) == sorted(expected(lines, wanted.query or "", "taken_at"))
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("few", [0, 20_000])
def test_a_random_order_is_the_same_for_the_same_seed_and_another_for_another(
    site: tuple[Database, list[Logged]], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, _ = site
    walked = all_pages(database, Filter(), "random:7")
    monkeypatch.setattr(anchor, "MOST", few)
    monkeypatch.setattr("relens.predictions.draw.MOST", few)
    assert all_pages(database, Filter(), "random:7") == walked
    other = all_pages(database, Filter(), "random:8")
    assert sorted(other) == sorted(walked)
    assert other != walked


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 5000), seed=st.integers(0, 2**31))
def test_a_shuffle_is_a_permutation_and_rank_its_inverse(n: int, seed: int) -> None:
    places = np.arange(n)
    shuffled = Shuffle(n, seed).at(places)
    assert sorted(shuffled.tolist()) == places.tolist()
    assert Shuffle(n, seed).rank(shuffled).tolist() == places.tolist()


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


def test_no_walk_sorts_the_log(site: tuple[Database, list[Logged]]) -> None:
    """Each piece is a stretch of an index: SQLite needs no sorting of its own for it."""
    database, _ = site
    if database.engine.dialect.name != "sqlite":
        return  # PostgreSQL plans by the size of its tables, and this one is small
    with database.read() as connection:
        for sort, query in [(s, "") for s in _SORTS] + [
            ("-taken_at", "review = pending"),
            ("-outlier", "outlier > 0.2"),
        ]:
            node = browse.resolved(connection, "d", Filter(query=query).tree())
            order = browse._order(sort)
            plan = walk.Walk("d", node, order, anchor.window_of(node))
            for place in (None, walk.Place(1, 5)):
                piece = plan.piece(place, walk.Place(2, 9), False, "sqlite").limit(50)
                sql = str(piece.compile(connection, compile_kwargs={"literal_binds": True}))
                steps = [row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
                assert not any("TEMP B-TREE" in step for step in steps), (sort, query, steps)
                assert any("USING" in step and "INDEX" in step for step in steps), (sort, query, steps)


@pytest.mark.parametrize("sort", ["-latency", "latency", "-outlier", "outlier", "-taken_at", "taken_at"])
def test_a_piece_reads_no_further_than_its_end(site: tuple[Database, list[Logged]], sort: str) -> None:
    """Nor again what lies before it: whatever else bounds the order, and though too little fits to fill a page.

    Of lines with the same value all are read, and in this log those are many.
    """
    database, _ = site
    if database.engine.dialect.name != "sqlite":
        return  # only SQLite tells how much it has done
    name = sort.lstrip("-")
    low, high = {"latency": ("0.1", "90"), "outlier": ("-1", "2"), "taken_at": ("2001-01-01", "2099-01-01")}[name]
    with database.read() as connection:
        node = browse.resolved(connection, "d", read_query(f"{name} > {low} and {name} < {high} and source = nobody"))
        plan = walk.Walk("d", node, browse._order(sort), anchor.window_of(node))
        whole = _work(connection, lambda: plan._fitting(connection, None, None, 50, False))
        place = None
        for _ in range(6):
            end = plan._end_of_piece(connection, place, False, 16)
            assert end is not None
            assert _work(connection, lambda a=place, b=end: plan._fitting(connection, a, b, 50, False)) < 0.75 * whole  # type: ignore[misc]
            place = end


def _work(connection: Connection, read: Callable[[], object]) -> int:
    """In tens of steps of SQLite's machine."""
    raw: Any = connection.connection.driver_connection
    steps: list[None] = []
    raw.set_progress_handler(lambda: steps.append(None), 10)
    try:
        read()
    finally:
        raw.set_progress_handler(None, 0)
    return len(steps)


def test_a_changed_signal_changes_what_is_found(database: Database) -> None:
    line = database.write(lambda c: store.append(c, entries()[1]))[0]
    database.write(lambda c: c.execute(update(signal).values(outlier=0.99)))
    with database.read() as connection:
        assert [
            one.id for one in browse.page(connection, "d", Filter(query="outlier > 0.9"), "-outlier", 5, None)[0]
        ] == [line.id]
        assert connection.execute(select(signal.c.outlier)).scalar_one() == 0.99
