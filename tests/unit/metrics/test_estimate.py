"""Few reviews, drawn with known probabilities, say what is true of all images, and how surely."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.metrics.calibrator import Reviewed, cross_fitted, staircase
from relens.metrics.estimate import (
    LEAST_REVIEWS,
    Sample,
    always_factor,
    half_sampled,
    more_reviews,
    ratio,
    smooth,
    with_intervals,
)
from relens.metrics.influence import Influence

IMAGES = 3_000


def population(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Right answers, answers, predicted right answers, sizes."""
    rng = np.random.default_rng(seed)
    share = rng.beta(4, 2, IMAGES)
    said = rng.poisson(6, IMAGES) + 1.0
    right = rng.binomial(said.astype(int), share).astype(float)
    predicted = said * np.clip(share + rng.normal(0, 0.1, IMAGES), 0, 1)
    return right, said, predicted, 0.3 + 0.7 * np.sqrt(said * share * (1 - share)) / 1.1


def drawn(rng: np.random.Generator, size: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    priority = size / (1 - rng.random(len(size)))
    order = np.argsort(-priority)
    return order[:k], np.minimum(1.0, size[order[:k]] / priority[order[k]])


def test_intervals_hold_what_they_say_and_predictions_narrow_them() -> None:
    right, said, predicted, size = population(1)
    truth, rng = right.sum() / said.sum(), np.random.default_rng(2)
    held, with_help, without, values = 0, [], [], []
    for _ in range(300):
        chosen, p = drawn(rng, size, 150)
        sample = Sample(right[chosen], said[chosen], predicted[chosen], said[chosen], p)
        found = ratio(sample, IMAGES, float(predicted.sum()), float(said.sum()))
        blind = ratio(sample._replace(f=np.zeros(150), g=np.zeros(150)), IMAGES, 0.0, 0.0)
        assert found is not None
        assert blind is not None
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower <= truth <= found.upper
        values.append(found.value)
        with_help.append(found.standard_error)
        without.append(blind.standard_error)
    assert 0.90 <= held / 300 <= 0.99
    assert np.mean(values) == pytest.approx(truth, abs=0.004)
    assert np.mean(with_help) < 0.85 * np.mean(without)


@pytest.mark.parametrize("seed", range(4))
def test_useless_predictions_cost_nothing(seed: int) -> None:
    """Of whatever population: the errors made with predictions that know nothing are those made without any, and so are the intervals."""
    right, said, predicted, size = population(seed)
    truth, rng = right.sum() / said.sum(), np.random.default_rng(seed + 100)
    useless = rng.permutation(predicted)
    errors, widths, held = [], [], 0
    for _ in range(150):
        chosen, p = drawn(rng, size, 150)
        sample = Sample(right[chosen], said[chosen], useless[chosen], useless[chosen], p)
        found = ratio(sample, IMAGES, float(useless.sum()), float(useless.sum()))
        blind = ratio(sample._replace(f=np.zeros(150), g=np.zeros(150)), IMAGES, 0.0, 0.0)
        assert found is not None
        assert blind is not None
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower <= truth <= found.upper
        errors.append((found.value - truth, blind.value - truth))
        widths.append((found.standard_error, blind.standard_error))
    made, blindly = np.sqrt((np.array(errors) ** 2).mean(axis=0))
    assert made < 1.1 * blindly
    assert np.mean([one for one, _ in widths]) < 1.01 * np.mean([other for _, other in widths])
    assert held / 150 > 0.88


@given(st.integers(0, 10_000))
def test_a_smooth_function_of_sums_is_the_ratio_where_it_is_one(seed: int) -> None:
    right, said, predicted, size = population(seed % 7)
    chosen, p = drawn(np.random.default_rng(seed), size, 120)
    y, h = (np.stack([one[chosen], said[chosen]], axis=1) for one in (right, predicted))
    sums = np.array([predicted.sum(), said.sum()])
    plain = ratio(Sample(*y.T, *h.T, p), IMAGES, *sums)
    doubled = smooth(y, h, p, IMAGES, sums, lambda at: 2 * at[..., 0] / (2 * at[..., 1]), np.array([1.0, 0.0]))
    assert plain is not None
    assert doubled is not None
    assert doubled.value == pytest.approx(plain.value)
    assert doubled.standard_error == pytest.approx(plain.standard_error)


def test_a_full_census_leaves_no_doubt() -> None:
    right, said, predicted, _ = population(5)
    found = ratio(
        Sample(right, said, predicted, said, np.ones(IMAGES)), IMAGES, float(predicted.sum()), float(said.sum())
    )
    assert found is not None
    assert found.value == pytest.approx(right.sum() / said.sum())
    assert found.standard_error == 0.0


def test_what_cannot_be_known_is_none() -> None:
    nothing = np.zeros(3)
    assert ratio(Sample(nothing, nothing, nothing, nothing, np.ones(3)), 10, 0, 0) is None
    assert with_intervals(0.5, 0.01, LEAST_REVIEWS - 1).lower is None
    moved = Influence(np.zeros(20), 0.0, 0.0)
    assert half_sampled(0.5, lambda rows: np.full(len(rows), np.nan), np.ones(20), moved) is None
    assert half_sampled(np.nan, lambda rows: np.ones(len(rows)), np.ones(20), moved) is None


@given(st.integers(100, 5_000))
def test_an_interval_for_every_look_is_wider_than_one_for_one_look(k: int) -> None:
    assert 2.2 < always_factor(k) < 6


@given(st.floats(0.001, 0.2), st.integers(100, 3_000))
def test_more_reviews_lead_to_the_width_that_was_asked_for(error: float, k: int) -> None:
    more = more_reviews(with_intervals(0.5, error, k), 0.03)
    assert more >= 0
    if more:
        assert 1.96 * error * np.sqrt(k / (k + more)) <= 0.03


def squared_mean(x: np.ndarray) -> tuple[Callable[[np.ndarray], np.ndarray], Influence]:
    """Of many sets of weights, and what each image moves where one stands for a hundred."""
    moved = Influence(2 * x.mean() * (x - x.mean()) / (100 * len(x)), 0.0, 0.0)
    return (lambda rows: ((rows @ x) / rows.sum(axis=1)) ** 2), moved


def test_a_mean_of_halves_takes_off_the_bias_of_a_square() -> None:
    rng = np.random.default_rng(6)
    plain, mended = [], []
    for _ in range(200):
        value_of, moved = squared_mean(rng.normal(0, 1, 200))
        whole = float(value_of(np.ones((1, 200)))[0])
        found = half_sampled(whole + 0.5, value_of, np.full(200, 0.01), moved)
        assert found is not None
        plain.append(whole)
        mended.append(found.value - 0.5)
    assert abs(np.mean(mended)) < 0.4 * np.mean(plain)


def test_its_interval_is_not_made_by_which_halves_were_drawn_and_holds() -> None:
    rng, held = np.random.default_rng(9), 0
    for run in range(200):
        value_of, moved = squared_mean(rng.normal(0.6, 0.5, 150))
        whole = float(value_of(np.ones((1, 150)))[0])
        found, again = (half_sampled(whole, value_of, np.full(150, 0.01), moved, seed) for seed in (run, run + 1))
        assert found is not None
        assert again is not None
        assert found.standard_error == again.standard_error
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower <= 0.36 <= found.upper
    assert 0.9 < held / 200 < 0.99


def test_the_staircase_rises_and_finds_the_truth() -> None:
    rng = np.random.default_rng(7)
    answers = rng.poisson(0.4, (800, 50)).astype(float)
    true = np.linspace(0.05, 0.9, 50) ** 2
    right = rng.binomial(answers.astype(int), true).astype(float)
    stairs = staircase(Reviewed(answers, right, np.ones(800)))
    assert (np.diff(stairs) >= -1e-12).all()
    assert np.abs(stairs - true).max() < 0.12
    fitted = cross_fitted(Reviewed(answers, right, np.ones(800)), rng.integers(0, 5, 800))
    assert fitted.own.sum() == pytest.approx(right.sum(), rel=0.03)


def test_where_mistakes_are_rare_intervals_still_hold() -> None:
    """Two answers in a hundred are wrong, some of them sure ones: many samples hold few of those, or none."""
    rng = np.random.default_rng(3)
    confidence = np.clip(rng.beta(30, 1, IMAGES), 0.3, 0.999)
    right = (rng.random(IMAGES) < 0.5 * (0.98 + confidence)).astype(float)
    truth, ones = right.mean(), np.ones(IMAGES)
    size = 0.3 + 0.7 * np.sqrt(confidence * (1 - confidence) + 0.05) / 0.3
    held, always, narrowest = 0, 0, 1.0
    for _ in range(400):
        chosen, p = drawn(rng, size, 120)
        some = ones[chosen]
        found = ratio(Sample(right[chosen], some, confidence[chosen], some, p), IMAGES, confidence.sum(), IMAGES)
        assert found is not None
        assert found.lower is not None
        assert found.upper is not None
        assert found.always_lower is not None
        assert found.always_upper is not None
        held += found.lower <= truth <= found.upper
        always += found.always_lower <= truth <= found.always_upper
        narrowest = min(narrowest, found.upper - found.lower)
    assert held >= 380  # 95 %
    assert always >= 380
    assert narrowest > 0.01, "a sample without a mistake does not know that there is none"
