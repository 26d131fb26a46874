"""Usual production: the windows of traffic a deployment's drift is judged against, and what each new window adds.

Windows become usual production by themselves as long as they do not plainly differ from the training data, or because
somebody said so, or because they were imported as past production. A window that raised an alarm never does by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

    def __post_init__(self) -> None:
        if not 1 <= self.hours <= 24 * 31 or not 50 <= self.images <= 100_000:
            raise BadWatch("a window takes 1 to 744 hours and 50 to 100,000 images")
        if self.by not in ("time", "count") or self.budget not in PER_YEAR:
            raise BadWatch(
                "windows close by time or by count; the budget is one false alarm a year, a quarter or a month"
            )

    @property
    def words(self) -> str:
        return f"about one false alarm a {self.budget}"

    @staticmethod
    def of(settings: Mapping[str, Any]) -> Watch:
        return Watch(**settings.get(_KEY, {}))

    def to_settings(self) -> dict[str, Any]:
        return {_KEY: {"by": self.by, "hours": self.hours, "images": self.images, "budget": self.budget}}


@dataclass(frozen=True, slots=True, eq=False)
class DriftWindow:
    """One closed window, never changed but for `state`. `counts`: a drift state; `distance`: of the feature that moved most."""

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
    imported: int


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


def threshold(watch: Watch, windows: Sequence[DriftWindow]) -> float:
    """The evidence an alarm takes: by time a year has a known number of windows, by count it shows."""
    a_year = 365.0 * 24 / watch.hours
    if watch.by == "count" and len(windows) > 1:
        span = windows[-1].until - windows[0].since
        a_year = 365.0 * DAY / max(span / len(windows), HOUR)
    return drift_alarm.threshold(a_year, PER_YEAR[watch.budget])


def judged(
    past: Sequence[DriftWindow], fresh: Sequence[Hour], reference: Reference, watch: Watch, plain: bool, blessed: bool
) -> DriftWindow:
    """The next window. `plain`: it plainly differs from the training data; `blessed`: somebody said that this is normal."""
    counts = np.sum([one.counts for one in fresh], axis=0).astype(np.int64)
    images = sum(one.images for one in fresh)
    imported = sum(one.imported for one in fresh) * 2 > images
    usual = [one for one in past if one.state == "usual"]
    before = past[-1] if past else None
    state: WindowState = "usual" if imported or blessed or not plain else "waiting"
    evidence = distance = 0.0
    feature: str | None = None
    if usual:
        found = drift_alarm.judge(learned(usual, reference), pieces(counts, reference))
        distance, feature = found.furthest, _furthest(found, reference)
        if len(usual) >= LEAST_WINDOWS:
            a = threshold(watch, past)
            evidence, alarm = drift_alarm.add(before.evidence if before else 0.0, found, a)
            joins = len(usual) < ENOUGH_WINDOWS and evidence < SUSPICION * a
            state = "alarm" if alarm else "usual" if joins else "judged"
        elif before is not None and not imported and _early(distance, before, images):
            state = "alarm"
    number = before.number + 1 if before else 1
    since, until = fresh[0].at, fresh[-1].at + HOUR
    return DriftWindow(number, since, until, images, imported, state, evidence, distance, feature, counts)


def _early(distance: float, before: DriftWindow, images: int) -> bool:
    enough = images + before.images >= drift_alarm.IMAGES_EARLY
    return enough and min(distance, before.distance) >= drift_alarm.PLAIN_EARLY


def learned(usual: Sequence[DriftWindow], reference: Reference) -> drift_alarm.Usual:
    return drift_alarm.learn([pieces(one.counts, reference) for one in usual])


def _furthest(found: drift_alarm.Evidence, reference: Reference) -> str | None:
    if np.isnan(found.distances).all():
        return None
    place = int(np.nanargmax(found.distances))
    return reference.features[place - 1].name if place else "outlier score"


def alarm_now(windows: Sequence[DriftWindow], decided: int) -> DriftWindow | None:
    """The first window of the alarm that stands: since the last decision (a window's number), and no long quiet time has ended it."""
    since = [one for one in windows if one.number > decided]
    alarms = [i for i, one in enumerate(since) if one.state == "alarm"]
    if not alarms or len(since) - 1 - alarms[-1] >= QUIET_AGAIN:
        return None
    first = alarms[-1]
    for i in reversed(alarms[:-1]):
        if first - i > QUIET_AGAIN:
            break
        first = i
    return since[first]


def accepted(windows: Sequence[DriftWindow], decided: int) -> dict[int, WindowState]:
    """What "this is normal" makes of the windows, by number: after an alarm usual production starts anew with what came since."""
    alarm = alarm_now(windows, decided)
    if alarm is None:
        return {one.number: "usual" for one in windows if one.state == "waiting"}
    changed: dict[int, WindowState] = {}
    for one in windows:
        if one.number >= alarm.number:
            changed[one.number] = "usual"
        elif one.state == "usual":
            changed[one.number] = "retired"
    return changed
