"""A long report in few lines."""

from hypothesis import given
from hypothesis import strategies as st

from relens.datasets.found import Problem
from relens.datasets.kinds import EXAMPLES, kinds_of


def test_what_differs_only_in_names_and_numbers_is_one_kind() -> None:
    told = [
        Problem(n, "a.json", f"a box of 'nut {n}' ({n}, 2, 3, 4.5) lies outside the image of 6{n} x 48 pixels")
        for n in range(9)
    ]
    (kind,) = kinds_of(told)
    assert kind.sentence == "a box of … … lies outside the image of … x … pixels"
    assert (kind.count, kind.examples) == (9, told[:EXAMPLES])


def test_what_is_worded_alike_is_said_as_it_is() -> None:
    (kind,) = kinds_of([Problem(n, "x", "the split 'odd' is not known") for n in range(2)])
    assert kind.sentence == "the split 'odd' is not known"


@given(st.lists(st.builds(Problem, st.none(), st.just("f"), st.sampled_from(["a 1", "a 2", "b", "c 'x'", "c 'y'"]))))
def test_every_problem_is_counted_once(problems: list[Problem]) -> None:
    kinds = kinds_of(problems)
    assert sum(kind.count for kind in kinds) == len(problems)
    assert [kind.count for kind in kinds] == sorted((kind.count for kind in kinds), reverse=True)
