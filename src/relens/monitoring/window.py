"""A window: which predictions a question is about, and how finely the answer is cut in time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from relens.kit.calendar import UTC_NAME, WEEK
from relens.kit.clock import DAY, HOUR, SECOND, Micros
from relens.kit.errors import Invalid

MINUTE = 60 * SECOND
_WIDTHS = (
    (2 * HOUR, MINUTE),
    (10 * HOUR, 5 * MINUTE),
    (5 * DAY, HOUR),
    (10 * DAY, 3 * HOUR),
    (120 * DAY, DAY),
)
"""Up to which length of the window a point is how wide: few points where they would be made of many sums."""


class BadWindow(Invalid):
    """A window that holds no time, or a bucket that time cannot be cut into."""


@dataclass(frozen=True, slots=True)
class Window:
    """`since` <= taken_at < `until`; the other fields: only predictions like that (None: any; any role but shadow).

    `imported`: also production of the past that was brought in afterwards; charts show it, alerts are about what happens now.
    """

    since: Micros
    until: Micros
    source: str | None = None
    tag: str | None = None
    label: str | None = None
    model_version: str | None = None
    role: str | None = None
    imported: bool = True
    zone: str = UTC_NAME
    """Whose days and hours the points of charts are cut into."""
    query: str | None = None
    """In the query language of the log: labels, tags, metadata and what else it knows."""

    def __post_init__(self) -> None:
        if self.until <= self.since:
            raise BadWindow("the window ends before it begins: 'from' must be earlier than 'to'")

    @property
    def of_the_log(self) -> bool:
        """Sums are not kept by tag or query: the log itself has to be read."""
        return self.tag is not None or self.query is not None


def width(window: Window, asked: str = "auto") -> Micros:
    """How wide one point of a chart is: as asked in seconds, or so that there are 10 to 120 points."""
    span = window.until - window.since
    if asked == "auto":
        return next((wide for longest, wide in _WIDTHS if span <= longest), WEEK)
    if not asked.isdigit() or not MINUTE <= int(asked) * SECOND <= 366 * DAY:
        raise BadWindow("a bucket is 'auto' or a number of seconds from 60 on")
    wanted = int(asked) * SECOND
    if span / wanted > 2000:
        raise BadWindow("that would be more than 2,000 points: choose a wider bucket or a shorter window")
    return wanted


def as_drawn(window: Window, bucket: str) -> tuple[Window, Micros]:
    """The window as a chart shows it, and how wide one point is. Weeks are those of UTC: of months of hours a page would be long in coming."""
    wide = width(window, bucket)
    return (replace(window, zone=UTC_NAME) if wide >= WEEK else window), wide


def grain(window: Window, wide: Micros) -> Micros:
    """How finely what makes up points of this width has to be known: days of another place are put together from hours."""
    return wide if window.zone == UTC_NAME or wide <= HOUR else HOUR


def whole_hours(window: Window) -> tuple[Micros, Micros]:
    """The window widened to whole hours, which is how sums are kept."""
    return window.since - window.since % HOUR, window.until + -window.until % HOUR
