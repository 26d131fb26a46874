"""A model's pooled features in a few numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

from relens.metrics.components import MOST, Components, learn

RNG = np.random.default_rng(3)


def vectors(n: int, d: int = 64) -> np.ndarray:
    """Features that vary in twenty directions, each less than the one before, and hardly in the rest."""
    basis = np.linalg.qr(np.random.default_rng(5).normal(size=(d, d)))[0]
    return 4 + RNG.normal(size=(n, d)) * np.append(3.0 * 0.8 ** np.arange(20), np.full(d - 20, 0.01)) @ basis


@pytest.mark.parametrize("n", [400, 80])
def test_the_scores_are_those_along_the_main_directions_and_the_rest_is_what_lies_off(n: int) -> None:
    """More vectors than numbers in each, and fewer... the two ways to work it out, against a plain SVD."""
    known = vectors(n, 200 if n == 80 else 64)
    found = learn(known)
    assert found is not None
    assert found.directions.shape == (MOST, known.shape[1])
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(MOST), atol=1e-5)
    new = vectors(30, known.shape[1])
    numbers = found.of(new)
    _, _, rows = np.linalg.svd(known - known.mean(axis=0), full_matrices=False)
    expected = (new - known.mean(axis=0)) @ rows[:MOST].T
    np.testing.assert_allclose(np.abs(numbers[:, :MOST]), np.abs(expected), rtol=1e-3, atol=1e-3)
    lengths = np.linalg.norm(new - known.mean(axis=0), axis=1)
    np.testing.assert_allclose(np.hypot(np.linalg.norm(expected, axis=1), numbers[:, MOST]), lengths, rtol=1e-4)
    np.testing.assert_allclose(numbers[:, -1], -logsumexp(new, axis=1), rtol=1e-6)
    assert [one.name for one in found.features()][-3:] == ["component_16", "feature_residual", "feature_energy"]
    assert len(found.features()) == numbers.shape[1] == found.numbers


def test_what_lies_off_the_usual_directions_shows_in_the_residual_only() -> None:
    known = vectors(400)
    found = learn(known)
    assert found is not None
    off = np.linalg.svd(known - known.mean(axis=0))[2][40]
    usual, strange = found.of(known[:50]), found.of(known[:50] + 5 * off)
    np.testing.assert_allclose(usual[:, :MOST], strange[:, :MOST], atol=1e-3)
    assert (strange[:, MOST] > usual[:, MOST] + 1).all()


def test_the_same_images_in_another_order_give_the_same_directions() -> None:
    known = vectors(300)
    one, other = learn(known), learn(known[::-1])
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one.directions, other.directions, atol=1e-4)


def test_vectors_that_are_few_or_all_alike_have_no_directions_and_gaps_are_not_known() -> None:
    assert learn(vectors(3)) is None
    assert learn(np.ones((50, 8))) is None
    few = learn(vectors(20))
    assert few is not None
    assert len(few.directions) == 5
    broken = vectors(3)
    broken[1, 2] = np.inf
    assert np.isnan(few.of(broken)).all(axis=1).tolist() == [False, True, False]


def test_they_are_read_back_as_they_were_written() -> None:
    found = learn(vectors(100))
    assert found is not None
    again = Components.from_arrays(found.to_arrays())
    np.testing.assert_array_equal(again.of(vectors(5) * 0 + 1), found.of(vectors(5) * 0 + 1))
