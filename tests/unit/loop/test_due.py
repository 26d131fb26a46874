"""When a run begins by itself: any trigger is enough, every limit has to allow it, and both are said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.kit.clock import DAY, HOUR, from_text
from relens.loop.due import Situation, due, firing
from relens.loop.policy import ContinuousTraining
from relens.loop.quiet_hours import BadPolicy, QuietHours

MINUTE = DAY // 1440
NOON = from_text("2026-03-02T12:00:00Z")


def test_enough_added_images_start_a_run_and_say_so() -> None:
    chosen = ContinuousTraining(True, 50)
    assert due(chosen, Situation(NOON, 49)).reason is None
    found = due(chosen, Situation(NOON, 50))
    assert found.now
    assert found.reason == "50 images were added"


def test_an_alert_starts_a_run_once_and_only_when_there_is_something_new_to_learn() -> None:
    chosen = ContinuousTraining(True, 50, on_alert=("drift",))
    began = NOON - DAY
    assert not due(chosen, Situation(NOON, 0, began, alerts={"drift": NOON - HOUR})).now
    assert due(chosen, Situation(NOON, 3, began, alerts={"drift": NOON - HOUR})).now
    assert not due(chosen, Situation(NOON, 3, began, alerts={"latency": NOON - HOUR})).now
    assert not due(chosen, Situation(NOON, 3, NOON - HOUR // 2, alerts={"drift": NOON - HOUR})).now, "it was answered"


def test_a_schedule_counts_from_the_last_run() -> None:
    chosen = ContinuousTraining(True, 50, every_days=7)
    assert not due(chosen, Situation(NOON, 1, NOON - 6 * DAY)).now
    assert due(chosen, Situation(NOON, 1, NOON - 7 * DAY)).now
    assert not due(chosen, Situation(NOON, 0, NOON - 7 * DAY)).now


def test_the_first_run_of_a_schedule_counts_from_when_it_was_set() -> None:
    chosen = ContinuousTraining(True, 50, every_days=7, since=NOON - 7 * DAY)
    found = due(chosen, Situation(NOON, 1))
    assert found.now
    assert found.reason == "the schedule was set 7 days ago, and one image was added"
    assert not due(chosen, Situation(NOON - DAY, 1)).now
    assert not due(chosen, Situation(NOON, 1, NOON - DAY)).now, "a run began since"


def test_limits_hold_a_run_back_and_say_until_when() -> None:
    paused = due(ContinuousTraining(True, 5, cool_down_hours=3), Situation(NOON, 5, NOON - HOUR))
    assert (paused.now, paused.waits, paused.until) == (False, "a pause after the last run", NOON + 2 * HOUR)
    runs = ((NOON - HOUR, 700.0), (NOON - 20 * HOUR, 300.0), (NOON - 9 * HOUR, 1100.0))
    spent = due(ContinuousTraining(True, 5, minutes_per_day=30), Situation(NOON, 5, NOON - HOUR, spent=runs))
    assert (spent.now, spent.waits) == (False, "30 minutes of training a day are used up")
    assert spent.until == NOON + 15 * HOUR, "without the oldest run there are still exactly 30 minutes"
    quiet = due(ContinuousTraining(True, 5, quiet=QuietHours(8 * 60, 18 * 60)), Situation(NOON, 5))
    assert (quiet.now, quiet.waits, quiet.until) == (False, "quiet hours", NOON + 6 * HOUR)


def test_quiet_hours_are_read_on_the_clocks_of_their_zone() -> None:
    night = QuietHours(22 * 60, 6 * 60, "Europe/Berlin")
    assert night.ends(from_text("2026-01-10T20:59:00Z")) is None
    assert night.ends(from_text("2026-01-10T21:00:00Z")) == from_text("2026-01-11T05:00:00Z")
    # In summer the same clocks are an hour earlier in UTC; the night of the change is an hour shorter.
    assert night.ends(from_text("2026-07-10T20:00:00Z")) == from_text("2026-07-11T04:00:00Z")
    assert night.ends(from_text("2026-03-28T22:30:00Z")) == from_text("2026-03-29T04:00:00Z")
    early = QuietHours(60, 2 * 60 + 30, "Europe/Berlin")
    for minute in range(0, 24 * 60, 5):
        at = from_text("2026-10-24T12:00:00Z") + minute * MINUTE
        over = early.ends(at)
        assert over is None or at < over <= at + 3 * HOUR, "the night in which the clocks are put back"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/passwd", "a\0b", "x" * 5000])
def test_a_time_zone_nobody_knows_is_refused(zone: str) -> None:
    with pytest.raises(BadPolicy, match="no time zone"):
        QuietHours(0, 60, zone)


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 4 * DAY // MINUTE))
def test_quiet_hours_hold_exactly_between_their_ends_also_over_midnight(start: int, end: int, minute: int) -> None:
    if start == end:
        with pytest.raises(BadPolicy):
            QuietHours(start, end)
        return
    quiet, now = QuietHours(start, end), NOON + minute * MINUTE
    clock = datetime.fromtimestamp(now / 1e6, UTC)
    at = clock.hour * 60 + clock.minute
    inside = start <= at < end if start < end else at >= start or at < end
    over = quiet.ends(now)
    assert (over is not None) == inside
    if over is not None:
        assert now < over <= now + DAY
        assert quiet.ends(over) is None


@given(st.integers(0, 100), st.integers(1, 50), st.floats(0, 48), st.floats(0, 7200))
def test_a_run_begins_only_when_something_asks_for_it(added: int, after: int, hours: float, used: float) -> None:
    chosen = ContinuousTraining(True, after, cool_down_hours=12, minutes_per_day=60)
    found = due(chosen, Situation(NOON, added, NOON - round(hours * HOUR), [(NOON - HOUR, used)]))
    assert (found.reason is not None) == (added >= after)
    assert found.now == (added >= after and hours >= 12 and used < 3600) or abs(hours - 12) < 1e-6


def test_of_several_alerts_on_a_metric_the_newest_counts() -> None:
    assert firing([("drift", 5), ("drift", 9), ("latency", 1)]) == {"drift": 9, "latency": 1}
