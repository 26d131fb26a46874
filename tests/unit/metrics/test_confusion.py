import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from relens.metrics.confusion import ERRORS, count
from relens.metrics.matching import match_image
from tests.unit.metrics.coco import random_scene, xyxy

CAT, DOG, BACKGROUND = 0, 1, 2
BOX = [0.0, 0, 10, 10]
ELSEWHERE = [50.0, 50, 60, 60]
HALF_OFF = [5.0, 0, 15, 10]  # overlaps BOX by 1/3


def errors(*args: object, **kwargs: object) -> dict[str, int]:
    found = count(*args, labels=2, **kwargs).errors
    return {name: int(n) for name, n in zip(ERRORS, found, strict=True) if n}


def test_rows_are_true_columns_are_said_and_the_last_is_background() -> None:
    counts = count([BOX, ELSEWHERE], [0.9, 0.8], [DOG, CAT], [BOX, [80, 80, 90, 90]], [CAT, DOG], labels=2)
    expected = np.zeros((3, 3), dtype=int)
    expected[CAT, DOG] = expected[BACKGROUND, CAT] = expected[DOG, BACKGROUND] = 1
    assert np.array_equal(counts.confusion, expected)


def test_each_kind_of_error_has_its_name() -> None:
    assert errors([BOX], [0.9], [CAT], [BOX], [CAT]) == {}
    assert errors([BOX], [0.9], [DOG], [BOX], [CAT]) == {"label": 1}
    assert errors([HALF_OFF], [0.9], [CAT], [BOX], [CAT]) == {"location": 1}
    assert errors([HALF_OFF], [0.9], [DOG], [BOX], [CAT]) == {"label_and_location": 1, "missed": 1}
    assert errors([BOX, BOX], [0.9, 0.8], [CAT, CAT], [BOX], [CAT]) == {"duplicate": 1}
    assert errors([ELSEWHERE], [0.9], [CAT], [], []) == {"background": 1}
    assert errors([], [], [], [BOX], [CAT]) == {"missed": 1}


def test_a_detection_below_the_threshold_was_not_said() -> None:
    assert errors([BOX], [0.4], [CAT], [BOX], [CAT], threshold=0.5) == {"missed": 1}


def test_a_detection_on_a_crowd_of_its_label_counts_neither_way() -> None:
    found = count([BOX], [0.9], [CAT], [[0, 0, 100, 100]], [CAT], [True], labels=2)
    assert found.confusion.sum() == 0
    assert found.errors.sum() == 0


def test_of_two_equal_overlaps_the_said_label_is_taken() -> None:
    found = count([BOX], [0.9], [DOG], [BOX, BOX], [CAT, DOG], labels=2)
    assert found.confusion[DOG, DOG] == 1


@given(st.integers(0, 2**32), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_every_detection_and_every_object_is_counted_once(seed: int, threshold: float) -> None:
    s = random_scene(np.random.default_rng(seed), 3)
    s.crowd[:] = False
    found = count(xyxy(s.dt), s.scores, s.dt_labels, xyxy(s.gt), s.gt_labels, labels=3, threshold=threshold)
    said = s.scores >= threshold
    assert found.confusion[:, :3].sum() == said.sum()
    assert found.confusion[:3].sum() == len(s.gt)
    assert np.array_equal(found.confusion[:3].sum(axis=1), np.bincount(s.gt_labels, minlength=3)[:3])
    right = sum(
        int(((match.hits[:, 0] & 1) != 0)[match.scores >= threshold].sum())
        for match in match_image(xyxy(s.dt), s.scores, s.dt_labels, xyxy(s.gt), s.gt_labels).values()
    )
    assert found.errors[:5].sum() == said.sum() - right
    assert found.errors[5] <= len(s.gt) - right


def test_counts_of_images_add() -> None:
    one = count([BOX], [0.9], [DOG], [BOX], [CAT], labels=2)
    both = one + one
    assert both.confusion[CAT, DOG] == 2
    assert both.errors.sum() == 2
