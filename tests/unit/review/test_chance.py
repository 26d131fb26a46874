"""The laws of the random checks: probabilities that are right whenever people stop, also while images arrive."""

from __future__ import annotations

from itertools import pairwise
from math import inf, isfinite

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from relens.review.chance import (
    FLOOR,
    Cohort,
    Scale,
    after_arrival,
    after_leave,
    after_review,
    priority,
    probability,
    residual,
)
from relens.vision.prediction import Detection

finite = st.floats(0.01, 100, allow_nan=False)
steps = st.lists(st.one_of(st.just("arrival"), st.floats(0.0, 50.0)), max_size=60)


@given(steps)
def test_taus_of_cohorts_never_fall_and_are_the_lowest_head_since_arrival(happened: list[str | float]) -> None:
    cohorts: list[Cohort] = []
    arrived: dict[int, float] = {}
    for place, step in enumerate(happened):
        if isinstance(step, str):
            cohorts = after_arrival(cohorts, place)
            arrived[place] = inf
        else:
            cohorts = after_review(cohorts, step)
            arrived = {one: min(tau, step) for one, tau in arrived.items()}
    assert all(a.tau < b.tau and a.first < b.first for a, b in pairwise(cohorts))
    for place, tau in arrived.items():
        assert next(cohort.tau for cohort in reversed(cohorts) if cohort.first <= place) == tau


@given(finite, finite)
def test_a_probability_lies_between_0_and_1_and_grows_with_the_size(size: float, tau: float) -> None:
    assert 0 < probability(size, tau) <= probability(size * 1.5, tau) <= 1
    assert probability(size, 0.0) == 1


@given(st.lists(st.floats(0, 1), max_size=20))
def test_every_image_has_a_size_above_the_floor(confidences: list[float]) -> None:
    doubt = residual(Detection("x", confidence, None) for confidence in confidences)
    scale = Scale()
    for _ in range(3):
        assert scale.size(doubt) >= FLOOR
        scale = scale.and_one(doubt)
    assert isfinite(priority(scale.size(doubt), "some id"))


def test_the_mean_of_all_traffic_is_estimated_without_bias_while_images_arrive() -> None:
    """The last tau alone would count those that arrived late as if they had had the whole time (0.138 too much on a mean of 0.7)."""
    rounds = [_estimated(np.random.default_rng(seed)) for seed in range(400)]
    error = np.asarray([estimate - truth for estimate, truth in rounds])
    assert abs(error.mean()) < 4 * error.std() / np.sqrt(len(error))
    assert abs(error.mean()) < 0.02


def _estimated(chance: np.random.Generator, images: int = 240) -> tuple[float, float]:
    """(the estimated mean, the true one) of one round: four arrive, one is reviewed, and towards the end more are."""
    sizes = FLOOR + (1 - FLOOR) * chance.gamma(2, 0.5, images)
    truth = (chance.random(images) < np.clip(1 - 0.25 * sizes, 0, 1)).astype(float)
    priorities = sizes / chance.random(images)
    waiting: set[int] = set()
    cohorts: list[Cohort] = []
    for image in range(images):
        waiting.add(image)
        cohorts = after_arrival(cohorts, image)
        for _ in range(image % 4 == 0 or image > images - 20):
            waiting.remove(max(waiting, key=lambda one: priorities[one]))
            cohorts = after_review(cohorts, max((priorities[one] for one in waiting), default=0.0))
    taus = [next(cohort.tau for cohort in reversed(cohorts) if cohort.first <= image) for image in range(images)]
    drawn = [image for image in range(images) if priorities[image] > taus[image]]
    assert not waiting & set(drawn), "who is above tau was looked at"
    total = sum(truth[image] / probability(float(sizes[image]), taus[image]) for image in drawn)
    return float(total) / images, float(truth.mean())


def test_who_arrives_right_behind_the_last_that_left_begins_a_cohort() -> None:
    cohorts = after_leave(after_review(after_arrival([], 1), 3.0), 1, 7, 2.5)
    assert [one.first for one in cohorts] == [1, 8]
    assert after_arrival(cohorts, 8) == [Cohort(1, 3.0, 2.5), Cohort(8, inf)]
    assert after_arrival(cohorts, 9) == [Cohort(1, 3.0, 2.5), Cohort(8, 3.0), Cohort(9, inf)]


@given(st.lists(st.tuples(st.sampled_from(["arrival", "review", "leave"]), st.integers(0, 10**6)), max_size=80))
def test_whatever_leaves_when_all_above_tau_was_looked_at_and_nobody_waits_there(
    happened: list[tuple[str, int]],
) -> None:
    """In any order of arrivals, reviews of the head and leaves: the random checks are those reviewed, and never one that left unseen."""
    cohorts: list[Cohort] = []
    waiting: dict[int, float] = {}
    seen: set[int] = set()
    priorities: dict[int, float] = {}
    for place, (step, number) in enumerate(happened):
        if step == "arrival":
            priorities[place] = waiting[place] = 1 + number / 1000
            cohorts = after_arrival(cohorts, place)
        elif waiting and step == "review":
            head = max(waiting, key=lambda one: waiting[one])
            seen.add(head)
            del waiting[head]
            cohorts = after_review(cohorts, max(waiting.values(), default=0.0))
        elif waiting:
            gone = sorted(waiting)[number % len(waiting)]
            cohorts = after_leave(cohorts, gone, gone, waiting.pop(gone))
        assert all(a.first < b.first for a, b in pairwise(cohorts))
        for one, own in priorities.items():
            tau = next(cohort.tau for cohort in reversed(cohorts) if cohort.first <= one)
            assert own <= tau or one in seen


def test_what_left_unseen_bends_no_estimate() -> None:
    """A month of which few were reviewed and the rest has left, then a month of which many are: the first must not count for less."""
    rounds = np.asarray([_after_a_month_left(np.random.default_rng(seed)) for seed in range(60)])
    assert abs(rounds.mean() - 0.5) < 4 * rounds.std() / np.sqrt(len(rounds))
    assert 0.45 < rounds.mean() < 0.55


def _after_a_month_left(chance: np.random.Generator, images: int = 400) -> float:
    """The estimated share of right answers: none of the first month, all of the second."""
    sizes = FLOOR + (1 - FLOOR) * chance.gamma(2, 0.5, 2 * images)
    priorities = sizes / chance.random(2 * images)
    cohorts: list[Cohort] = []
    for month, reviews in ((0, 40), (1, 200)):
        places = np.arange(month * images, (month + 1) * images)
        cohorts = after_arrival(cohorts, int(places[0]))
        order = places[np.argsort(-priorities[places])]
        for done in range(1, reviews + 1):
            cohorts = after_review(cohorts, float(priorities[order[done]]))
        if month == 0:
            left = order[reviews:]
            # In the order of their arrival, some dozens at a time, as they do.
            begins = 0
            for some in np.array_split(np.sort(left), 12):
                cohorts = after_leave(cohorts, begins, int(some[-1]), float(priorities[some].max()))
                begins = int(some[-1]) + 1
    taus = np.asarray([next(c.tau for c in reversed(cohorts) if c.first <= image) for image in range(2 * images)])
    drawn = np.flatnonzero(priorities > taus)
    weights = 1 / np.minimum(1.0, sizes[drawn] / taus[drawn])
    return float(weights[drawn >= images].sum() / weights.sum())
