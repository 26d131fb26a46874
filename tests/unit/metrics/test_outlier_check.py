"""Whether outlier scores keep their word is asked of images set aside for it, and said when they do not."""

from __future__ import annotations

import numpy as np
import pytest

from relens.metrics import outlier
from relens.metrics.outlier_check import LEAST, PARTS, Calibration, check
from relens.monitoring.learn import ENOUGH_VALIDATION, Measured, described, learn

RNG = np.random.default_rng(8)


def measured(n: int, held_out: int, *, scenes: int = 0) -> tuple[Measured, dict[str, str]]:
    """Images whose numbers are their own, or (`scenes`) nearly those of their scene."""
    table = RNG.normal(size=(n, len(described())))
    where = np.arange(n) % scenes if scenes else np.arange(n)
    if scenes:
        table = RNG.normal(size=(scenes, table.shape[1]))[where] * 3 + table * 0.05
    names = tuple(f"image {i}" for i in range(n))
    known = Measured(names, np.arange(n) < held_out, table.astype(np.float32), None)
    return known, {name: f"scene {k}" for name, k in zip(names, where, strict=True)}


def test_scores_of_images_like_the_reference_keep_their_word() -> None:
    known, scenes = measured(900, 400)
    found = learn("r", known, {}, scenes).reference.calibration
    assert found is not None
    assert found.images == 400
    assert found.held_out
    assert found.holds
    assert found.shares[1] == pytest.approx(0.05, abs=0.04)
    assert found.sentence.startswith("holds: ")


def test_scenes_that_repeat_themselves_make_new_ones_look_strange_and_that_is_said() -> None:
    """Each scene is forty nearly equal images: among those of its own scene each is usual, without them none is."""
    known, scenes = measured(400, 0, scenes=10)
    found = learn("r", known, {}, scenes).reference.calibration
    assert found is not None
    assert not found.held_out
    assert found.holds is False
    assert found.high
    assert "does not hold" in found.sentence
    assert "stranger than they are" in found.sentence


def test_without_validation_images_it_is_said_that_new_ones_may_look_stranger() -> None:
    known, scenes = measured(300, ENOUGH_VALIDATION - 1)
    found = learn("r", known, {}, scenes).reference.calibration
    assert found is not None
    assert found.holds
    assert "with so few validation images" in found.sentence


def test_a_handful_of_images_checks_nothing() -> None:
    found = check(lambda apart: np.zeros(0), [0] * (LEAST - 1), True)
    assert found.holds is None
    assert found.sentence == f"not checked: that takes {LEAST} images, {LEAST - 1} are there"


@pytest.mark.parametrize("power", [0.5, 2.0])
def test_p_values_that_are_too_small_or_too_large_are_told_apart(power: float) -> None:
    parts = [i % PARTS for i in range(2000)]
    found = check(lambda apart: RNG.uniform(size=np.count_nonzero(apart)) ** power, parts, True)
    assert found.holds is False
    assert found.high == (power > 1)


def test_uniform_p_values_hold_nearly_always() -> None:
    parts = [i % PARTS for i in range(400)]

    def one() -> Calibration:
        statistics = RNG.normal(size=(500, 5))

        def score(apart: np.ndarray) -> np.ndarray:
            rest = statistics[100:]
            return 1 - outlier.fit(None, statistics[:100], None, rest[~apart]).score(None, rest[apart])

        return check(score, parts, True)

    assert sum(bool(one().holds) for _ in range(60)) >= 57
