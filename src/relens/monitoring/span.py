"""Spans of time that sums are kept for: hours, days and months (UTC), and the fewest of them that cover a window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from relens.kit.clock import DAY, HOUR, SECOND, Micros
from relens.metrics.metric import State
from relens.monitoring.bucket import Bucket, Cell

Span = Literal["hour", "day", "month"]
SPANS: tuple[Span, ...] = ("hour", "day", "month")


class Kept(NamedTuple):
    """A sum as it is kept: of one span, of one source or (`whole`, source "") of all of them together."""

    span: Span
    whole: bool
    cell: Cell


class Stretch(NamedTuple):
    """The sums of `span` that begin from `since` on and before `until`."""

    span: Span
    since: Micros
    until: Micros


def begin(span: Span, at: Micros) -> Micros:
    """When the span that `at` lies in begins."""
    if span == "month":
        return (
            int(datetime.fromtimestamp(at // SECOND, UTC).replace(day=1, hour=0, minute=0, second=0).timestamp())
            * SECOND
        )
    return at - at % (HOUR if span == "hour" else DAY)


def rolled(states: Mapping[Cell, State]) -> dict[Kept, State]:
    """The sums that hourly `states` add to: hours, days and months, per source and all together."""
    kept: dict[Kept, State] = {}
    for cell, state in states.items():
        metric, bucket, reference, label = cell
        for span, whole, of in _kept_for(bucket):
            one = Kept(span, whole, Cell(metric, of, reference, label))
            kept[one] = kept[one] + state if one in kept else state
    return kept


@lru_cache(1000)
def _kept_for(bucket: Bucket) -> tuple[tuple[Span, bool, Bucket], ...]:
    """The sums that this one adds to; few buckets hold many cells."""
    spans = [(span, bucket._replace(hour=begin(span, bucket.hour))) for span in SPANS]
    return tuple(
        (span, whole, of._replace(source="") if whole else of) for span, of in spans for whole in (False, True)
    )


def cover(since: Micros, until: Micros, widest: Span) -> list[Stretch]:
    """Stretches that hold every hour from `since` to `until` (whole hours) once, in spans up to `widest`; in order of time."""
    if since >= until:
        return []
    if widest == "hour":
        return [Stretch("hour", since, until)]
    finer = SPANS[SPANS.index(widest) - 1]
    first, last = _next(widest, since), begin(widest, until)
    if first >= last:
        return cover(since, until, finer)
    return [*cover(since, first, finer), Stretch(widest, first, last), *cover(last, until, finer)]


def _next(span: Span, at: Micros) -> Micros:
    """The first beginning of a span that is not before `at`."""
    start = begin(span, at)
    if start == at:
        return at
    return begin(span, start + (32 * DAY if span == "month" else HOUR if span == "hour" else DAY))
