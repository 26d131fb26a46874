"""The state machine of an alert rule: laws that hold for every history of numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.alerts.alert import sentence, span
from relens.alerts.delivery import pause
from relens.alerts.rule import AlertRule, Change, Reading, Watch, advance, known
from relens.alerts.subject import DEFAULT_FIELD, SUBJECTS, BadRule, subject_of
from relens.kit.clock import SECOND
from relens.metrics.metric import METRICS

RULE = AlertRule("r", "d", "latency", "p95", "above", 500.0, 3600, 30, True, 0, "alice")

readings = st.builds(
    Reading, st.none() | st.floats(0, 1000, allow_nan=False) | st.just(float("nan")), st.integers(0, 100)
)
spells = st.none() | st.integers(60, 120)
rules = st.builds(
    lambda operator, for_s, keep, gap, cooldown, remind, no_data: replace(
        RULE,
        operator=operator,
        for_s=for_s,
        keep_firing_s=keep,
        cooldown_s=cooldown,
        remind_s=remind,
        no_data_after_s=no_data,
        clear_value=500.0 - gap if operator == "above" else 500.0 + gap,
    ),
    st.sampled_from(["above", "below"]),
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(0, 200),
    st.integers(0, 100),
    spells,
    spells,
)
histories = st.lists(st.tuples(st.integers(1, 20), readings), max_size=60)


def play(rule: AlertRule, history: list[tuple[int, Reading]]) -> list[tuple[int, Watch, Change | None, Reading]]:
    watch, at, seen = Watch(), 0, []
    for seconds, reading in history:
        at += seconds * SECOND
        watch, change = advance(rule, watch, reading, at)
        seen.append((at, watch, change, reading))
    return seen


@given(rules, histories)
def test_firing_and_resolved_take_turns_and_each_is_told_once(
    rule: AlertRule, history: list[tuple[int, Reading]]
) -> None:
    every = [change for _, _, change, _ in play(rule, history) if change]
    told = [change for change in every if change in ("firing", "resolved")]
    assert told == [("firing", "resolved")[i % 2] for i in range(len(told))]
    of_data = [change for change in every if change in ("no data", "data")]
    assert of_data == [("no data", "data")[i % 2] for i in range(len(of_data))]


@given(rules, histories)
def test_nothing_is_told_without_a_known_number_from_enough_images(
    rule: AlertRule, history: list[tuple[int, Reading]]
) -> None:
    for _, _, change, reading in play(rule, history):
        if change in ("firing", "resolved", "data"):
            assert reading.value is not None
            assert reading.value == reading.value
            assert reading.count >= rule.min_count


@given(rules, histories)
def test_an_alert_stands_while_the_data_is_silent(rule: AlertRule, history: list[tuple[int, Reading]]) -> None:
    before = Watch()
    for _, watch, _, reading in play(rule, history):
        if before.stands and not known(rule, reading):
            assert watch.state == before.state
            assert watch.since == before.since
        before = watch


@given(rules, histories)
def test_no_alert_begins_while_the_last_one_cools_down(rule: AlertRule, history: list[tuple[int, Reading]]) -> None:
    ended: int | None = None
    for at, _, change, _ in play(rule, history):
        if change == "firing":
            assert ended is None or at - ended >= rule.cooldown_s * SECOND
        ended = at if change == "resolved" else ended


@given(rules, histories)
def test_an_alert_ends_only_after_it_was_over_for_long_enough(
    rule: AlertRule, history: list[tuple[int, Reading]]
) -> None:
    held: int | None = None
    for at, watch, change, reading in play(rule, history):
        if change == "resolved":
            assert held is not None
            assert at - held >= rule.keep_firing_s * SECOND
            assert reading.value is not None
            assert not rule.still_holds(reading.value)
        if watch.stands and known(rule, reading) and rule.still_holds(reading.value or 0.0):
            held = at


@given(rules, histories)
def test_reminders_come_only_of_a_standing_alert_and_not_more_often_than_asked(
    rule: AlertRule, history: list[tuple[int, Reading]]
) -> None:
    told = 0
    for at, watch, change, _ in play(rule, history):
        if change == "reminder":
            assert rule.remind_s is not None
            assert watch.state == "firing"
            assert at - told >= rule.remind_s * SECOND
        if change in ("firing", "reminder"):
            told = at


@given(rules, histories, st.integers(0, 300))
def test_a_snoozed_alert_reminds_nobody_until_then_and_says_once_that_it_still_stands(
    rule: AlertRule, history: list[tuple[int, Reading]], seconds: int
) -> None:
    at, watch = SECOND, Watch("firing", 0, 0, snoozed_until=seconds * SECOND)
    woken = 0
    for step, reading in history:
        at += step * SECOND
        before = watch
        watch, change = advance(rule, watch, reading, at)
        if change == "reminder":
            assert at >= before.snoozed_until
            woken += before.snoozed_until > 0
        if change == "firing":
            break
    assert woken <= 1


@given(rules, histories)
def test_missing_data_is_told_when_it_was_missing_for_long_enough(
    rule: AlertRule, history: list[tuple[int, Reading]]
) -> None:
    missing: int | None = None
    for at, _, change, reading in play(rule, history):
        missing = None if known(rule, reading) else (missing or at)
        if change == "no data":
            assert rule.no_data_after_s is not None
            assert missing is not None
            assert at - missing >= rule.no_data_after_s * SECOND


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_a_bound_begins_an_alert_and_the_number_itself_ends_it(upper: float, point: float) -> None:
    rule = replace(RULE, metric="detection_report", field="precision", operator="below", value=500.0, estimator="upper")
    reading = Reading(upper, 100, point)
    begun = advance(rule, Watch(), reading, SECOND)[1] == "firing"
    ended = advance(rule, Watch("firing", 0, 0), reading, SECOND)[1] == "resolved"
    assert (begun, ended) == (upper < 500, point >= 500)


@given(rules, histories)
def test_nobody_is_told_before_it_has_held_long_enough(rule: AlertRule, history: list[tuple[int, Reading]]) -> None:
    holding_since: int | None = None
    for at, _, change, reading in play(rule, history):
        holds = reading.value is not None and reading.count >= rule.min_count and rule.holds(reading.value)
        holding_since = (holding_since or at) if holds else None
        if change == "firing":
            assert holding_since is not None
            assert at - holding_since >= rule.for_s * SECOND


def test_between_the_limit_and_the_clear_value_nothing_changes() -> None:
    rule = replace(RULE, clear_value=400.0)
    firing, _ = advance(rule, Watch(), Reading(600, 50), SECOND)
    between, change = advance(rule, firing, Reading(450, 50), 2 * SECOND)
    assert (between.state, change) == ("firing", None)
    clearing, change = advance(replace(rule, keep_firing_s=60), between, Reading(390, 50), 3 * SECOND)
    assert (clearing.state, change) == ("clearing", None)
    assert advance(rule, between, Reading(390, 50), 3 * SECOND)[1] == "resolved"


def test_silence_is_a_number_for_volume() -> None:
    rule = replace(RULE, metric="volume", field="images", operator="below", value=1)
    assert advance(rule, Watch(), Reading(0, 0), SECOND)[1] == "firing"


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": "p42"},
        {"metric": "weather"},
        {"value": float("nan")},
        {"value": float("inf")},
        {"window_s": 5},
        {"min_count": 0},
        {"for_s": -1},
        {"estimator": "lower"},
        {"severity": "mild"},
        {"remind_s": 1},
        {"source": "line-1", "each": "source"},
        {"label": "bolt"},
        {"each": "label"},
        {"metric": "silence", "field": "usual_gaps", "tag": "night"},
        {"metric": "drift", "field": "d", "each": "tag"},
        {"metric": "unlogged", "field": "today", "source": "line-1"},
        {"min_count": 10**12},
        {"clear_value": 600.0},
        {"clear_value": float("nan")},
    ],
)
def test_a_rule_that_could_never_be_right_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadRule):
        replace(RULE, **wrong)  # type: ignore[arg-type]


def test_every_number_alerts_can_be_about_belongs_to_a_metric() -> None:
    names = set(METRICS.names())
    assert {metric for metric, _ in SUBJECTS} - {"silence", "unlogged"} <= names
    for metric, field in DEFAULT_FIELD.items():
        subject_of(metric, field)


def test_an_alert_is_said_in_a_sentence() -> None:
    said = sentence(RULE, "conveyor", 812.4, 240)
    assert said == "latency p95 of conveyor is 812 ms, above 500 ms (last hour, 240 images)"
    assert span(7200) == "last 2 hours"
    assert span(61) == "last 61 seconds"


def test_pauses_between_attempts_double_up_to_ten_minutes() -> None:
    assert [pause(n) // SECOND for n in (1, 2, 3, 10, 11, 5000)] == [1, 2, 4, 512, 600, 600]
