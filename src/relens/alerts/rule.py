"""An alert rule: a number of a metric, a limit, and when crossing it is worth telling. Pure.

What is not known neither fires nor resolves anything: an alert that stands goes on standing when the data stops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

from relens.alerts.subject import ALL_OR_SOURCE, BY_LABEL, COUNTS, OF_PRODUCTION, BadRule, subject_of
from relens.kit.clock import SECOND, Micros
from relens.kit.errors import NotFound

Operator = Literal["above", "below"]
Estimator = Literal["point", "lower", "upper"]
Severity = Literal["info", "warning", "critical"]
State = Literal["ok", "pending", "firing", "clearing"]
Each = Literal["source", "tag", "label"]
Change = Literal["firing", "resolved", "reminder", "no data", "data"]

LONGEST_WINDOW_S = 90 * 86_400
MOST_CHANNELS = 20
_MOST_IMAGES = 1_000_000_000


class NoRule(NotFound):
    """There is no rule or alert of this id."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """`window_s`: over the last so many seconds. `min_count`: only when so many images stand behind the number.

    `estimator`: the number itself, or a bound that is beyond it with 95 % certainty only; what ends an alert is always the number itself.
    `clear_value`: the limit that ends an alert (None: the same). `for_s`: how long it must hold before anyone is told;
    `keep_firing_s`: how long it must be over before that is told. `cooldown_s`: how long after an end the next one cannot begin.
    `remind_s`: told again so often while it stands. `no_data_after_s`: told when the number has not been known for so long.
    `source`, `tag`, `label`: only those images, or answers; `each`: every source, tag or label by itself. `channels`: who is told; the pages show it anyway.
    """

    id: str
    deployment: str
    metric: str
    field: str
    operator: Operator
    value: float
    window_s: int
    min_count: int
    active: bool
    created_at: Micros
    created_by: str
    clear_value: float | None = None
    for_s: int = 0
    keep_firing_s: int = 0
    estimator: Estimator = "point"
    severity: Severity = "warning"
    cooldown_s: int = 0
    remind_s: int | None = None
    no_data_after_s: int | None = None
    source: str | None = None
    tag: str | None = None
    label: str | None = None
    each: Each | None = None
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        subject = subject_of(self.metric, self.field)
        if self.operator not in get_args(Operator) or self.severity not in get_args(Severity):
            raise BadRule("a rule is 'above' or 'below' a number, and its severity info, warning or critical")
        if self.estimator != "point" and subject.bounded == "no":
            raise BadRule(f"{subject.title} has no bounds: leave the estimator at 'point'")
        if not all(map(math.isfinite, (self.value, self.clear))):
            raise BadRule("the number to compare with must be a finite number")
        if self.clear_value is not None and self._beyond(self.clear_value, self.value):
            raise BadRule("the value that ends an alert must not itself be beyond the limit")
        if not 60 <= self.window_s <= LONGEST_WINDOW_S:
            raise BadRule("a window is 60 seconds to 90 days long")
        if not 1 <= self.min_count <= _MOST_IMAGES or min(self.for_s, self.keep_firing_s, self.cooldown_s) < 0:
            raise BadRule("min_count is 1 to a billion, and durations are not negative")
        if max(self.for_s, self.keep_firing_s, self.cooldown_s) > LONGEST_WINDOW_S:
            raise BadRule("a duration is at most 90 days long")
        if any(s is not None and not 60 <= s <= LONGEST_WINDOW_S for s in (self.remind_s, self.no_data_after_s)):
            raise BadRule("reminders, and the time without data, are 60 seconds to 90 days")
        self._check_slices()
        if len(self.channels) > MOST_CHANNELS:
            raise BadRule(f"a rule tells at most {MOST_CHANNELS} channels")

    def _check_slices(self) -> None:
        by: dict[Each, str | None] = {"source": self.source, "tag": self.tag, "label": self.label}
        if self.each is not None and by[self.each] is not None:
            raise BadRule(f"choose one {self.each}, or each {self.each} by itself, not both")
        may = slices_of(self.metric, self.field)
        for name, value in by.items():
            if (value is not None or name == self.each) and name not in may:
                title, what = subject_of(self.metric, self.field).title, " or ".join(("all images", *may))
                raise BadRule(f"{title} is known of {what}: leave out the {name}")

    @property
    def clear(self) -> float:
        return self.value if self.clear_value is None else self.clear_value

    def holds(self, value: float) -> bool:
        """Whether the number is beyond the limit."""
        return self._beyond(value, self.value)

    def still_holds(self, value: float) -> bool:
        """Whether it is still beyond the value that ends an alert."""
        return self._beyond(value, self.clear)

    def _beyond(self, value: float, limit: float) -> bool:
        return value > limit if self.operator == "above" else value < limit


def slices_of(metric: str, field: str) -> tuple[Each, ...]:
    """By what the images behind this number can be told apart."""
    if (metric, field) in OF_PRODUCTION or metric == "unlogged":
        return ()
    if metric in ALL_OR_SOURCE:
        return ("source",)
    return ("source", "tag", "label") if metric in BY_LABEL else ("source", "tag")


@dataclass(frozen=True, slots=True)
class Reading:
    """The number now (None: not known) and how many images stand behind it. `point`: the number itself where `value` is a bound of it."""

    value: float | None
    count: int
    point: float | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Where a rule stands with one slice. `since`: when this state began, for "clearing" when the alert did.

    `last_held`: when the number was last beyond its limit. `resolved_at`: when the last alert ended. `told_at`: when the standing one was last
    told or due to be. `unknown_since`: since when the number is not known (0: it is); `no_data`: that was told.
    """

    state: State = "ok"
    since: Micros = 0
    last_held: Micros = 0
    resolved_at: Micros | None = None
    told_at: Micros = 0
    unknown_since: Micros = 0
    no_data: bool = False
    snoozed_until: Micros = 0

    @property
    def stands(self) -> bool:
        """There is an alert that is not over."""
        return self.state in ("firing", "clearing")


