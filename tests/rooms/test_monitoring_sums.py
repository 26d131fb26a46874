"""Hours, days and months say the same; every prediction stands in its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit import clock
from relens.kit.clock import DAY, HOUR
from relens.metrics.metric import added
from relens.monitoring import points, sums
from relens.monitoring.bucket import Bucket, Cell, pack, unpack
from relens.monitoring.erased import ErasedSums
from relens.monitoring.measure import Measuring
from relens.monitoring.scan import FRESH_S, Question, Scan, Scans
from relens.monitoring.span import SPANS, Span, begin, cover, rolled
from relens.monitoring.window import Window
from relens.predictions import store as predictions
from relens.predictions.erase import Erasure
from relens.predictions.logged import Entry
from relens.predictions.retention.expire import Retention
from tests.rooms.monitoring_material import START, Site, make_site

HOURS = st.integers(400_000, 600_000).map(lambda hours: hours * HOUR)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


@given(HOURS, st.integers(0, 24 * 100), st.sampled_from(SPANS))
def test_stretches_hold_every_hour_of_a_window_once(since: int, hours: int, widest: Span) -> None:
    until = since + hours * HOUR
    at = since
    for one in cover(since, until, widest):
        assert one.since == at < one.until
        assert begin(one.span, one.since) == one.since
        assert begin(one.span, one.until) == one.until
        at = one.until
    assert at == until


@given(st.lists(st.tuples(HOURS, st.sampled_from("ab"), st.integers(0, 9)), min_size=1, max_size=12))
def test_rolled_up_sums_hold_what_the_hours_hold(counted: list[tuple[int, str, int]]) -> None:
    states = {}
    for hour, source, n in counted:
        cell = Cell("volume", Bucket(hour, source, "v", "champion"), "", "")
        states[cell] = states.get(cell, np.zeros(1, np.int64)) + n
    kept = rolled(states)
    total = sum(n for *_, n in counted)
    for span in SPANS:
        for whole in (False, True):
            assert sum(int(s[0]) for one, s in kept.items() if (one.span, one.whole) == (span, whole)) == total
    for one in kept:
        assert begin(one.span, one.cell.bucket.hour) == one.cell.bucket.hour
        assert (one.cell.bucket.source == "") == one.whole


@given(st.lists(st.integers(-(2**62), 2**62) | st.integers(0, 3), max_size=300))
def test_a_packed_state_comes_back_as_it_was(numbers: list[int]) -> None:
    state = np.array(numbers, dtype=np.int64)
    assert np.array_equal(unpack(pack(state)), state)
    assert unpack(pack(state)).dtype == np.int64
    shares = state / 7
    assert np.array_equal(unpack(pack(shares)), shares)


def test_days_and_months_are_what_their_hours_add_up_to(site: Site) -> None:
    for hour in (0, 5, 30, 24 * 40):
        site.log(3, hour=hour)
        site.log(2, hour=hour, source="line-2", label="nut")
    site.catch_up()
    first, last = START - 40 * DAY, START + 80 * DAY
    with site.database.read() as connection:

        def total(span: Span, whole: bool) -> dict[tuple[str, str], list[int]]:
            which = sums.Which(cover(begin("month", first), begin("month", last), span), whole=whole)
            found = sums.cells(connection, site.deployment.id, ["volume", "heatmap", "latency"], which)
            by_metric: dict[str, list[dict[str, np.ndarray]]] = {}
            for cell, state in found:
                by_metric.setdefault(cell.metric, []).append({cell.label: state})
            return {(name, label): s.tolist() for name, some in by_metric.items() for label, s in added(some).items()}

        expected = total("hour", False)
        assert expected["volume", ""] == [20, 20]
        for span in SPANS:
            assert total(span, False) == total(span, True) == expected


def test_a_month_seen_by_days_and_by_hours_shows_the_same_numbers(site: Site) -> None:
    site.reference(state="ready")
    for hour in (0, 1, 25, 24 * 20):
        site.log(30, hour=hour)
        site.log(20, hour=hour, source="line-2")
    site.catch_up()
    month = Window(START - START % DAY, START + 24 * 30 * HOUR)
    days = site.measuring.dashboard(site.deployment, month, "86400")
    hours = site.measuring.dashboard(site.deployment, month, "3600")
    assert days.sources == ("line-1", "line-2")
    for name, measured in days.metrics.items():
        other = hours.metrics[name]
        if name != "drift":
            assert measured.value == other.value, name
        else:
            assert measured.value is not None
            assert other.value is not None
            assert {k: measured.value[k] for k in ("d", "n", "bound")} == {
                k: other.value[k] for k in ("d", "n", "bound")
            }
        assert measured.count == other.count


def _failed(site: Site, error: str, hour: int = 0) -> Entry:
    return Entry(
        site.deployment.id, "0" * 64, 0, 0, site.deployment.champion, "champion", (), 0.5, 3.0, START + hour * HOUR,
        source="line-1", error=error,
    )  # fmt: skip


def test_a_failure_is_counted_by_its_kind_and_by_nothing_else(site: Site) -> None:
    site.log(9)
    site.catch_up()
    before = site.measuring.dashboard(site.deployment, Window(START, START + 24 * HOUR)).metrics
    entries = [_failed(site, "ModelFailed"), _failed(site, "ModelFailed", 1), _failed(site, "TooLarge")]
    site.database.write(lambda c: [predictions.append(c, one) for one in entries])
    site.catch_up()
    after = site.measuring.dashboard(site.deployment, Window(START, START + 24 * HOUR)).metrics
    errors = after["errors"].value
    assert errors is not None
    assert (errors["predictions"], errors["errors"], errors["share"]) == (12, 3, 0.25)
    assert errors["kinds"] == {"ModelFailed": 2, "TooLarge": 1}
    for name, measured in after.items():
        if name not in ("errors", "throughput"):
            assert measured.value == before[name].value, name
            assert measured.count == 9 or measured.value is None


def test_roles_stand_apart(site: Site) -> None:
    site.log(5)
    site.log(3, role="shadow", version="other", latency_ms=99.0)
    site.log(2, role="canary", version="third", latency_ms=50.0)
    site.catch_up()
    day = Window(START, START + 24 * HOUR)
    apart = site.measuring.apart(site.deployment, "latency", day, "role")
    assert {role: one.count for role, one in apart.items()} == {"champion": 5, "canary": 2, "shadow": 3}
    assert apart["shadow"].value is not None
    assert abs(apart["shadow"].value["p50"] - 99) < 1.1
    versions = site.measuring.apart(site.deployment, "volume", day, "model_version")
    assert sorted(one.count for one in versions.values()) == [2, 5]


def test_a_question_beyond_the_sums_reads_the_log_piece_by_piece(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relens.monitoring.gather.MOST_FROM_LOG", 10)
    site.log(25)
    site.log(8, source="line-2")
    site.catch_up()
    asked = Window(START, START + 24 * HOUR, query='source = "line-1"')
    seen = [site.measuring.metric(site.deployment, "volume", asked) for _ in range(3)]
    progress = [one.progress for one in seen]
    assert [(p.read, p.complete) for p in progress if p] == [(10, False), (20, False), (25, True)]
    assert seen[-1].value == {"images": 25, "detections": 25}
    again = site.measuring.metric(site.deployment, "volume", asked)
    assert again.value == seen[-1].value
    by_sums = site.measuring.metric(site.deployment, "volume", replace(asked, query=None, source="line-1"))
    assert by_sums.value == seen[-1].value


def test_minutes_of_a_busy_hour_come_when_the_log_is_read_and_until_then_the_hour_is_true(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relens.monitoring.gather.MOST_FROM_LOG", 10)
    site.log(25)
    site.catch_up()
    asked = Window(START, START + HOUR)
    seen = [site.measuring.metric(site.deployment, "volume", asked) for _ in range(4)]
    assert {one.count for one in seen} == {25}
    assert {one.progress for one in seen} == {None}
    assert [len(one.series) for one in seen] == [1, 1, 1, 1]
    queries = [one.series[0]["query"] for one in seen]
    widths = [clock.from_text(query.rsplit("taken_at < ", 1)[1]) - START for query in queries]
    assert widths == [HOUR, HOUR, 60 * clock.SECOND, 60 * clock.SECOND]
    monkeypatch.setattr("relens.monitoring.gather.MOST_SCANNED", 20)
    busy = site.measuring.metric(site.deployment, "volume", replace(asked, until=START + HOUR - 1))
    assert busy.count == 25


def question(about: object, since: int = 0, until: int = 100, is_open: bool = False) -> Question:
    return Question(about, since, until, 10, is_open)


def test_scans_forget_the_oldest_question() -> None:
    scans = Scans()
    for i in range(40):
        scans.advance(question(i), lambda *_: (["x"], "more"), lambda ids: ([], frozenset()))
    assert scans.advance(question(39), lambda *_: ([], None), lambda ids: ([], frozenset())).read == 1
    assert scans.advance(question(0), lambda *_: ([], None), lambda ids: ([], frozenset())).read == 0


def test_a_window_that_moves_with_the_clock_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it begins at a fixed moment or is always as long: each asking goes on where the last one stopped."""
    for moving_start in (False, True):
        scans, read, at = Scans(), [], [0.0]
        monkeypatch.setattr("relens.monitoring.scan.clock.stopwatch", lambda at=at: at[0])

        def piece(asked: Question, cursor: str | None, read: list[object] = read) -> tuple[list[str], str | None]:
            read.append((asked.since, asked.until, cursor))
            return ["x"], None if cursor == "c" else {None: "b", "b": "c"}[cursor]

        def ask(tick: int, scans: Scans = scans, moving: bool = moving_start) -> Scan:
            return scans.advance(
                question("q", tick if moving else 0, 100 + tick, True), piece, lambda ids: ([], frozenset())
            )

        assert [ask(tick).complete for tick in (0, 3, 6, 8)] == [False, False, True, True]
        assert read == [(0, 100, None), (0, 100, "b"), (0, 100, "c")]
        at[0] += FRESH_S + 1
        again = [ask(tick) for tick in (9, 9)]
        assert [one.read for one in again] == [3, 3], "what is known answers until it is read again"
        assert again[0].complete
        assert read[3:] == [(9 if moving_start else 0, 109, None), (9 if moving_start else 0, 109, "b")]


