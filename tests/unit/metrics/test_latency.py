import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.metrics.latency import LENGTH, LONGEST_MS, SHORTEST_MS, add, counts, empty, quantile

durations = st.lists(st.floats(SHORTEST_MS, LONGEST_MS), max_size=50)


@given(durations.filter(bool), st.floats(0, 1))
@settings(deadline=None)
def test_every_quantile_is_within_one_percent(ms: list[float], q: float) -> None:
    true = np.quantile(ms, q, method="inverted_cdf")
    assert quantile(counts(ms), q) == pytest.approx(true, rel=0.01)


@given(durations, durations)
@settings(deadline=None)
def test_states_of_machines_and_hours_add(a: list[float], b: list[float]) -> None:
    assert np.array_equal(counts(a) + counts(b), counts(a + b))
    assert np.array_equal(add(counts(a), b), counts(a + b))


def test_nothing_measured_has_no_quantile() -> None:
    assert quantile(empty(), 0.5) is None
    assert quantile(counts([np.nan]), 0.5) is None


def test_durations_out_of_range_are_counted_at_the_ends() -> None:
    state = counts([0.0, -1.0, 1e9, np.inf])
    assert state.shape == (LENGTH,)
    assert (state[0], state[-1]) == (2, 2)


def test_adding_leaves_the_old_state_alone() -> None:
    state = empty()
    assert add(state, 12.5).sum() == 1
    assert state.sum() == 0
