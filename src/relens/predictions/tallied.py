"""Images the log has no line of, counted by reason: in memory while nothing can be written, and written down as soon as that works again."""

from __future__ import annotations

import threading

from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import DAY
from relens.predictions.retention import store

Key = tuple[str, int, str]
"""Deployment, day, reason."""


class Tallied:
    """`step`, for a follower, writes down what was counted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        # While this is held, what was counted is either in memory or in the rows.
        self._writing = threading.Lock()
        self._waiting: dict[Key, int] = {}

    def count(self, deployment: str, reason: str, images: int = 1) -> None:
        """From any thread; `reason` is one of `store.MISSED`."""
        self._add({(deployment, clock.now() // DAY, reason): images})

    def waiting(self, deployment: str, reason: str) -> int:
        """What is counted in memory only, so far."""
        with self._lock:
            return sum(images for (one, _, why), images in self._waiting.items() if (one, why) == (deployment, reason))

    def of(self, deployment: str, reason: str) -> int:
        """All that was ever counted, written down or not."""
        with self._writing, self._database.read() as connection:
            written, _ = store.sums(connection, deployment).get(reason, (0, 0))
            return written + self.waiting(deployment, reason)

    def step(self) -> bool:
        with self._writing:
            self._write()
        return False

    def _write(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            sums = {key: (images, 0) for key, images in waiting.items()}
            self._database.write(lambda connection: store.count(connection, sums))
        except BaseException:
            self._add(waiting)
            raise

    def _add(self, more: dict[Key, int]) -> None:
        with self._lock:
            for key, images in more.items():
                self._waiting[key] = self._waiting.get(key, 0) + images
