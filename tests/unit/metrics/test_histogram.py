import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.metrics.histogram import counts, edges, quantile

values = st.lists(st.floats(-100, 100) | st.integers(-3, 3).map(float), max_size=60)


def test_edges_are_observed_values_and_atoms_have_their_own() -> None:
    assert edges([0, 0, 0, 0, 1, 2], bins=4).tolist() == [0.0, 1.0, 2.0]
    assert edges([], bins=4).tolist() == []
    assert edges([np.nan, 7.0]).tolist() == [7.0]
    assert len(edges(np.random.default_rng(0).normal(size=10_000))) == 65


@given(values, values, values)
@settings(deadline=None)
def test_the_whole_is_the_sum_of_its_parts(reference: list[float], x: list[float], y: list[float]) -> None:
    e = edges(reference)
    assert np.array_equal(counts(e, x) + counts(e, y), counts(e, x + y))
    assert counts(e, [*x, np.nan]).sum() == len(x)
    assert counts(e, x).shape == (len(e) + 1,)


def test_a_value_on_an_edge_belongs_below_it() -> None:
    assert counts(np.array([1.0, 2.0]), [0.5, 1.0, 1.5, 2.0, 2.5]).tolist() == [2, 2, 1]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.floats(0, 1))
@settings(deadline=None)
def test_quantiles_of_whole_numbers_are_exact(numbers: list[int], q: float) -> None:
    e = edges(range(10))
    assert quantile(e, counts(e, numbers), q) == np.quantile(numbers, q, method="inverted_cdf")


def test_a_quantile_of_nothing_is_unknown() -> None:
    e = edges([1.0, 2.0])
    assert quantile(e, counts(e, []), 0.5) is None
    assert quantile(e, counts(e, [99.0]), 0.5) == 2.0
