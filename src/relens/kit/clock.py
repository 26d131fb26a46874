"""Time: one instant type inside (microseconds since 1970, UTC), RFC 3339 outside."""

import time
from datetime import UTC, datetime

from relens.kit.errors import Invalid

Micros = int
SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = datetime.resolution


def now() -> Micros:
    """This instant in microseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns() // 1_000


def stopwatch() -> float:
    """Seconds on a clock that only goes forward; for durations."""
    return time.perf_counter()


def milliseconds_since(started: float) -> float:
    """Milliseconds since `started`, which came from `stopwatch()`."""
    return (time.perf_counter() - started) * 1e3


def give_way() -> None:
    """Lets a thread go first that was woken just now: long enough for it to begin, no longer than it would take to notice."""
    time.sleep(5e-5)


def to_text(instant: Micros) -> str:
    """RFC 3339 in UTC, microseconds kept: 2026-11-22T18:04:05.123456Z."""
    return (_EPOCH + instant * _MICROSECOND).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_text(text: str) -> Micros:
    """The instant an RFC 3339 text names; a time without a zone is refused, because nobody knows which one it meant."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
        if moment.tzinfo is None:
            raise Invalid(
                f"the time {text!r} has no time zone: write it as 2026-11-22T18:04:05Z or with an offset like +02:00"
            )
        instant = (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{text!r} is not a time: write it as 2026-11-22T18:04:05Z (RFC 3339)") from error
    if not 0 <= instant < 253_402_300_800 * SECOND:
        raise Invalid(f"the time {text!r} is before 1970: send a later one")
    return instant
