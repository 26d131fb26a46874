"""What can be said of a prediction, and what cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.access.actor import Actor
from relens.kit.errors import Invalid
from relens.review.verdict import (
    BadVerdict,
    NothingToAccept,
    Subject,
    Verdict,
    VerdictChanged,
    annotations_of,
    check_seen,
)
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
from relens.vision.shapes import Box, Mask, Polygon
from relens.vision.task import TASKS

ALICE = Actor("a", "Alice", "person", "reviewer", 0)


def boxes(*answered: Detection) -> Subject:
    return Subject(100, 50, TASKS.get("detection"), ("WBC", "RBC"), answered)


def labels(*answered: Detection) -> Subject:
    return Subject(100, 50, TASKS.get("classification"), ("glass", "paper"), answered)


def test_accepting_makes_annotations_of_what_was_answered() -> None:
    answered = (Detection("WBC", 0.9, Box(1, 2, 30, 40)), Detection("RBC", 0.5, Box(5, 5, 9, 9)))
    said = annotations_of("accepted", (), boxes(*answered))
    assert said == (Annotation("WBC", Box(1, 2, 30, 40)), Annotation("RBC", Box(5, 5, 9, 9)))


def test_accepting_silence_says_that_nothing_is_there() -> None:
    assert annotations_of("accepted", (), boxes()) == ()


def test_nothing_here_is_a_correction_to_no_annotations() -> None:
    assert annotations_of("corrected", (), boxes(Detection("WBC", 0.9, Box(1, 2, 30, 40)))) == ()


def test_accepting_a_classification_takes_the_best_label() -> None:
    assert annotations_of("accepted", (), labels(Detection("paper", 0.4), Detection("glass", 0.6))) == (
        Annotation("glass"),
    )


def test_a_classification_that_answered_nothing_cannot_be_accepted() -> None:
    with pytest.raises(NothingToAccept, match="choose the true label"):
        annotations_of("accepted", (), labels())


@pytest.mark.parametrize("given", [(), (Annotation("glass"), Annotation("paper"))])
def test_a_classified_image_has_exactly_one_label(given: tuple[Annotation, ...]) -> None:
    with pytest.raises(BadVerdict, match="exactly one label"):
        annotations_of("corrected", given, labels())


def test_a_classification_takes_no_box() -> None:
    with pytest.raises(Invalid, match="whole image"):
        annotations_of("corrected", (Annotation("glass", Box(1, 1, 2, 2)),), labels())


def test_a_label_the_deployment_does_not_have_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(BadVerdict, match=r"no label 'dog'.*WBC, RBC"):
        annotations_of("corrected", (Annotation("dog", Box(1, 1, 2, 2)),), boxes())


@pytest.mark.parametrize("box", [Box(-20, 0, 0, 10), Box(100, 0, 100.8, 10), Box(500, 500, 600, 600)])
def test_a_box_with_nothing_in_the_image_is_refused(box: Box) -> None:
    with pytest.raises(BadVerdict, match=r"the box of 'WBC' .* lies outside the image of 100 x 50"):
        annotations_of("corrected", (Annotation("WBC", box),), boxes())


@pytest.mark.parametrize("box", [Box(-0.5, 0, 100.7, 50), Box(-20, -3, 130, 51)])
def test_a_box_that_hangs_over_is_cut_at_the_edge(box: Box) -> None:
    assert annotations_of("corrected", (Annotation("WBC", box),), boxes()) == (Annotation("WBC", Box(0, 0, 100, 50)),)


def test_an_outline_that_hangs_over_is_cut_at_the_edge_and_one_that_encloses_nothing_refused() -> None:
    over = Annotation("WBC", Polygon(((90, 10, 120, 10, 120, 30, 90, 30),)))
    (said,) = annotations_of("corrected", (over,), boxes())
    assert isinstance(said.shape, Polygon)
    assert (said.shape.box(), said.shape.area) == (Box(90, 10, 100, 30), 200)
    with pytest.raises(BadVerdict, match="the polygon of 'WBC' encloses nothing"):
        annotations_of("corrected", (Annotation("WBC", Polygon(((1, 1, 9, 9, 5, 5),))),), boxes())


def test_a_models_box_far_over_the_edge_can_still_be_accepted() -> None:
    said = annotations_of("accepted", (), boxes(Detection("WBC", 0.9, Box(-30, -30, 60, 40))))
    assert said == (Annotation("WBC", Box(0, 0, 60, 40)),)


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(BadVerdict, match="does not fit"):
        annotations_of("corrected", (Annotation("WBC", Mask(10, 10, (50, 50))),), boxes())


def test_unusable_and_skipped_take_no_annotations() -> None:
    for status in ("unusable", "skipped"):
        assert annotations_of(status, (), boxes()) == ()
        with pytest.raises(BadVerdict, match="takes no annotations"):
            annotations_of(status, (Annotation("WBC", Box(1, 1, 2, 2)),), boxes())


def test_pending_is_not_something_to_say() -> None:
    with pytest.raises(BadVerdict, match="reopen"):
        annotations_of("pending", (), boxes())


edges = st.floats(0, 1, allow_nan=False)


@given(edges, edges, edges, edges)
def test_every_accepted_box_lies_in_the_image(x: float, y: float, width: float, height: float) -> None:
    box = Box(x * 160 - 30, y * 90 - 20, x * 160 - 30 + 1 + width * 80, y * 90 - 20 + 1 + height * 60)
    try:
        (said,) = annotations_of("accepted", (), boxes(Detection("WBC", 0.9, box)))
    except BadVerdict:
        assert box.x1 > 99.99 or box.y1 > 49.99 or box.x2 < 0.01 or box.y2 < 0.01
        return
    assert isinstance(said.shape, Box)
    assert said.shape.inside(100, 50, tolerance=0)


def test_a_verdict_that_changed_since_it_was_seen_is_not_overwritten() -> None:
    now = Verdict("p", "d", "a", "v", "corrected", (), "", 3, 9, ALICE, 0)
    for seen in ("3", '"3"', 'W/"3"', "*", None):
        check_seen(now, seen)
    with pytest.raises(VerdictChanged, match="Alice made it 'corrected'; now revision 3, you saw 2"):
        check_seen(now, '"2"')
    check_seen(None, '"0"')
    with pytest.raises(VerdictChanged, match="not reviewed at all"):
        check_seen(None, '"1"')