def test_a_filter_over_a_growing_log_completes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relens.monitoring.gather.MOST_FROM_LOG", 10)
    site.log(25)
    site.catch_up()
    now = clock.now()
    asked = Window(START, now, query='source = "line-1"')
    for second in range(3):
        seen = site.measuring.metric(site.deployment, "volume", replace(asked, until=now + second * 1_000_000))
    assert seen.progress is not None
    assert seen.progress.complete
    assert seen.value == {"images": 25, "detections": 25}


def test_the_present_minute_is_counted_per_second_of_it(site: Site) -> None:
    """An unfinished point is not divided by time that has not come yet."""
    site.log(30, hour=0)
    site.log(30, hour=1)
    site.catch_up()
    now = START + HOUR + HOUR // 4
    measuring = Measuring(site.database, site.projection, site.fitted, now=lambda: now)
    points = measuring.metric(site.deployment, "throughput", Window(START, START + 2 * HOUR), "3600").series
    assert [point["images"] for point in points] == [30, 30]
    assert points[0]["per_second"] == 30 / 3600
    assert points[1]["per_second"] == 30 / 900
    early = Measuring(site.database, site.projection, site.fitted, now=lambda: START + HOUR + HOUR // 20)
    points = early.metric(site.deployment, "throughput", Window(START, START + 2 * HOUR), "3600").series
    assert points[1]["per_second"] is None


def test_what_is_remembered_of_the_sums_is_what_they_are(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """After new images, late ones, erased ones, a new reference and a rebuild: the same as somebody reads who remembers nothing."""
    lines = site.log(20, hour=30)
    site.catch_up()
    window = Window(START - 30 * DAY, START + 20 * DAY)
    read: list[object] = []
    real = sums.cells
    monkeypatch.setattr(sums, "cells", lambda *a: read.append(1) or real(*a))

    def same() -> int:
        read.clear()
        for asked in (window, replace(window, since=START), replace(window, source="line-2")):
            there = site.measuring.dashboard(site.deployment, asked, "86400")
            seldom = len(read)
            fresh = Measuring(site.database, site.projection, site.fitted).dashboard(site.deployment, asked, "86400")
            assert {n: (m.value, m.series, m.count) for n, m in there.metrics.items()} == {
                n: (m.value, m.series, m.count) for n, m in fresh.metrics.items()
            }
            read.clear()
        return seldom

    same()
    assert same() == 0, "nothing has changed: nothing is read"
    made = points._remembered.cache_info().misses
    site.measuring.dashboard(site.deployment, window, "86400")
    assert points._remembered.cache_info().misses == made > 0, "and no point is made anew"
    site.log(5, hour=31)
    site.log(3, hour=-24 * 20, source="line-2")
    site.catch_up()
    assert same() > 0
    site.reference(state="ready")
    site.projection.rebuild(site.deployment.id)
    site.catch_up()
    same()
    retention = Retention(site.database, site.storage)
    Erasure(site.database, retention, [ErasedSums(site.projection).forget]).erase(lines[0].id)
    same()
    site.projection.rebuild(site.deployment.id)
    same()
    site.projection.step()
    same()
    site.catch_up()
    same()


def test_the_first_day_of_a_long_window_is_a_whole_one(site: Site) -> None:
    site.log(4, hour=0)
    site.catch_up()
    day = START - START % DAY
    late = Window(START + 2 * HOUR if day + DAY > START + 2 * HOUR else START, START + 40 * DAY)
    board = site.measuring.dashboard(site.deployment, late)
    assert board.since == day
    assert board.metrics["volume"].count == 4
