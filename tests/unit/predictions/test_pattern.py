"""Patterns mean what regular expressions would, in few steps."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from relens.predictions.pattern import matches, plainest

TEXTS = st.text("ab.\n[", max_size=12)
PATTERNS = st.text("ab.*?[\n", max_size=8)


def by_regular_expression(text: str, pattern: str) -> bool:
    made = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(made, text, re.DOTALL) is not None


@given(TEXTS, PATTERNS)
def test_a_pattern_means_what_its_regular_expression_means(text: str, pattern: str) -> None:
    assert matches(text, pattern) == by_regular_expression(text, pattern)
    assert matches(text, plainest(pattern)) == matches(text, pattern)


@given(PATTERNS)
def test_the_plainest_pattern_has_no_two_stars_in_a_row_and_is_its_own_plainest(pattern: str) -> None:
    assert not re.search(r"\*[*?]", plainest(pattern))
    assert plainest(plainest(pattern)) == plainest(pattern)


class Counted(str):
    """A text that counts how often one of its characters is asked for."""

    asked = 0

    def __getitem__(self, key: object) -> str:
        Counted.asked += 1
        return str.__getitem__(self, key)  # type: ignore[index]


def test_a_hundred_stars_take_no_longer_than_text_times_pattern() -> None:
    pattern = "*a" * 100 + "Z"
    text = Counted("a" * 500)
    assert not matches(text, pattern)
    assert Counted.asked <= 2 * len(text) * len(pattern)
    assert not matches("model version 3" * 20, "*?" * 60 + "Z")
