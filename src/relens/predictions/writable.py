"""Whether the log can be written: tried out, because a full disk and a lost database look healthy until somebody writes."""

from __future__ import annotations

import threading

from relens.infra.database import Database
from relens.infra.statements import upsert
from relens.infra.storage import Storage
from relens.infra.tables import counter
from relens.kit import clock
from relens.kit.errors import RelensError

TRY_EVERY_S = 1.0
PROBE = "probe"
LEAST_BYTES = 4096


class Writable:
    """Tries with as many bytes as the largest image that could not be written; after one success with few again."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage
        self._lock = threading.Lock()
        self._bytes = LEAST_BYTES
        self._tried = float("-inf")
        self._trouble: str | None = None

    def failed(self, size: int) -> None:
        """An image of `size` bytes could not be logged."""
        self._bytes = max(self._bytes, size)
        self._tried = float("-inf")

    def trouble(self) -> str | None:
        """Why the log cannot be written, or None; asked often, tried at most every TRY_EVERY_S."""
        with self._lock:
            if clock.stopwatch() - self._tried >= TRY_EVERY_S:
                self._trouble = self._try()
                self._tried = clock.stopwatch()
            return self._trouble

    def _try(self) -> str | None:
        try:
            self._storage.put(PROBE, bytes(self._bytes))
            self._storage.delete(PROBE)
            row = {"name": PROBE, "value": clock.now()}
            self._database.write(lambda connection: upsert(connection, counter, [row], ["name"], ["value"]))
        except (RelensError, OSError) as error:
            return str(error)
        self._bytes = LEAST_BYTES
        return None
