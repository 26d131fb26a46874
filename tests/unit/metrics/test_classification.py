import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.metrics.classification import confusion, report

pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=40)


def test_a_small_matrix_counted_by_hand() -> None:
    result = report([[3, 1, 0], [2, 4, 0], [0, 0, 0]], ["cat", "dog", "elk"])
    assert result.accuracy == pytest.approx(0.7)
    assert result.balanced_accuracy == pytest.approx((3 / 4 + 4 / 6) / 2)
    assert result.labels["cat"].precision == pytest.approx(3 / 5)
    assert result.labels["cat"].recall == pytest.approx(3 / 4)
    assert result.labels["cat"].f1 == pytest.approx(6 / 9)
    assert result.macro.f1 == pytest.approx((6 / 9 + 8 / 11) / 2)
    assert result.weighted.recall == pytest.approx(result.accuracy)
    assert result.weighted.precision == pytest.approx((4 * 3 / 5 + 6 * 4 / 5) / 10)
    assert result.accuracy_interval.lower < 0.7 < result.accuracy_interval.upper


def test_what_is_undefined_is_none() -> None:
    result = report([[3, 0, 0], [1, 0, 0], [0, 0, 0]], ["cat", "dog", "elk"])
    dog, elk = result.labels["dog"], result.labels["elk"]
    assert (dog.precision, dog.recall, dog.f1) == (None, 0.0, 0.0)
    assert (elk.precision, elk.recall, elk.f1, elk.recall_interval) == (None, None, None, None)
    empty = report(np.zeros((2, 2)), ["cat", "dog"])
    assert (empty.accuracy, empty.balanced_accuracy, empty.macro.f1, empty.weighted.f1) == (None, None, None, None)
    assert report(np.zeros((0, 0)), []).accuracy is None


@given(pairs, pairs)
def test_matrices_of_parts_add_up_to_the_whole(x: list[tuple[int, int]], y: list[tuple[int, int]]) -> None:
    def matrix(cases: list[tuple[int, int]], **weights: object) -> np.ndarray:
        truth, said = np.array(cases, dtype=int).reshape(-1, 2).T
        return confusion(truth, said, 3, **weights)

    assert np.array_equal(matrix(x) + matrix(y), matrix(x + y))
    assert np.array_equal(matrix(x, weights=np.full(len(x), 2.0)), 2 * matrix(x))
    assert matrix(x).dtype == np.int64


@given(pairs.filter(bool))
def test_everything_stays_between_none_and_all(cases: list[tuple[int, int]]) -> None:
    truth, said = np.array(cases).T
    result = report(confusion(truth, said, 3), "abc")
    assert result.accuracy == pytest.approx((truth == said).mean())
    for rate in result.labels.values():
        for value, interval in ((rate.precision, rate.precision_interval), (rate.recall, rate.recall_interval)):
            if value is not None:
                assert interval.lower <= value <= interval.upper
