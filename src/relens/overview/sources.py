"""Every camera of a deployment: what it sent in a window, when it was last heard of, and whether it has gone silent.

A dead camera sends nothing, so a window knows nothing of it: those heard of lately are listed whatever the window holds.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import Connection

from relens.alerts import feed
from relens.deployments.deployment import Deployment
from relens.kit.clock import HOUR, SECOND, Micros
from relens.monitoring.cameras import POINTS, Camera, Cameras
from relens.monitoring.window import Window
from relens.predictions import browse
from relens.predictions.logged import Logged

MOST = 500
_SILENT = 3
"""So many usual gaps without an image are silence."""
_LEAST = 60 * SECOND
_KEPT = 4096
_LOOKED_AT = 50
_NOTHING = Camera(0, [0] * POINTS, None, None, None, None, None)


@dataclass(frozen=True, slots=True)
class Source:
    """`silent_since`: when the last image came, once that is longer ago than is usual; None: it sends."""

    name: str
    camera: Camera
    last: Logged | None
    silent_since: Micros | None


class Sources:
    """Remembers for an hour how long each camera usually pauses. Thread-safe; reads only."""

    def __init__(self, cameras: Cameras) -> None:
        self._cameras = cameras
        self._gaps: dict[tuple[str, str, Micros], Micros | None] = {}
        self._lock = threading.Lock()

    def of(
        self, connection: Connection, deployment: Deployment, window: Window, now: Micros
    ) -> tuple[list[Source], int]:
        """The cameras, silent ones first and then by name, and how many there are beyond MOST."""
        sent = self._cameras.of(connection, deployment, window)
        names = sorted({*sent, *feed.sources(connection, deployment.id, now)})
        if window.source is not None:
            names = [name for name in names if name == window.source]
        found = [self._source(connection, deployment, name, sent.get(name, _NOTHING), now) for name in names[:MOST]]
        found.sort(key=lambda one: (one.silent_since is None, one.name))
        return found, len(names) - len(found)

    def _source(self, connection: Connection, deployment: Deployment, name: str, camera: Camera, now: Micros) -> Source:
        last = next(iter(_latest(connection, deployment, name, 1)), None)
        if last is None or now - last.taken_at <= _LEAST:
            return Source(name, camera, last, None)
        gap = self._usual_gap(connection, deployment, name, now)
        silent = gap is not None and now - last.taken_at > max(_LEAST, _SILENT * gap)
        return Source(name, camera, last, last.taken_at if silent else None)

    def _usual_gap(self, connection: Connection, deployment: Deployment, name: str, now: Micros) -> Micros | None:
        """The usual pause at this hour; before there was a day to learn it from, the longest among the latest images."""
        key = (deployment.id, name, now - now % HOUR)
        with self._lock:
            if key in self._gaps:
                return self._gaps[key]
        gap = feed.usual_gap(connection, deployment.id, now, name)
        if gap is None:
            times = [line.taken_at for line in _latest(connection, deployment, name, _LOOKED_AT)]
            gap = max((later - earlier for later, earlier in pairwise(times)), default=None)
        with self._lock:
            if len(self._gaps) >= _KEPT:
                self._gaps.clear()
            self._gaps[key] = gap
        return gap


def _latest(connection: Connection, deployment: Deployment, source: str, most: int) -> list[Logged]:
    """Its images, the newest first; production of the past that was brought in says nothing of now."""
    wanted = browse.Filter(source=source, query="origin != imported")
    return browse.page(connection, deployment.id, wanted, "-taken_at", most, None)[0]
