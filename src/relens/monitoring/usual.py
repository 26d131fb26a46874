"""Usual production: the windows of traffic a deployment's drift is judged against, and what each new window adds.

Windows become usual production by themselves as long as they do not plainly differ from the training data and from what was
accepted as normal, or because somebody said so. Imported past production makes windows of its own, which are usual at
once and never alarm. A window that raised an alarm does not become usual by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from relens.kit.clock import DAY, HOUR, Micros
from relens.kit.errors import Invalid
from relens.metrics import drift_alarm
from relens.metrics.drift_alarm import ENOUGH_WINDOWS, LEAST_WINDOWS
from relens.metrics.kinds.drift import pieces
from relens.metrics.reference import Reference

WindowState = Literal["usual", "judged", "waiting", "alarm", "retired"]
"""`judged`: quiet, but no part of usual production; `waiting`: somebody should say whether it is normal; `retired`: was usual once."""
Budget = Literal["year", "quarter", "month"]
PER_YEAR: Mapping[Budget, int] = {"year": 1, "quarter": 4, "month": 12}
SUSPICION = 0.1
"""Of the evidence an alarm takes: with more than that a window does not join usual production."""
QUIET_AGAIN = 7
"""So many windows without an alarm end one that nobody decided about."""
_KEY = "drift_watch"


class BadWatch(Invalid):
    """Windows or a budget that cannot be kept to."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A window closes after `hours` and with at least `images` (`by` time), or with the hour that completes `images` (`by` count)."""

    by: Literal["time", "count"] = "time"
    hours: int = 24
    images: int = 200
    budget: Budget = "year"
    notice: int = 200
    """So many predictions until there may be a notice that production plainly differs from the training data."""

    def __post_init__(self) -> None:
        if not 1 <= self.hours <= 24 * 31 or not 50 <= self.images <= 100_000:
            raise BadWatch("a window takes 1 to 744 hours and 50 to 100,000 images")
        if not 20 <= self.notice <= 100_000:
            raise BadWatch("a notice takes 20 to 100,000 predictions")
        if self.by not in ("time", "count") or self.budget not in PER_YEAR:
            raise BadWatch(
                "windows close by time or by count; the budget is one false alarm a year, a quarter or a month"
            )

    def words(self, deployments: int = 1) -> str:
        """The budget as it is said; it is shared by all deployments that are watched."""
        among = f" among {deployments} watched deployments" if deployments > 1 else ""
        return f"about one false alarm a {self.budget}{among}"

    @staticmethod
    def of(settings: Mapping[str, Any]) -> Watch:
        return Watch(**settings.get(_KEY, {}))

    def to_settings(self) -> dict[str, Any]:
        return {_KEY: asdict(self)}


@dataclass(frozen=True, slots=True, eq=False)
class DriftWindow:
    """One closed window, never changed but for `state`. `counts`: a drift state; `distance`: of the feature that moved most.

    Windows of live traffic are numbered from 1 on as they close; imported ones from -1 backwards, the latest first.
    """

    number: int
    since: Micros
    until: Micros
    images: int
    imported: bool
    state: WindowState
    evidence: float
    distance: float
    feature: str | None
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of traffic on its way into a window."""

    at: Micros
    counts: NDArray[np.int64]
    images: int


def closed(hours: Sequence[Hour], watch: Watch) -> list[list[Hour]]:
    """The windows these hours (ascending, all of them past) fill; what is left over waits for more."""
    windows: list[list[Hour]] = []
    current: list[Hour] = []
    for one in hours:
        if current and watch.by == "time" and _full(current, watch) and one.at - current[0].at >= watch.hours * HOUR:
            windows.append(current)
            current = []
        current.append(one)
        if watch.by == "count" and sum(h.images for h in current) >= watch.images:
            windows.append(current)
            current = []
    if current and watch.by == "time" and _full(current, watch):
        windows.append(current)
    return windows


def _full(hours: Sequence[Hour], watch: Watch) -> bool:
    return sum(one.images for one in hours) >= watch.images


def ready(hours: Sequence[Hour], watch: Watch, now: Micros) -> list[list[Hour]]:
    """Of `closed`, those whose time is over: by time, a window's last hours may still come."""
    windows = closed(hours, watch)
    if windows and watch.by == "time" and windows[-1][-1] is hours[-1]:
        last = windows[-1]
        if now < last[0].at + watch.hours * HOUR:
            windows.pop()
    return windows


def threshold(watch: Watch, windows: Sequence[DriftWindow], deployments: int = 1) -> float:
    """The evidence an alarm takes: by time a year has a known number of windows, by count it shows.

    `deployments` share the budget: ten of them would otherwise give ten times the false alarms.
    """
    live = live_ones(windows)
    a_year = 365.0 * 24 / watch.hours
    if watch.by == "count" and len(live) > 1:
        span = live[-1].until - live[0].since
        a_year = 365.0 * DAY / max(span / len(live), HOUR)
    return drift_alarm.threshold(a_year * max(deployments, 1), PER_YEAR[watch.budget])


