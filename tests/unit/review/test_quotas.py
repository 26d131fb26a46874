"""A batch of hard cases: never more than its quota of outliers, and rare labels have their share where they are to be had."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relens.review.disagreement import disagreement
from relens.review.looks import NEAR, Looks
from relens.review.quotas import MOST_STRANGE, Case, pick, starved
from relens.vision.prediction import Detection
from relens.vision.shapes import Box

LABELS = ("a", "b", "c")
cases = st.lists(
    st.builds(Case, st.frozensets(st.sampled_from(LABELS)), st.sampled_from([None, "left", "right"]), st.booleans()),
    max_size=40,
)


@given(cases, st.integers(1, 12), st.dictionaries(st.sampled_from(LABELS), st.integers(0, 50)))
def test_a_batch_keeps_its_quotas_and_is_full_where_that_can_be(
    ranked: list[Case], limit: int, reviewed: dict[str, int]
) -> None:
    taken = pick(ranked, limit, reviewed, LABELS)
    strange, plain = (sum(case.strange is which for case in ranked) for which in (True, False))
    most = max(1, limit // MOST_STRANGE)
    assert taken == sorted(set(taken))
    assert len(taken) == min(limit, plain + min(most, strange))
    assert sum(ranked[place].strange for place in taken) <= most


@given(st.integers(3, 12))
def test_a_starved_label_has_its_share(limit: int) -> None:
    common, rare = Case(frozenset("a"), None, False), Case(frozenset("b"), None, False)
    taken = pick([common] * 40 + [rare] * 10, limit, {"a": 90, "b": 2, "c": 8}, LABELS)
    assert sum(place >= 40 for place in taken) == min(-(-limit // 3), limit // 2)
    assert not [
        place for place in pick([common] * 40 + [rare] * 10, limit, {"a": 5, "b": 5, "c": 5}, LABELS) if place >= 40
    ]


def test_one_camera_leaves_half_of_a_batch_to_the_others() -> None:
    loud, quiet = Case(frozenset("a"), "left", False), Case(frozenset("a"), "right", False)
    taken = pick([loud] * 20 + [quiet] * 20, 8, {}, LABELS)
    assert sum(place < 20 for place in taken) == 4


def test_nothing_is_starved_before_anything_was_reviewed() -> None:
    assert starved({}, LABELS) == []
    assert starved({"a": 90, "b": 2, "c": 8}, LABELS) == ["b", "c"]


@given(st.integers(0, 2**256 - 1), st.sets(st.integers(0, 255), max_size=40))
def test_looks_are_near_up_to_a_dozen_bits(mark: int, flipped: set[int]) -> None:
    other = mark
    for bit in flipped:
        other ^= 1 << bit
    looks = Looks([f"{mark:064x}"])
    assert looks.near(f"{other:064x}") == (len(flipped) <= NEAR)
    assert not looks.near("")


boxes = st.builds(lambda x, y: Box(x, y, x + 20, y + 20), st.floats(0, 60), st.floats(0, 60))
answers = st.lists(st.builds(Detection, st.sampled_from(LABELS), st.just(0.9), boxes | st.none()), max_size=6)


@given(answers, answers)
def test_disagreement_is_none_with_oneself_and_never_more_than_all_answers(
    one: list[Detection], other: list[Detection]
) -> None:
    assert disagreement(one, one) == 0
    assert 0 <= disagreement(one, other) <= len(one) + len(other)
    assert disagreement(one, []) == len(one)
