"""The promotion gate: laws of its answer, and that noise does not promote."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.loop.gate import PASSED, REFUSED, UNDECIDED, Comparison, Floors, Labels, decide

SAME = Labels(("a", "b"), ("a", "b"))
NEWER = ("it has learned 50 reviewed images that the champion never saw",)


def seen(
    difference: float, error: float, images: int, objects: int | None = None, groups: int | None = None
) -> Comparison:
    return Comparison(
        metric="accuracy",
        champion=0.6,
        candidate=0.6 + difference,
        difference=difference,
        standard_error=error,
        lower=difference - 1.645 * error,
        upper=difference + 1.645 * error,
        lower_clear=difference - 2.7 * error,
        images=images,
        groups=images if groups is None else groups,
        objects=objects,
    )


def test_without_test_images_it_asks_for_reviews() -> None:
    decision = decide(None, SAME, test_share=0.2)
    assert decision.decision == UNDECIDED
    assert decision.numbers["review_more"] == 75
    assert "review about 75 more" in decision.reasons[0]


def test_test_images_on_which_nothing_is_are_not_said_to_be_missing() -> None:
    decision = decide(None, SAME, without_objects=10)
    assert decision.decision == UNDECIDED
    assert decision.reasons[0].startswith("There is nothing to be found on 10 test images")


def test_fewer_than_fifteen_images_never_promote_and_never_condemn() -> None:
    for difference in (-0.5, 0.0, 0.5):
        assert decide(seen(difference, 0.01, 14), SAME, gains=NEWER).decision == UNDECIDED


def test_many_images_of_a_few_scenes_are_few() -> None:
    decision = decide(seen(0.3, 0.01, 300, groups=6), SAME, gains=NEWER)
    assert decision.decision == UNDECIDED
    assert "300 test images of only 6 scenes" in decision.reasons[0]


def test_images_of_one_scene_count_as_one_for_the_large_test_too() -> None:
    """A candidate that is 4 points worse would pass too often: 400 images of 50 scenes scatter like 50 images."""
    assert decide(seen(0.03, 0.015, 400), SAME).passed
    few_scenes = decide(seen(0.03, 0.015, 400, groups=50), SAME, gains=NEWER)
    assert few_scenes.decision == UNDECIDED
    assert "400 test images of only 50 scenes (200 are wanted)" in " ".join(few_scenes.reasons)


def test_a_clear_gain_passes_on_few_images() -> None:
    decision = decide(seen(0.30, 0.08, 20), SAME)
    assert decision.passed
    assert "clearly better" in decision.reasons[0]


def test_a_gain_that_could_be_luck_does_not_pass_on_few_images() -> None:
    decision = decide(seen(0.10, 0.05, 20), SAME, gains=NEWER)
    assert decision.decision == UNDECIDED
    assert "review" in decision.reasons[0]
    assert "20 of 200 test images" in " ".join(decision.reasons)


def test_a_worse_candidate_is_refused_with_the_numbers() -> None:
    decision = decide(seen(-0.2, 0.05, 60), SAME, gains=NEWER)
    assert decision.decision == REFUSED
    assert "0.400" in decision.reasons[0]
    assert "0.600" in decision.reasons[0]


def test_no_worse_passes_on_many_images_only_when_something_speaks_for_it() -> None:
    equal = seen(0.002, 0.009, 1600)
    assert decide(equal, SAME, gains=NEWER).passed
    without = decide(equal, SAME)
    assert without.decision == UNDECIDED
    assert "nothing else speaks" in without.reasons[1]


def test_no_worse_with_a_falling_estimate_does_not_creep_downwards() -> None:
    assert decide(seen(-0.003, 0.005, 3000), SAME, gains=NEWER).decision != PASSED


def test_few_objects_count_as_a_small_test_even_in_many_images() -> None:
    assert decide(seen(0.03, 0.015, 300, objects=800), SAME).passed
    assert decide(seen(0.03, 0.015, 300, objects=100), SAME).decision == UNDECIDED


def test_a_candidate_that_lost_a_label_is_refused_whatever_its_score() -> None:
    decision = decide(seen(0.3, 0.01, 400), Labels(("a", "b"), ("a",)), gains=NEWER)
    assert decision.decision == REFUSED
    assert "cannot name b" in decision.reasons[0]


def test_the_name_of_a_score_stays_as_it_is_written_at_the_beginning_of_a_sentence() -> None:
    decision = decide(replace(seen(0.01, 0.05, 3), metric="map50_95"), SAME)
    assert any(reason.startswith("mAP ") for reason in decision.reasons)


def test_new_labels_are_said_to_be_not_assessed() -> None:
    decision = decide(seen(0.3, 0.01, 400), Labels(("a",), ("a", "new")))
    assert decision.passed
    assert any("not assessed: new" in reason for reason in decision.reasons)


def test_where_no_label_is_shared_nothing_is_said_to_be_compared() -> None:
    decision = decide(None, Labels(("a", "b"), ("c",)))
    assert decision.decision == REFUSED
    assert "The two have no label in common, so nothing was compared." in decision.reasons


differences = st.floats(-0.5, 0.5)
errors = st.floats(0.0, 0.3)
sizes = st.integers(1, 5000)


@given(differences, errors, sizes, st.booleans())
def test_every_decision_has_reasons_that_are_sentences(
    difference: float, error: float, images: int, newer: bool
) -> None:
    decision = decide(seen(difference, error, images), SAME, gains=NEWER if newer else ())
    assert decision.reasons
    assert all(reason.endswith(".") and not reason[0].islower() for reason in decision.reasons)
    assert (decision.numbers["review_more"] is not None) == (decision.decision == UNDECIDED)


@given(differences, errors, sizes)
def test_what_is_estimated_worse_is_never_promoted(difference: float, error: float, images: int) -> None:
    if difference < 0:
        assert not decide(seen(difference, error, images), SAME, gains=NEWER).passed


@given(differences, errors, sizes, st.floats(0.0, 0.4))
def test_a_better_candidate_is_never_judged_worse_than_a_lesser_one(
    difference: float, error: float, images: int, better: float
) -> None:
    order = [REFUSED, UNDECIDED, PASSED]
    lesser = decide(seen(difference, error, images), SAME, gains=NEWER).decision
    greater = decide(seen(difference + better, error, images), SAME, gains=NEWER).decision
    assert order.index(greater) >= order.index(lesser)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_a_smaller_test_share_asks_for_more_reviews(share: float) -> None:
    few = seen(0.05, 0.05, 50)
    asked = decide(few, SAME, test_share=share).numbers["review_more"]
    assert isinstance(asked, int)
    assert asked * share >= 1
    strict = decide(few, SAME, test_share=share, floors=replace(Floors(), margin=0.01)).numbers["review_more"]
    assert isinstance(strict, int)
    assert strict >= asked
