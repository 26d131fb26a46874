"""JSON from outside is read strictly."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from relens.kit.strict_json import DEEPEST, BadJson, BadText, check_text, read_json

TEXT = some.text(some.characters(exclude_categories=("Cs",), exclude_characters="\0"))
VALUES = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**63), 2**63 - 1)
    | some.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: some.lists(inner) | some.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(VALUES)
def test_whatever_can_be_kept_is_read_as_it_was_written(value: object) -> None:
    assert read_json(json.dumps(value)) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "written",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        "1e999",
        "9" * 5000,
        str(2**63),
        '"\\u0000"',
        '{"\\u0000": 1}',
        '"\\ud800"',
        b"\xff",
        "[" * 100_000,
    ],
)
def test_what_cannot_be_kept_is_refused(written: str | bytes) -> None:
    with pytest.raises(BadJson):
        read_json(written)


def test_nesting_has_an_end() -> None:
    assert read_json("[" * DEEPEST + "]" * DEEPEST)
    with pytest.raises(BadJson):
        read_json("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2))


def test_texts_without_nul_and_halves_pass() -> None:
    assert check_text("Größe 😀", "a name") == "Größe 😀"
    for bad in ("a\0", "\ud83d"):
        with pytest.raises(BadText):
            check_text(bad, "a name")