def advance(rule: AlertRule, watch: Watch, reading: Reading, at: Micros) -> tuple[Watch, Change | None]:
    """The next state, and what there is to tell. At most one thing per call; firing and resolved take turns."""
    if not known(rule, reading):
        return _while_unknown(rule, watch, at)
    assert reading.value is not None
    if watch.no_data:
        return replace(watch, unknown_since=0, no_data=False), "data"
    watch = replace(watch, unknown_since=0)
    if watch.stands:
        return _while_firing(rule, watch, reading.value if reading.point is None else reading.point, at)
    if not rule.holds(reading.value):
        return (watch if watch.state == "ok" else replace(watch, state="ok", since=at)), None
    began = watch.since if watch.state == "pending" else at
    cooled = watch.resolved_at is None or at - watch.resolved_at >= rule.cooldown_s * SECOND
    if cooled and at - began >= rule.for_s * SECOND:
        return replace(watch, state="firing", since=at, last_held=at, told_at=at), "firing"
    return replace(watch, state="pending", since=began, last_held=at), None


def known(rule: AlertRule, reading: Reading) -> bool:
    """Whether the number can be judged. How many images there are is known even when there are none."""
    if reading.value is None or not math.isfinite(reading.value):
        return False
    return rule.metric in COUNTS or reading.count >= rule.min_count


def _while_unknown(rule: AlertRule, watch: Watch, at: Micros) -> tuple[Watch, Change | None]:
    since = watch.unknown_since or at
    watch = replace(watch, unknown_since=since)
    if watch.state == "pending":
        watch = replace(watch, state="ok", since=at)
    if rule.no_data_after_s is not None and not watch.no_data and at - since >= rule.no_data_after_s * SECOND:
        return replace(watch, no_data=True), "no data"
    return _reminded(rule, watch, at)


def _while_firing(rule: AlertRule, watch: Watch, value: float, at: Micros) -> tuple[Watch, Change | None]:
    if rule.still_holds(value):
        return _reminded(rule, replace(watch, state="firing", last_held=at), at)
    if at - watch.last_held >= rule.keep_firing_s * SECOND:
        return replace(watch, state="ok", since=at, resolved_at=at, snoozed_until=_later(watch, at)), "resolved"
    return replace(watch, state="clearing"), None


def _reminded(rule: AlertRule, watch: Watch, at: Micros) -> tuple[Watch, Change | None]:
    """A reminder when one is due; the end of a snooze is one, too."""
    if at < watch.snoozed_until:
        return watch, None
    woken = watch.snoozed_until > 0
    watch = replace(watch, snoozed_until=0)
    due = rule.remind_s is not None and at - watch.told_at >= rule.remind_s * SECOND
    if watch.state == "firing" and (woken or due):
        return replace(watch, told_at=at), "reminder"
    return watch, None


def _later(watch: Watch, at: Micros) -> Micros:
    """A snooze outlasts the alert it was said of, so that one that comes and goes stays quiet."""
    return watch.snoozed_until if watch.snoozed_until > at else 0
