"""A planned stop: a time in which a deployment, or one source of it, is meant to stand still. No alert begins in it, and nobody is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from relens.kit.clock import DAY, Micros
from relens.kit.errors import Invalid, NotFound

_LONGEST = 366 * DAY


class BadStop(Invalid):
    """A stop that holds no time."""


class NoStop(NotFound):
    """There is no planned stop of this id."""


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """`since` <= time < `until`. `source`: only that one (None: all)."""

    id: str
    deployment: str
    source: str | None
    since: Micros
    until: Micros
    reason: str
    created_by: str
    created_at: Micros

    def __post_init__(self) -> None:
        if not 0 < self.until - self.since <= _LONGEST:
            raise BadStop("a planned stop ends after it begins, and within a year: 'until' must be later than 'since'")

    def covers(self, slice_: str, at: Micros) -> bool:
        """Whether alerts about this slice ("" for all images) are silent now."""
        return self.since <= at < self.until and self.source in (None, slice_)

    def touches(self, slice_: str, since: Micros, until: Micros) -> bool:
        """Whether any images of the slice may be missing from that time because of it."""
        return self.since < until and since < self.until and (not slice_ or self.source in (None, slice_))


def stopped(stops: Iterable[PlannedStop], slice_: str, at: Micros) -> bool:
    return any(one.covers(slice_, at) for one in stops)
