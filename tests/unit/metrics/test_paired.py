from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from relens.metrics.average_precision import ApStore
from relens.metrics.matching import match_image
from relens.metrics.paired import NotPaired, paired_classification, paired_detection
from tests.unit.metrics.coco import insert, random_scene, xyxy


def stores(rng: np.random.Generator, images: int, lost_by_a: float = 0.0) -> tuple[ApStore, ApStore]:
    """B says the objects themselves and noise; A does too but loses some of them."""
    a, b = ApStore(range(3)), ApStore(range(3))
    for key in range(images):
        s = random_scene(rng, 3, decimals=4)
        n = len(s.gt)
        boxes, labels = np.concatenate([s.dt, s.gt]), s.dt_labels + s.gt_labels
        scores = np.concatenate([s.scores, rng.random(n)])
        keep = np.flatnonzero(np.concatenate([np.ones(len(s.dt)), rng.random(n) >= lost_by_a]))
        truth = (xyxy(s.gt), s.gt_labels, s.crowd)
        b.insert(key, match_image(xyxy(boxes), scores, labels, *truth))
        a.insert(key, match_image(xyxy(boxes[keep]), scores[keep], [labels[i] for i in keep], *truth))
    return a, b


def test_a_clearly_better_detector_is_seen_as_better() -> None:
    a, b = stores(np.random.default_rng(0), 40, lost_by_a=0.6)
    result = paired_detection(a, b, seed=1)
    assert result.value_a == pytest.approx(a.summary()["map50_95"])
    assert result.value_b == pytest.approx(b.summary()["map50_95"])
    assert result.difference == pytest.approx(b.summary()["map50_95"] - a.summary()["map50_95"])
    assert result.lower99_small_sample is not None
    assert 0 < result.lower99_small_sample < result.lower95 < result.difference < result.upper95
    assert paired_detection(b, a, seed=1).upper95 == pytest.approx(-result.lower95, abs=0.02)


def test_the_same_detector_twice_differs_by_nothing() -> None:
    a, _ = stores(np.random.default_rng(0), 20)
    result = paired_detection(a, a, statistic="map50")
    assert (result.difference, result.standard_error, result.lower99_small_sample) == (0, 0, 0)


def test_the_seed_decides_the_resampling_and_nothing_else_does() -> None:
    a, b = stores(np.random.default_rng(2), 30, lost_by_a=0.3)
    assert paired_detection(a, b, seed=5) == paired_detection(a, b, seed=5)


def test_images_of_one_group_are_not_independent_evidence() -> None:
    rng = np.random.default_rng(3)
    a, b = ApStore(range(3)), ApStore(range(3))
    for scene in range(10):
        s = random_scene(rng, 3, decimals=4)
        found = rng.random(len(s.dt)) < 0.6
        fewer = replace(s, dt=s.dt[found], dt_labels=np.array(s.dt_labels)[found].tolist(), scores=s.scores[found])
        for copy in range(6):
            insert(a, scene * 10 + copy, fewer)
            insert(b, scene * 10 + copy, s)
    apart = paired_detection(a, b)
    together = paired_detection(a, b, groups={key: key // 10 for key in a.image_keys})
    assert (apart.n_groups, together.n_groups) == (60, 10)
    assert apart.difference == together.difference
    assert together.standard_error > 1.5 * apart.standard_error


def test_different_images_cannot_be_compared() -> None:
    a, b = stores(np.random.default_rng(0), 5)
    b.remove(4)
    with pytest.raises(NotPaired, match="5 images and version B on 4"):
        paired_detection(a, b)
    with pytest.raises(NotPaired):
        paired_classification([1, 0], [1])


def test_with_nothing_to_measure_nothing_is_known() -> None:
    assert paired_classification([], []).difference is None
    assert paired_detection(ApStore(["cat"]), ApStore(["cat"])).difference is None
    empty = ApStore(["cat"])
    empty.insert(1, {})
    assert paired_detection(empty, empty).value_a is None
    one = paired_classification([0], [1])
    assert (one.difference, one.lower95, one.lower99_small_sample) == (1.0, None, None)


@given(st.integers(0, 2**32), st.integers(15, 120))
@settings(max_examples=25, deadline=None)
def test_the_standard_error_of_accuracy_is_that_of_a_mean(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.random(n) < 0.7, rng.random(n) < 0.8
    result = paired_classification(a, b)
    assert result.difference == pytest.approx(b.mean() - a.mean())
    expected = stats.sem(b.astype(float) - a)
    assert result.standard_error >= expected * 0.999
    assert result.standard_error == pytest.approx(expected, rel=0.35)


@given(st.integers(0, 2**32), st.integers(15, 60))
@settings(max_examples=50, deadline=None)
def test_accuracy_is_not_called_better_before_an_exact_sign_test_agrees(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.random(n) < 0.5, rng.random(n) < 0.95
    result = paired_classification(a, b)
    wins, losses = int((b & ~a).sum()), int((a & ~b).sum())
    if result.lower99_small_sample > 0:
        assert stats.binomtest(wins, wins + losses, 0.5, alternative="greater").pvalue <= 0.01
    assert result.lower99_small_sample <= result.lower95


def test_weights_estimate_the_traffic_and_not_the_queue() -> None:
    result = paired_classification([1, 0, 1, 0], [1, 1, 0, 0], weights=[1, 3, 1, 1])
    assert result.value_a == pytest.approx(2 / 6)
    assert result.value_b == pytest.approx(4 / 6)


def test_equal_candidates_are_rarely_promoted_on_few_images() -> None:
    rng = np.random.default_rng(9)
    wrong = 0
    for _ in range(400):
        shared = rng.random(20) < 0.5
        a, b = (np.where(shared, True, rng.random(20) < 0.5) for _ in range(2))
        bound = paired_classification(a, b).lower99_small_sample
        wrong += bound is not None and bound > 0
    assert wrong <= 8
