"""Keeps estimates while nothing that they rest on has changed, so that a page that looks again and again costs nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.monitoring.checked import Checked
from relens.monitoring.estimated import Estimates, estimates
from relens.monitoring.window import MINUTE, Window, whole_hours
from relens.review import store as verdicts

_KEPT = 256
_TRAFFIC_S = 60.0
"""So long the traffic that arrives meanwhile may go uncounted."""
_REVIEWS_S, _TIMES = 30.0, 20.0
"""So long at most, and for so many times the seconds it takes, an estimate may lag behind the reviews: who reviews quickly does not wait."""


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Estimates
    seq: int
    at: float
    took: float


class Estimating:
    """Thread-safe; reads only."""

    def __init__(self, checked: Checked | None = None) -> None:
        self._checked = checked or Checked()
        self._kept: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, connection: Connection, deployment: Deployment, window: Window) -> Estimates:
        """The estimates of a window; `as_of` says when they were made."""
        key = (deployment.id, deployment.labels, _rounded(window))
        seq, now = verdicts.last_seq_of(connection, deployment.id), clock.stopwatch()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and now - kept.at < _may_be_old(kept, seq):
            return kept.found
        found = replace(estimates(connection, deployment, window, self._checked), as_of=clock.now())
        done = clock.stopwatch()
        with self._lock:
            self._kept[key] = _Kept(found, seq, done, done - now)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def apart(self, connection: Connection, deployment: Deployment, window: Window, by: str) -> dict[str, Estimates]:
        """Of each "label", "source", "model_version" or "role" that was checked, by itself."""
        rows = [one.row for one in self._checked.rows(connection, deployment)]
        if by == "label":
            values = {*deployment.labels, *(label for row in rows for label in row.objects)}
        else:
            seen = [row.facts for row in rows if by == "role" or row.facts.role != "shadow"]
            values = {value for facts in seen if (value := getattr(facts, by)) is not None}
        return {value: self.of(connection, deployment, replace(window, **{by: value})) for value in sorted(values)}  # type: ignore[arg-type]


def _may_be_old(kept: _Kept, seq: int) -> float:
    return _TRAFFIC_S if kept.seq == seq else min(_REVIEWS_S, _TIMES * kept.took)


def _rounded(window: Window) -> Window:
    """A window that ends now is the same window a moment later."""
    if window.of_the_log:
        return replace(window, since=window.since - window.since % MINUTE, until=window.until + -window.until % MINUTE)
    since, until = whole_hours(window)
    return replace(window, since=since, until=until)
