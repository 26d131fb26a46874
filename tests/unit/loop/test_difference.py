"""Where two answers differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relens.loop.difference import difference
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

corner = st.integers(0, 40)
boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), corner, corner, st.integers(5, 30), st.integers(5, 30))
answers = st.lists(st.builds(Detection, st.sampled_from("abc"), st.floats(0.1, 1), boxes), max_size=8)


@given(answers)
def test_an_answer_does_not_differ_from_itself(answer: list[Detection]) -> None:
    assert difference(answer, answer).same
    assert difference(answer, answer[::-1]).amount == 0


@given(answers, answers)
def test_it_is_the_same_whichever_comes_first(one: list[Detection], other: list[Detection]) -> None:
    there, back = difference(one, other), difference(other, one)
    assert sorted(there.gone, key=repr) == sorted(back.new, key=repr)
    assert sorted(there.new, key=repr) == sorted(back.gone, key=repr)
    assert len(there.relabelled) == len(back.relabelled)


@given(answers, answers)
def test_every_detection_is_in_one_place(one: list[Detection], other: list[Detection]) -> None:
    found = difference(one, other)
    same = len(one) - len(found.gone) - len(found.relabelled)
    assert same == len(other) - len(found.new) - len(found.relabelled) >= 0


def test_another_label_on_the_same_thing_is_one_change_and_not_two() -> None:
    found = difference([Detection("nut", 0.8, Box(0, 0, 10, 10))], [Detection("bolt", 0.9, Box(1, 0, 10, 10))])
    assert (found.gone, found.new, len(found.relabelled)) == ((), (), 1)
    assert found.amount == 0.9


def test_whole_images_differ_by_their_best_label_alone() -> None:
    glass, paper = Detection("glass", 0.6), Detection("paper", 0.4)
    assert difference([glass, paper], [Detection("glass", 0.9)]).same
    assert len(difference([glass, paper], [Detection("paper", 0.5), Detection("glass", 0.3)]).relabelled) == 1
    assert difference([], [glass]).new == (glass,)
