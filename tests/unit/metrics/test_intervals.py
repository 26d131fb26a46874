import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from relens.metrics.intervals import jeffreys


@given(st.integers(1, 500), st.data())
def test_the_interval_is_the_jeffreys_posteriors(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    interval = jeffreys(k, n, 0.9)
    assert interval is not None
    posterior = stats.beta(k + 0.5, n - k + 0.5)
    assert interval.lower == pytest.approx(0 if k == 0 else posterior.ppf(0.05), abs=1e-9)
    assert interval.upper == pytest.approx(1 if k == n else posterior.ppf(0.95), abs=1e-9)
    assert interval.lower <= k / n <= interval.upper


def test_without_trials_nothing_is_known() -> None:
    assert jeffreys(0, 0) is None


def test_on_average_it_holds_what_it_promises() -> None:
    n, rates = 40, np.linspace(0.02, 0.98, 97)
    intervals = [jeffreys(k, n) for k in range(n + 1)]
    covered = [
        sum(stats.binom.pmf(k, n, p) for k, i in enumerate(intervals) if i is not None and i.lower <= p <= i.upper)
        for p in rates
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)
