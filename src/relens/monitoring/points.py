"""Points of a chart over time: the states of each stretch of time, and what came per second of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from relens.kit.calendar import cut, following
from relens.kit.clock import SECOND, Micros
from relens.metrics.metric import State, Summed
from relens.metrics.reference import Reference
from relens.monitoring.bucket import Cell
from relens.monitoring.gather import Gathered, together
from relens.monitoring.lasting import These

_TOO_SHORT = 0.1
"""Of a stretch that has only just begun nothing is said per second: a single image would make a peak."""


def seconds(found: Gathered, now: Micros) -> float:
    """From the window's first bucket that holds anything to its end, or to now."""
    first = found.first or min((cell.bucket.hour for cell, _ in found.of("volume")), default=found.since)
    return max(min(found.until, now) - max(found.since, first), SECOND) / SECOND


def series(
    metric: Summed, states: Sequence[tuple[Cell, State]], reference: Reference | None, found: Gathered, now: Micros
) -> tuple[dict[str, Any], ...]:
    """One point per `found.width` microseconds that hold anything, the oldest first."""
    if metric.point is None:
        return ()
    by_time: dict[Micros, list[tuple[Cell, State]]] = defaultdict(list)
    for one in states:
        by_time[cut(one[0].bucket.hour, found.width, found.zone)].append(one)
    point = _remembered if found.lasting else _point
    made = []
    for t in sorted(by_time):
        rate = metric.rate(together(by_time[t]), _covered(t, found, now)) if metric.rate else {}
        made.append({"t": t, **point(metric, These(by_time[t]), reference), **rate})
    return tuple(made)


def _point(metric: Summed, these: These, reference: Reference | None) -> dict[str, Any]:
    assert metric.point is not None
    return metric.point(together(these.ones), reference)


# What is over does not change: of a month that is asked for every few seconds, only the last point is made anew.
_remembered = lru_cache(4096)(_point)


def _covered(t: Micros, found: Gathered, now: Micros) -> float:
    """How many seconds of the stretch that begins at `t` the window and the present have reached; 0 where it is too early to say."""
    over = following(t, found.width, found.zone)
    covered = min(over, found.until, now) - max(t, found.since)
    return covered / SECOND if covered >= _TOO_SHORT * (over - t) else 0.0
