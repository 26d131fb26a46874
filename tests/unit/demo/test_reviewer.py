"""When the simulated reviewer would leave an answer as it is."""

from hypothesis import given
from hypothesis import strategies as st

from relens.demo.reviewer import agrees, iou
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box


def _boxes() -> st.SearchStrategy[Box]:
    corner = st.integers(0, 200)
    side = st.integers(1, 80)
    return st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), corner, corner, side, side)


TRUTHS = st.lists(st.builds(Annotation, st.sampled_from(["bolt", "nut"]), _boxes()), max_size=6)


@given(TRUTHS, st.randoms())
def test_the_truth_in_any_order_is_accepted(truth: list[Annotation], chance: object) -> None:
    said = [Detection(a.label, 0.9, a.shape) for a in truth]
    chance.shuffle(said)  # type: ignore[attr-defined]
    assert agrees(said, truth)


@given(TRUTHS, _boxes())
def test_one_detection_too_many_is_corrected(truth: list[Annotation], more: Box) -> None:
    assert not agrees([*(Detection(a.label, 0.9, a.shape) for a in truth), Detection("bolt", 0.5, more)], truth)


@given(TRUTHS.filter(bool))
def test_a_wrong_label_is_corrected(truth: list[Annotation]) -> None:
    assert not agrees([Detection("gear", 0.9, a.shape) for a in truth], truth)


def test_two_detections_of_one_object_do_not_stand_for_two() -> None:
    near, far = Box(0, 0, 10, 10), Box(50, 50, 60, 60)
    said = [Detection("bolt", 0.9, near), Detection("bolt", 0.8, Box(0, 0, 10, 9))]
    assert not agrees(said, [Annotation("bolt", near), Annotation("bolt", far)])


def test_pairs_are_found_also_when_the_first_choice_is_in_the_way() -> None:
    left, right = Box(0, 0, 100, 10), Box(30, 0, 130, 10)
    said = [Detection("bolt", 0.9, Box(15, 0, 115, 10)), Detection("bolt", 0.8, left)]
    assert agrees(said, [Annotation("bolt", left), Annotation("bolt", right)])


def test_a_classification_is_accepted_when_its_best_label_is_true() -> None:
    said = [Detection("glass", 0.3), Detection("metal", 0.6)]
    assert agrees(said, [Annotation("metal")])
    assert not agrees(said, [Annotation("glass")])
    assert not agrees([], [Annotation("glass")])


@given(_boxes(), _boxes())
def test_overlap_is_symmetric_and_at_most_one(one: Box, other: Box) -> None:
    assert iou(one, other) == iou(other, one)
    assert 0 <= iou(one, other) <= 1
    assert iou(one, one) == 1
