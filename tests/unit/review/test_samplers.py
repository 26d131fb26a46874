"""The samplers: what each puts first."""

from hypothesis import given
from hypothesis import strategies as st

from relens.review.sampler import Sampled, samplers
from relens.vision.prediction import Detection
from relens.vision.shapes import Box


def of_boxes(*confidences: float, threshold: float = 0.3, outlier: float | None = None) -> Sampled:
    return Sampled("p", tuple(Detection("a", c, Box(0, 0, 1, 1)) for c in confidences), threshold, False, outlier)


def of_labels(*confidences: float) -> Sampled:
    return Sampled("p", tuple(Detection(f"label {i}", c) for i, c in enumerate(confidences)), 0.0, True)


def doubt(sampled: Sampled) -> float:
    return samplers.get("uncertainty").priority(sampled)


def test_a_box_near_the_threshold_comes_before_a_certain_one() -> None:
    assert doubt(of_boxes(0.3)) > doubt(of_boxes(0.6)) > doubt(of_boxes(0.99))
    assert doubt(of_boxes(0.3)) > doubt(of_boxes(0.02))


def test_a_crowd_of_certain_boxes_does_not_come_first() -> None:
    assert doubt(of_boxes(*[0.95] * 40)) < doubt(of_boxes(0.35))


def test_an_undecided_label_comes_before_a_decided_one() -> None:
    assert doubt(of_labels(0.34, 0.33, 0.33)) > doubt(of_labels(0.9, 0.05, 0.05))


def test_a_strange_image_comes_before_a_usual_one() -> None:
    assert doubt(of_boxes(0.9, outlier=0.999)) > doubt(of_boxes(0.9, outlier=0.5)) == doubt(of_boxes(0.9))


def test_an_image_without_detections_is_not_certain_to_be_empty_but_not_urgent() -> None:
    assert doubt(of_boxes()) == 0.0


confidences = st.lists(st.floats(0, 1), max_size=30)


@given(confidences, st.floats(0, 1), st.floats(0, 1) | st.none(), st.booleans())
def test_every_priority_lies_between_0_and_1(
    values: list[float], threshold: float, outlier: float | None, whole: bool
) -> None:
    shape = None if whole else Box(0, 0, 1, 1)
    sampled = Sampled("p", tuple(Detection("a", c, shape) for c in values), threshold, whole, outlier)
    for _, sampler in samplers:
        assert 0.0 <= sampler.priority(sampled) <= 1.0
