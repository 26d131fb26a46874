"""Trace contexts as the standard has them."""

from __future__ import annotations

import pytest

from relens.kit.trace import response_of, trace_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_valid_context_names_its_trace() -> None:
    assert trace_of([f"00-{TRACE}-00f067aa0ba902b7-01"]) == TRACE
    assert trace_of([f"cc-{TRACE}-00f067aa0ba902b7-01-what-the-future-will-be-like"]) == TRACE


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        [f"00-{TRACE}-00f067aa0ba902b7-01"] * 2,
        [f"00-{TRACE}-00f067aa0ba902b7"],
        [f"00-{TRACE}-00f067aa0ba902b7-01-more"],
        [f"ff-{TRACE}-00f067aa0ba902b7-01"],
        [f"00-{'0' * 32}-00f067aa0ba902b7-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [f"00-{TRACE.upper()}-00f067aa0ba902b7-01"],
        [f"00-{TRACE}-00f067aa0ba902b7-01\n"[:-2] + "é"],
    ],
)
def test_any_other_context_is_none(headers: list[str]) -> None:
    assert trace_of(headers) is None


def test_an_answer_belongs_to_the_trace_of_its_request() -> None:
    assert trace_of([response_of(TRACE)]) == TRACE
    assert response_of(TRACE) != response_of(TRACE), "each is a span of its own"
