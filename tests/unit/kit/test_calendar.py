"""Days begin at midnight where people live, also when clocks change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.kit.calendar import WEEK, NoTimeZone, cut, following, zone
from relens.kit.clock import DAY, HOUR, SECOND, Micros, from_text

ZONES = [
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Cairo",
    "America/St_Johns",
]
WIDTHS = [60 * SECOND, HOUR, 3 * HOUR, DAY, WEEK]
times = st.integers(from_text("2012-01-05T00:00:00Z"), from_text("2035-01-01T00:00:00Z"))


@given(times, st.sampled_from(WIDTHS), st.sampled_from(ZONES))
def test_every_moment_lies_in_one_stretch_and_stretches_follow_each_other(
    at: Micros, width: Micros, place: str
) -> None:
    begun = cut(at, width, place)
    over = following(begun, width, place)
    assert begun <= at < over
    assert cut(begun, width, place) == cut(over - 1, width, place) == begun
    assert cut(over, width, place) == over
    if width % DAY == 0:
        assert abs(over - begun - width) <= DAY  # Samoa left out a day


@pytest.mark.parametrize(
    ("at", "place", "midnight"),
    [
        ("2026-06-01T22:30:00Z", "Europe/Paris", "2026-06-01T22:00:00Z"),
        ("2026-06-01T21:30:00Z", "Europe/Paris", "2026-05-31T22:00:00Z"),
        ("2026-01-10T18:20:00Z", "Asia/Kathmandu", "2026-01-10T18:15:00Z"),
        ("2026-03-29T12:00:00Z", "Europe/Paris", "2026-03-28T23:00:00Z"),
    ],
)
def test_days_begin_at_midnight_there(at: str, place: str, midnight: str) -> None:
    assert cut(from_text(at), DAY, place) == from_text(midnight)


def test_the_day_on_which_clocks_go_forward_has_23_hours_and_the_other_25() -> None:
    for day, hours in (("2026-03-29T10:00:00Z", 23), ("2026-10-25T10:00:00Z", 25)):
        begun = cut(from_text(day), DAY, "Europe/Paris")
        assert following(begun, DAY, "Europe/Paris") - begun == hours * HOUR


def test_three_hours_lie_within_their_day_also_when_clocks_change() -> None:
    for day, lengths in (("2026-03-28T23:00:00Z", [3] * 7 + [2]), ("2026-10-24T22:00:00Z", [3] * 8 + [1])):
        begun, found = from_text(day), []
        for _ in lengths:
            found.append(following(begun, 3 * HOUR, "Europe/Paris") - begun)
            begun += found[-1]
        assert [one // HOUR for one in found] == lengths


def test_weeks_begin_on_monday() -> None:
    assert cut(from_text("2026-11-25T10:00:00Z"), WEEK) == from_text("2026-11-23T00:00:00Z")


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
def test_a_place_that_is_none_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(NoTimeZone, match="Europe/Paris"):
        zone(name)
