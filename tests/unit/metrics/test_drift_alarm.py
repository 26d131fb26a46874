"""Evidence that adds up: bets that are fair, alarms that are rare, changes that are found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.metrics import drift_alarm, histogram
from relens.metrics.ks import ks_from_counts

EDGES = [histogram.edges(np.random.default_rng(0).normal(size=4000)) for _ in range(6)]


def window(rng: np.random.Generator, shift: float = 0.0, n: int = 200) -> list[np.ndarray]:
    return [histogram.counts(e, rng.normal(shift if f == 0 else 0.0, 1, n)) for f, e in enumerate(EDGES)]


def test_the_bet_is_fair_where_p_is_uniform() -> None:
    p = (np.arange(2_000_000) + 0.5) / 2_000_000
    assert drift_alarm._calibrated(p).mean() == pytest.approx(1.0, abs=0.1)
    assert drift_alarm._calibrated(np.array([1.0, 1 - 1e-9, 1 - 2e-4])) == pytest.approx([0.5, 0.5, 0.5], abs=1e-3)


@given(st.integers(0, 2**32))
def test_the_distance_is_that_of_the_histograms(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 5, 9), rng.integers(0, 5, 9)
    expected = ks_from_counts(a, b)
    got = drift_alarm.distance(a, b)
    assert (np.isnan(got[0]) and expected is None) or got == pytest.approx(expected)


def test_left_out_distances_are_those_to_the_other_windows_together() -> None:
    rng = np.random.default_rng(3)
    windows = [window(rng) for _ in range(5)]
    usual = drift_alarm.learn(windows)
    logs = [np.log(drift_alarm.distance(w[0], sum(o[0] for o in windows if o is not w))[0] + 1e-3) for w in windows]
    assert usual.mean[0] == pytest.approx(np.mean(logs))
    assert usual.windows.tolist() == [5] * 6


def test_without_a_change_there_is_no_alarm_and_with_one_there_is() -> None:
    rng = np.random.default_rng(4)
    usual = drift_alarm.learn([window(rng) for _ in range(30)])
    evidence, alarms = 0.0, 0
    for _ in range(200):
        evidence, alarm = drift_alarm.add(evidence, drift_alarm.judge(usual, window(rng)), 365)
        alarms += alarm
    assert alarms == 0
    for days in range(1, 11):  # noqa: B007
        evidence, alarm = drift_alarm.add(evidence, drift_alarm.judge(usual, window(rng, 0.8)), 365)
        if alarm:
            break
    assert alarm
    assert days <= 3


def test_a_certain_but_small_change_is_no_alarm() -> None:
    rng = np.random.default_rng(5)
    usual = drift_alarm.learn([window(rng, n=20_000) for _ in range(30)])
    evidence = 0.0
    for _ in range(30):
        found = drift_alarm.judge(usual, window(rng, 0.1, 20_000))
        evidence, alarm = drift_alarm.add(evidence, found, 365)
        assert not alarm
    assert found.p[0] < 1e-3
    assert found.furthest < drift_alarm.PLAIN


def test_a_feature_that_is_not_known_says_nothing() -> None:
    rng = np.random.default_rng(6)
    windows = [[*window(rng)[:5], np.zeros(len(EDGES[5]) + 1, np.int64)] for _ in range(20)]
    usual = drift_alarm.learn(windows)
    found = drift_alarm.judge(usual, windows[0])
    assert np.isnan(found.e_values[5])
    assert np.isfinite(found.e)
    assert drift_alarm.judge(usual, [np.zeros(len(e) + 1, np.int64) for e in EDGES]).e == 1.0


def test_a_feature_that_never_varied_does_not_cry_wolf() -> None:
    rng = np.random.default_rng(7)
    constant = np.zeros(len(EDGES[0]) + 1, np.int64)
    constant[3] = 200
    usual = drift_alarm.learn([[*window(rng)[:5], constant] for _ in range(20)])
    nearly = constant.copy()
    nearly[3], nearly[4] = 199, 1
    found = drift_alarm.judge(usual, [*window(rng)[:5], nearly])
    _, alarm = drift_alarm.add(0.0, found, 365)
    assert not alarm
