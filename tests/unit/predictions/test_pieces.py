"""A batch in pieces says the same as the whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relens.predictions import pieces as module
from relens.predictions.pieces import pieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(autouse=True, scope="module")
def _small_pieces() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ONCE", 20)
        yield


@given(st.lists(VALUES, min_size=1, max_size=12), st.booleans(), st.sampled_from([None, 2]))
def test_all_pieces_together_are_the_batch(items: list[Any], wrapped: bool, indent: int | None) -> None:
    found = pieces(json.dumps({"items": items} if wrapped else items, indent=indent))
    assert found is not None
    assert [item for piece in found for item in json.loads(piece)] == items


def test_no_piece_is_much_longer_than_it_should_be() -> None:
    found = pieces(json.dumps([{"n": n} for n in range(100)]))
    assert found is not None
    assert max(map(len, found)) < 20 + len('{"n": 99}') + 4


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"items": 3}', '{"other": [1]}', '{"items": [1], "more": 2}', '{"items": [1]', "[1, 2]]", "[1 2]", "[1,]", "[,1]", "[1", "1", "[]"],
)  # fmt: skip
def test_what_is_no_batch_or_broken_is_left_to_the_reader_of_the_whole(text: str) -> None:
    assert pieces(text) is None
