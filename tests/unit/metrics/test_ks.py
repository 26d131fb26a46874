import random
import warnings
from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from relens.metrics.histogram import counts, edges
from relens.metrics.ks import false_shares, ks_from_counts, ks_of_each, ks_two_sample, noise_adjusted

numbers = st.floats(-50, 50, allow_subnormal=False) | st.integers(-3, 3).map(float)
sample = st.lists(numbers, min_size=1, max_size=80)


@given(sample, sample, sample, st.integers(2, 20))
@settings(max_examples=300, deadline=None)
def test_the_true_distance_lies_between_d_and_d_plus_bound(
    reference: list[float], x: list[float], y: list[float], bins: int
) -> None:
    e = edges(reference, bins)
    seen, true = ks_from_counts(counts(e, x), counts(e, y)), ks_two_sample(x, y)
    assert seen is not None
    assert true is not None
    assert seen.d - 1e-12 <= true.statistic <= seen.d + seen.bound + 1e-12


def test_the_bound_on_edges_of_the_reference_is_one_bin() -> None:
    rng = np.random.default_rng(0)
    reference, window = rng.normal(size=20_000), rng.normal(0.1, 1, 5_000)
    e = edges(reference)
    seen, true = ks_from_counts(counts(e, reference), counts(e, window)), ks_two_sample(reference, window)
    assert seen is not None
    assert true is not None
    assert seen.bound <= 1 / 64 + 1e-4
    assert seen.d == pytest.approx(true.statistic, abs=0.005)


@given(sample, sample)
@example([0.0] * 7, [0.0] * 3)
@example([0.0, 1.0], [2.0])
@settings(max_examples=200, deadline=None)
def test_statistic_and_p_value_are_scipys(x: list[float], y: list[float]) -> None:
    with warnings.catch_warnings(record=True) as gave_up_exactness:
        warnings.simplefilter("always")
        ours, theirs = ks_two_sample(x, y), stats.ks_2samp(x, y)
    assert ours is not None
    assert ours.statistic == pytest.approx(theirs.statistic, abs=1e-12)
    assert gave_up_exactness or ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(("n", "m", "shift"), [(500, 500, 0.3), (700, 300, 0.0), (1500, 40, 0.2), (300, 301, 2.0)])
def test_larger_samples_agree_with_scipy_too(n: int, m: int, shift: float) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n), rng.normal(shift, 1, m)
    ours, theirs = ks_two_sample(x, y), stats.ks_2samp(x, y)
    assert ours is not None
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-8, abs=1e-14)


def test_beyond_the_exact_limit_the_asymptotic_law_is_close_to_scipys() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=12_000), rng.normal(0.02, 1, 11_000)
    ours, theirs = ks_two_sample(x, y), stats.ks_2samp(x, y)
    assert ours is not None
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=0.05)


def test_an_empty_side_has_no_distance() -> None:
    assert ks_from_counts([0, 0], [1, 2]) is None
    assert ks_two_sample([], [1.0]) is None
    assert ks_two_sample([np.nan], [1.0]) is None


@given(sample, sample)
@settings(deadline=None)
def test_the_distance_is_symmetric(x: list[float], y: list[float]) -> None:
    assert ks_two_sample(x, y) == ks_two_sample(y, x)


def test_what_chance_would_show_is_taken_off() -> None:
    assert noise_adjusted(0.1, 100, 100) == 0.0
    assert noise_adjusted(0.5, 100, 50) == pytest.approx(sqrt(0.25 - pi**2 / 12 * 0.03))
    assert noise_adjusted(0.5, 10**9, 10**9) == pytest.approx(0.5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_false_shares_are_scipys(p_values: list[float]) -> None:
    assert false_shares(p_values) == pytest.approx(stats.false_discovery_control(p_values).tolist(), abs=1e-12)


@given(st.integers(1, 5), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_distances_of_several_at_once_are_those_of_one_after_the_other(pieces: int, chance: random.Random) -> None:
    lengths = [chance.randint(1, 6) for _ in range(pieces)]
    p, q = (
        [np.array([chance.choice([0, 0, 1, 7, 10**9]) for _ in range(k)], dtype=np.int64) for k in lengths]
        for _ in "pq"
    )
    distances, n, m = ks_of_each(p, q)
    for i in range(pieces):
        alone = ks_from_counts(p[i], q[i])
        assert (n[i], m[i]) == (p[i].sum(), q[i].sum())
        assert np.isnan(distances[i]) if alone is None else distances[i] == alone.d
