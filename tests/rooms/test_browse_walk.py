"""Walks along an order of the log: in pieces that add up, no further than they must, and at random the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from relens.infra.database import Database
from relens.predictions import anchor, browse, walk
from relens.predictions.browse import Filter
from relens.predictions.logged import Logged
from relens.predictions.query import read_query
from relens.predictions.shuffle import Shuffle
from tests.rooms.searched_log import (
    SORTS,
    all_pages,
    expected,
    opened,
)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, list[Logged]]]:
    yield from opened(request.param, tmp_path_factory.mktemp("log"))


@pytest.mark.parametrize("sort", [*SORTS, "random", "random:9"])
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


def test_no_walk_sorts_the_log(site: tuple[Database, list[Logged]]) -> None:
    """Each piece is a stretch of an index: SQLite needs no sorting of its own for it."""
    database, _ = site
    if database.engine.dialect.name != "sqlite":
        return  # PostgreSQL plans by the size of its tables, and this one is small
    with database.read() as connection:
        for sort, query in [(s, "") for s in SORTS] + [
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
