"""The end of the log, read once for all who follow it: filing, metrics and the review queue come to the same lines within a moment.

What was logged is a fact and is kept as it was read; what may change of a line is read each time. A line that was erased since has another
asset in the row that says so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection

from relens.predictions import store
from relens.predictions.logged import Logged, ReviewState

MOST = 8192
"""Lines that are kept: about three kilobytes each."""


class Reading:
    """From any thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._lines: dict[int, Logged] = {}

    def since(self, connection: Connection, log_seq: int, limit: int, deployment_id: str | None = None) -> list[Logged]:
        """The filed lines after `log_seq` in commit order, with scalars and features."""
        places = store.places_since(connection, log_seq, limit, deployment_id)
        with self._lock:
            known = {place.log_seq: self._lines.get(place.log_seq) for place in places}
        missing = [n for n, _, _, asset in places if (line := known[n]) is None or line.asset != asset]
        known |= self.keep(store.at(connection, missing))
        lines = [(known[number], review, outlier) for number, review, outlier, _ in places]
        return [_now(line, review, outlier) for line, review, outlier in lines if line is not None]

    def keep(self, lines: Sequence[Logged]) -> dict[int, Logged]:
        """Remembers lines as they were just read, in place of the oldest ones; the same by their places."""
        read = {line.log_seq: line for line in lines}
        with self._lock:
            self._lines |= read
            self._forget(len(self._lines) - self._most)
        return read

    def _forget(self, many: int) -> None:
        oldest: Iterable[int] = list(islice(self._lines, many)) if many > 0 else ()
        for number in oldest:
            del self._lines[number]


def _now(line: Logged, review: ReviewState, outlier: float | None) -> Logged:
    same = line.review == review and line.outlier == outlier
    return line if same else replace(line, review=review, outlier=outlier)
