"""Quiet hours: a stretch of every day, on the clocks of a time zone, in which no run begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from relens.kit.clock import SECOND, Micros
from relens.kit.errors import Invalid


class BadPolicy(Invalid):
    """Settings under which the loop could not run."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end`, minutes after midnight on the clocks of `time_zone`; over midnight where `end` comes first."""

    start: int
    end: int
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        if not (0 <= self.start < 1440 and 0 <= self.end < 1440) or self.start == self.end:
            raise BadPolicy("quiet hours run from one time of the day to another one, both from 00:00 to 23:59")
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, LookupError) as error:
            raise BadPolicy(
                f"this machine knows no time zone '{self.time_zone[:60]}': write it as Europe/Berlin, or UTC"
            ) from error

    def ends(self, now: Micros) -> Micros | None:
        """When they are over, if it is quiet at `now`. A clock that is put forward or back counts as people read it."""
        zone = ZoneInfo(self.time_zone)
        here = datetime.fromtimestamp(now / SECOND, UTC).astimezone(zone)
        passed = here.hour * 60 + here.minute
        if (passed - self.start) % 1440 >= (self.end - self.start) % 1440:
            return None
        day = here.date() + timedelta(days=passed >= self.end)
        over = datetime(day.year, day.month, day.day, self.end // 60, self.end % 60, tzinfo=zone)
        # An hour that is read twice ends the second time.
        return max(round(over.replace(fold=1).timestamp() * SECOND), now + SECOND)
