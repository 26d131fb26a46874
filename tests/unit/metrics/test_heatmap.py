import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.metrics.heatmap import SIDE, cells, total_variation

points = st.lists(st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2)), max_size=30)
tallies = st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any)


def test_cells_run_row_by_row_from_the_top_left() -> None:
    assert np.flatnonzero(cells([[0.0, 0.0]])).tolist() == [0]
    assert np.flatnonzero(cells([[0.999, 0.0]])).tolist() == [SIDE - 1]
    assert np.flatnonzero(cells([[0.0, 0.999]])).tolist() == [SIDE * (SIDE - 1)]
    assert np.flatnonzero(cells([[1.0, 1.3]])).tolist() == [SIDE * SIDE - 1]


@given(points, points)
@settings(deadline=None)
def test_heatmaps_add(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> None:
    assert np.array_equal(cells(a) + cells(b), cells(a + b))
    assert cells([*a, (np.nan, 0.5)]).sum() == len(a)


@given(tallies, tallies, tallies)
def test_total_variation_is_a_distance(p: list[int], q: list[int], r: list[int]) -> None:
    def d(a: list[int], b: list[int]) -> float:
        distance = total_variation(a, b)
        assert distance is not None
        return distance

    assert d(p, p) == 0
    assert d(p, q) == d(q, p)
    assert 0 <= d(p, q) <= 1 + 1e-12
    assert d(p, r) <= d(p, q) + d(q, r) + 1e-12


def test_disjoint_is_one_and_empty_is_unknown() -> None:
    assert total_variation([1, 0], [0, 5]) == pytest.approx(1)
    assert total_variation([0, 0], [0, 5]) is None
