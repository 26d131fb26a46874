"""How often chance fools the gate: simulated pairs of classifiers, judged with the real paired intervals."""

import numpy as np
import pytest

from relens.loop.compare import read
from relens.loop.gate import PASSED, Labels, decide
from relens.metrics.paired import paired_classification

SAME = Labels(("a", "b"), ("a", "b"))
GAINS = ("it has learned newer images",)
RUNS = 200


def promoted(images: int, gain: float, shared: float, seed: int, runs: int = RUNS) -> float:
    """The share of `runs` in which a candidate whose true accuracy is 0.75 + `gain` passes.

    `shared`: how much of the difficulty of an image both versions feel (a fine-tuned successor: most of it).
    """
    rng = np.random.default_rng(seed)
    passed = 0
    for run in range(runs):
        common = rng.random(images)
        own = rng.random((2, images))
        luck = np.where(rng.random((2, images)) < shared, common, own)
        champion, candidate = luck[0] < 0.75, luck[1] < 0.75 + gain
        seen = read("accuracy", paired_classification(champion, candidate, seed=run), None)
        passed += decide(seen, SAME, gains=GAINS).decision == PASSED
    return passed / runs


@pytest.mark.parametrize("images", [15, 20, 50, 94, 200, 400])
def test_a_worse_candidate_is_hardly_ever_promoted(images: int) -> None:
    # 600 runs each gave 0 to 0.8 %; seeds are fixed, so what is asserted is what happened.
    assert promoted(images, -0.04, 0.3, seed=images) <= 0.02


@pytest.mark.parametrize("images", [15, 20, 50, 94])
@pytest.mark.parametrize("shared", [0.0, 0.7])
def test_an_equal_candidate_is_hardly_ever_promoted_on_few_images(images: int, shared: float) -> None:
    assert promoted(images, 0.0, shared, seed=images) <= 0.02


def test_a_better_successor_is_promoted() -> None:
    assert promoted(400, 0.05, 0.9, seed=1, runs=100) >= 0.95
    assert promoted(60, 0.20, 0.7, seed=1, runs=100) >= 0.5
