"""Files the lines that batches left, in the order of the log, right after they were logged."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import pydantic_core
from sqlalchemy import Connection, select

from relens.infra.database import Database
from relens.kit import clock
from relens.predictions.filing import Line, ends, file, filed, last_logged, move_filed
from relens.predictions.tables import prediction, signal

CHUNK = 400
"""So many lines are filed in one transaction: about 20 ms on SQLite."""
HOLD_S = 2.0
"""While batches come, they come first: so long their lines may wait to be filed (and then measured)."""
_BATCH = 20


class Filing:
    """`step` for a follower: files what batches left. Several servers may; the place decides who was first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._seen, self._since = 0, 0.0

    def follow(self) -> bool:
        """`step` for a follower, that lets a burst of batches come in first."""
        with self._database.read() as connection:
            last, place = ends(connection)
        return not self._held(last, place) and place < last and self.step()

    def _held(self, last: int, place: int) -> bool:
        """While the log grows by batches, for HOLD_S after the first of them."""
        grown, self._seen = last - self._seen, last
        if place >= last:
            self._since = 0.0
        elif self._since == 0.0:
            self._since = clock.stopwatch()
        return grown >= _BATCH and clock.stopwatch() - self._since < HOLD_S

    def step(self) -> bool:
        """Files up to CHUNK lines; True when there may be more."""
        with self._lock:
            with self._database.read() as connection:
                after = filed(connection)
                lines, until = _unfiled(connection, after)
            if until == after:
                return False
            self._database.write(partial(_file, lines=lines, after=after, until=until))
            return True

    def behind(self) -> int:
        """How many lines are logged and not filed yet."""
        with self._database.read() as connection:
            return max(0, last_logged(connection) - filed(connection))


def _file(connection: Connection, lines: Sequence[Line], after: int, until: int) -> None:
    if not move_filed(connection, after, until):
        return
    numbers = [line.log_seq for line in lines]
    if numbers:  # what was erased in between stays away
        there = select(prediction.c.log_seq).where(prediction.c.log_seq.between(numbers[0], numbers[-1]))
        present = set(connection.execute(there).scalars())
        file(connection, [line for line in lines if line.log_seq in present])


def _unfiled(connection: Connection, after: int) -> tuple[list[Line], int]:
    """The next lines that are not filed, and the place up to which all are then."""
    columns = [prediction.c[name] for name in Line._fields if name != "said"]
    query = (
        select(*columns, prediction.c.detections, signal.c.log_seq.is_not(None).label("done"))
        .outerjoin(signal, signal.c.log_seq == prediction.c.log_seq)
        .where(prediction.c.log_seq > after)
        .order_by(prediction.c.log_seq)
        .limit(CHUNK)
    )
    rows = connection.execute(query).all()
    lines = [Line._make([*row[:-2], said_in(row.detections)]) for row in rows if not row.done]
    return lines, rows[-1].log_seq if rows else after


def said_in(written: str) -> list[tuple[str, float]]:
    """Label and confidence of the detections a line holds."""
    return [(one["label"], one["confidence"]) for one in pydantic_core.from_json(written)]