def live_ones(windows: Iterable[DriftWindow]) -> list[DriftWindow]:
    return [one for one in windows if not one.imported]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known when a window closes. `plain`: it plainly differs from the training data and from all that was accepted as
    normal; `decided`: the latest window when somebody last said that this is normal; `deployments` share the budget;
    `least`: so many windows of usual production until there are alarms.
    """

    plain: bool = False
    decided: int = 0
    deployments: int = 1
    least: int = LEAST_WINDOWS


def judged(
    past: Sequence[DriftWindow], fresh: Sequence[Hour], reference: Reference, watch: Watch, known: Circumstances
) -> DriftWindow:
    """The next window of live traffic. `past`: imported windows and live ones, the latest last."""
    counts = np.sum([one.counts for one in fresh], axis=0).astype(np.int64)
    images = sum(one.images for one in fresh)
    usual = [one for one in past if one.state == "usual"]
    before = live_ones(past)[-1] if live_ones(past) else None
    # What was added up before somebody said that this is normal speaks of something that is settled.
    carried = before.evidence if before is not None and before.number > known.decided else 0.0
    state: WindowState = "waiting" if known.plain else "usual"
    evidence = distance = 0.0
    feature: str | None = None
    if usual:
        found = drift_alarm.judge(learned(usual, reference), pieces(counts, reference))
        distance, feature = found.furthest, _furthest(found, reference)
        if len(usual) >= known.least:
            a = threshold(watch, past, known.deployments)
            evidence, alarm = drift_alarm.add(carried, found, a)
            joins = not known.plain and len(usual) < ENOUGH_WINDOWS and evidence < SUSPICION * a
            state = "alarm" if alarm else "usual" if joins else "judged"
        elif before is not None and _early(distance, before, images):
            state = "alarm"
    number = before.number + 1 if before else 1
    since, until = fresh[0].at, fresh[-1].at + HOUR
    return DriftWindow(number, since, until, images, False, state, evidence, distance, feature, counts)


def _early(distance: float, before: DriftWindow, images: int) -> bool:
    enough = images + before.images >= drift_alarm.IMAGES_EARLY
    return enough and min(distance, before.distance) >= drift_alarm.PLAIN_EARLY


def learned(usual: Sequence[DriftWindow], reference: Reference) -> drift_alarm.Usual:
    return drift_alarm.learn([pieces(one.counts, reference) for one in usual], reference.categorical())


def _furthest(found: drift_alarm.Evidence, reference: Reference) -> str | None:
    if np.isnan(found.distances).all():
        return None
    place = int(np.nanargmax(found.distances))
    return reference.features[place - 1].name if place else "outlier score"


def alarm_now(windows: Sequence[DriftWindow], decided: int) -> DriftWindow | None:
    """The first window of the alarm that stands: since the last decision (a window's number), and no long quiet time has ended it."""
    since = [one for one in live_ones(windows) if one.number > decided]
    alarms = [i for i, one in enumerate(since) if one.state == "alarm"]
    if not alarms or len(since) - 1 - alarms[-1] >= QUIET_AGAIN:
        return None
    first = alarms[-1]
    for i in reversed(alarms[:-1]):
        if first - i > QUIET_AGAIN:
            break
        first = i
    return since[first]


def began(windows: Sequence[DriftWindow], alarm: DriftWindow) -> DriftWindow:
    """The first window of the change behind an alarm: from there on each one was evidence, though not enough by itself."""
    live = live_ones(windows)
    i = [one.number for one in live].index(alarm.number)
    while i > 0 and _speaks_for_a_change(live[i - 1], live[i - 2] if i > 1 else None):
        i -= 1
    return live[i]


def _speaks_for_a_change(one: DriftWindow, before: DriftWindow | None) -> bool:
    if one.state in ("alarm", "retired"):
        return False
    # What is added up grows faster than by one a window only where the window's own e-value is above 1.
    grown = one.evidence > 1 + (before.evidence if before else 0.0)
    return grown or (one.state != "usual" and one.distance >= drift_alarm.PLAIN_EARLY)


def accepted(windows: Sequence[DriftWindow], decided: int) -> dict[int, WindowState]:
    """What "this is normal" makes of the windows, by number: after an alarm usual production starts anew with what came since."""
    alarm = alarm_now(windows, decided)
    if alarm is None:
        return {one.number: "usual" for one in windows if one.state == "waiting"}
    first = began(windows, alarm)
    changed: dict[int, WindowState] = {}
    for one in windows:
        if one.since >= first.since:
            changed[one.number] = "usual"
        elif one.state == "usual":
            changed[one.number] = "retired"
    return changed


def imported_windows(hours: Sequence[Hour], watch: Watch, anew: Micros) -> list[DriftWindow]:
    """Past production that was brought in (hours ascending) as windows; what fills none is left for later imports.

    `anew`: usual production starts there, because somebody said so; what was before is usual no more.
    """
    filled = closed(hours, watch)
    found = []
    for i, some in enumerate(filled):
        counts = np.sum([one.counts for one in some], axis=0).astype(np.int64)
        since, until = some[0].at, some[-1].at + HOUR
        state: WindowState = "usual" if since >= anew else "retired"
        images = sum(one.images for one in some)
        found.append(DriftWindow(i - len(filled), since, until, images, True, state, 0.0, 0.0, None, counts))
    return found
