"""Days where people live: time cut into stretches that begin at midnight of a time zone, also on the two days of the year that are no 24 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from relens.kit.clock import DAY, HOUR, SECOND, Micros
from relens.kit.errors import Invalid

UTC_NAME = "UTC"
WEEK = 7 * DAY


class NoTimeZone(Invalid):
    """A name that no time zone has."""


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises NoTimeZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise NoTimeZone(
            f"there is no time zone '{name}': write it as Europe/Paris, America/New_York or UTC"
        ) from error


def cut(at: Micros, width: Micros, zone_name: str = UTC_NAME) -> Micros:
    """When the stretch that `at` lies in begins. Days begin at midnight there and weeks on Monday; what is shorter begins with the day."""
    return at - at % width if zone_name == UTC_NAME and width != WEEK else _cut(at, width, zone_name)


@lru_cache(maxsize=16_384)
def _cut(at: Micros, width: Micros, zone_name: str) -> Micros:
    there = zone(zone_name)
    local = datetime.fromtimestamp(at // SECOND, there)
    if width % DAY == 0:
        days = width // DAY
        number = local.date().toordinal() - 1
        return _midnight(date.fromordinal(number - number % days + 1), there)
    begun = _midnight(local.date(), there)
    return at - (at - begun) % width


def following(begun: Micros, width: Micros, zone_name: str = UTC_NAME) -> Micros:
    """When the stretch that begins at `begun` is over."""
    if zone_name == UTC_NAME:
        return begun + width
    if width % DAY:
        midnight = cut(begun + width - 1, DAY, zone_name)
        return midnight if midnight > begun else begun + width
    # A day is up to three hours longer or shorter where clocks change.
    return cut(begun + width + 6 * HOUR, width, zone_name)


def _midnight(day: date, there: ZoneInfo) -> Micros:
    """Where clocks skip midnight, the first moment of the day."""
    begun = datetime.combine(day, time(), there)
    return int(begun.astimezone(UTC).timestamp()) * SECOND
