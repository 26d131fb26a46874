import numpy as np
import pytest

from relens.metrics.calibration import LEAST, calibration


def test_a_perfect_model_is_hardly_off_also_on_few_answers() -> None:
    rng = np.random.default_rng(1)
    plain, debiased = [], []
    for _ in range(60):
        p = rng.random(400)
        found = calibration(p, rng.random(400) < p)
        plain.append(found.expected_error)
        debiased.append(found.debiased)
    assert np.mean(plain) > 0.04, "the plain error is biased upwards"
    assert np.mean(debiased) < 0.03


def test_a_model_too_sure_of_itself_leans_upwards_by_as_much() -> None:
    rng = np.random.default_rng(2)
    p = rng.uniform(0.5, 1, 20_000)
    found = calibration(p, rng.random(20_000) < p - 0.2)
    assert found.lean == pytest.approx(0.2, abs=0.01)
    assert found.debiased == pytest.approx(0.2, abs=0.015)
    assert found.furthest == pytest.approx(0.2, abs=0.015)


def test_what_cannot_be_known_is_none() -> None:
    assert calibration([], []).debiased is None
    few = calibration([0.9] * (LEAST - 1), [1] * (LEAST - 1))
    assert few.expected_error is None
    assert few.debiased is not None
    assert calibration([0.4], [1]).debiased is None
