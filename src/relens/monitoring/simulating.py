"""Keeps what was simulated while nothing that it rests on has changed: a slider asks again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import TypeVar

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.clock import Micros
from relens.monitoring.checked import Checked
from relens.monitoring.replayed import Day, replayed
from relens.monitoring.simulated import Simulated, simulated
from relens.predictions.logged import Logged
from relens.predictions.store import several
from relens.review import store as verdicts

_KEPT = 16
_DAY_S = 60.0
"""So long images that arrive or are erased meanwhile may go unseen."""

Found = TypeVar("Found", Day, Simulated)


class Simulating:
    """Thread-safe; reads only."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._kept: OrderedDict[Hashable, tuple[float, Day | Simulated]] = OrderedDict()
        self._lock = threading.Lock()

    def simulated(self, connection: Connection, deployment: Deployment) -> Simulated:
        """What the random checks say of the champion at every threshold."""
        seq = verdicts.last_seq_of(connection, deployment.id)
        key = (deployment.id, deployment.champion, deployment.labels, seq)
        kept = self._get(key, _DAY_S)
        if isinstance(kept, Simulated):
            return kept
        return self._keep(key, simulated(connection, deployment, self._checked))

    def day(self, connection: Connection, deployment: Deployment, window: tuple[Micros, Micros] | None) -> Day:
        """The images of a window, or of the last 24 hours in which there were any."""
        key = (deployment.id, deployment.champion, window)
        kept = self._get(key, _DAY_S)
        if isinstance(kept, Day):
            return kept
        return self._keep(key, replayed(connection, deployment, window, clock.now()))

    def moved(
        self, connection: Connection, deployment: Deployment, day: Day, threshold: float, limit: int
    ) -> list[Logged]:
        """The images of a day whose answer would change most."""
        moved = day.moved(threshold, deployment.threshold)
        order = [int(place) for place in (-moved).argsort(kind="stable") if moved[place]][:limit]
        lines = {line.id: line for line in several(connection, [day.ids[place] for place in order])}
        return [lines[day.ids[place]] for place in order if day.ids[place] in lines]

    def _get(self, key: Hashable, seconds: float) -> Day | Simulated | None:
        with self._lock:
            at, found = self._kept.get(key, (0.0, None))
        return found if found is not None and clock.stopwatch() - at < seconds else None

    def _keep(self, key: Hashable, found: Found) -> Found:
        with self._lock:
            self._kept[key] = (clock.stopwatch(), found)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found
