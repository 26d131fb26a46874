"""Trace contexts as the standard has them, and numbers of deployments that are gone."""

from __future__ import annotations

import pytest

from relens.infra.telemetry import ANSWERS, REFUSALS, forget_all_but, trace_of

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


def test_a_deployment_that_is_gone_leaves_no_numbers_behind() -> None:
    for name in ("stays", "goes"):
        ANSWERS.labels(name, "champion").observe(0.1)
        REFUSALS.labels(name, "busy").inc()
    forget_all_but({"stays"})
    known = {
        sample.labels["deployment"]
        for metric in (ANSWERS, REFUSALS)
        for family in metric.collect()
        for sample in family.samples
    }
    assert "stays" in known
    assert "goes" not in known
