"""What another threshold would be worth: the truth lies in the interval, few answers say little, and advice names what is as good."""

import numpy as np
import pytest

from relens.metrics.any_threshold import THRESHOLDS, Said, at_least, curves, per_image

IMAGES = 4_000


def traffic(seed: int, images: int = IMAGES) -> Said:
    """All images of a deployment: the surer an answer, the more often it is right; some objects are missed."""
    rng = np.random.default_rng(seed)
    said = rng.poisson(4, images)
    image = np.repeat(np.arange(images), said)
    score = rng.random(len(image))
    right = rng.random(len(image)) < score**0.7
    missed = rng.poisson(0.3, images)
    objects = np.bincount(image[right], minlength=images) + missed
    every = np.ones(len(image), dtype=bool)
    return Said(image, score, right, every, objects.astype(float), np.ones(images), np.ones(images, dtype=bool))


def drawn(of: Said, k: int, seed: int) -> Said:
    """A priority sample: images with more answers are likelier to be looked at."""
    rng = np.random.default_rng(seed)
    images = len(of.objects)
    size = 0.3 + 0.7 * np.bincount(of.image, minlength=images) / 4
    priority = size / (1 - rng.random(images))
    order = np.argsort(-priority)
    chosen = np.sort(order[:k])
    probability = np.minimum(1, size[chosen] / priority[order[k]])
    rows = np.isin(of.image, chosen)
    place = np.searchsorted(chosen, of.image[rows])
    judged = np.ones(k, dtype=bool)
    return Said(place, of.score[rows], of.right[rows], of.counted[rows], of.objects[chosen], probability, judged)


def test_the_truth_at_every_threshold_lies_in_the_interval_nearly_always() -> None:
    whole = traffic(1)
    true = curves(whole)
    missed = dict.fromkeys(("precision", "recall", "f1"), 0)
    for seed in range(60):
        found = curves(drawn(whole, 200, seed))
        for name in missed:
            one, truth = getattr(found, name), getattr(true, name).value
            known = ~np.isnan(one.lower)
            assert known.sum() > 80
            missed[name] += bool(((truth < one.lower) | (truth > one.upper))[known].any())
    assert max(missed.values()) <= 3


def test_the_numbers_are_counts_where_every_image_was_looked_at() -> None:
    whole = traffic(2, 400)
    found = curves(whole)
    for place in (9, 49, 89):
        above = whole.score >= THRESHOLDS[place]
        assert found.precision.value[place] == pytest.approx(whole.right[above].mean())
        assert found.recall.value[place] == pytest.approx(whole.right[above].sum() / whole.objects.sum())


def test_of_thresholds_that_are_equally_good_the_middle_one_is_advised() -> None:
    yes = np.ones(150, dtype=bool)
    found = curves(Said(np.arange(150), np.full(150, 0.8), yes, yes, np.ones(150), np.ones(150), yes))
    assert found.objects == 150
    assert found.best_f1 is not None
    assert THRESHOLDS[found.best_f1.best] == pytest.approx(0.41)
    assert found.best_f1[1:] == (0, 79)


def test_where_no_answer_was_right_no_threshold_is_advised() -> None:
    yes = np.ones(150, dtype=bool)
    found = curves(Said(np.arange(150), np.full(150, 0.8), ~yes, yes, np.ones(150), np.ones(150), yes))
    assert found.f1.value[9] == 0.0
    assert found.best_f1 is None


def test_an_answer_exactly_at_a_threshold_is_given() -> None:
    counts = per_image(np.array([0, 0]), np.array([0.29, 0.57]), 1)
    assert counts[0, [27, 28, 29, 56, 57]].tolist() == [2, 2, 1, 1, 0]


def test_with_few_reviews_there_is_neither_an_interval_nor_advice() -> None:
    found = curves(drawn(traffic(3), 60, 1))
    assert np.isnan(found.f1.lower).all()
    assert not np.isnan(found.f1.value).all()
    assert found.best_f1 is None


def test_the_advised_threshold_is_as_good_as_the_truly_best_one() -> None:
    whole = traffic(4)
    true = curves(whole).f1.value
    for seed in range(20):
        advice = curves(drawn(whole, 300, seed)).best_f1
        assert advice is not None
        assert true[advice.best] > true.max() - 0.03
        assert advice.first <= int(true.argmax()) <= advice.last


def test_the_threshold_for_a_wanted_precision_has_it_in_truth() -> None:
    whole = traffic(5)
    true = curves(whole).precision.value
    kept = 0
    for seed in range(40):
        found = curves(drawn(whole, 400, seed)).precision
        advice = at_least(found, 0.7)
        assert advice is not None
        assert advice.first <= advice.best
        kept += bool(true[advice.best] >= 0.7)
    assert kept >= 39
    assert at_least(found, 0.999) is None


def test_a_few_answers_that_are_all_right_do_not_prove_perfection() -> None:
    one_each = np.arange(150)
    score = np.where(one_each < 40, 0.95, 0.4)
    right = one_each < 40
    yes = np.ones(150, dtype=bool)
    found = curves(Said(one_each, score, right, yes, np.ones(150), np.ones(150), yes))
    assert found.precision.value[89] == 1.0
    assert found.precision.lower[89] < 0.95
    assert found.precision.upper[89] == 1.0


def test_what_nobody_judged_widens_the_intervals_both_ways() -> None:
    some = drawn(traffic(6), 300, 2)
    rng = np.random.default_rng(0)
    skipped = some._replace(judged=rng.random(300) > 0.1)
    before, after = curves(some), curves(skipped)
    assert after.skipped == pytest.approx(0.1, abs=0.05)
    middle = 49
    assert after.precision.lower[middle] < before.precision.lower[middle] - 0.02
    assert after.precision.upper[middle] > before.precision.upper[middle] + 0.005
