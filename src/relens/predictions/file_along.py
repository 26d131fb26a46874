"""Files the lines that batches left, in the order of the log, right after they were logged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection, select

from relens.infra.database import Database
from relens.infra.statements import quick
from relens.kit import clock
from relens.predictions import store
from relens.predictions.filing import ends, file, filed, last_logged, move_filed
from relens.predictions.logged import Logged, read_columns
from relens.predictions.reading import Reading
from relens.predictions.tables import prediction, signal

CHUNK = 400
"""So many lines are filed in one transaction: about 20 ms on SQLite."""
HOLD_S = 5.0
"""While more comes than could be filed along, it comes first: so long its lines may wait to be filed (and then measured)."""
BURST, CALM = 3000.0, 1000.0
"""Lines a second: so many could hardly be filed beside taking them in; fewer than that and the burst is over."""
_TOLD = 1000


class Filing:
    """`step` for a follower: files what batches left. Several servers may; the place decides who was first.

    `tell`: whoever goes on with lines that are filed; called as often as is worth their while.
    """

    def __init__(
        self, database: Database, reading: Reading | None = None, tell: Sequence[Callable[[], None]] = ()
    ) -> None:
        self._database = database
        self._reading = reading or Reading()
        self._tell = tuple(tell)
        self._lock = threading.Lock()
        self._seen, self._seen_at, self._since, self._burst = 0, 0.0, 0.0, False
        self._untold = 0

    def follow(self) -> bool:
        """`step` for a follower, that lets a burst of batches come in first."""
        with self._database.read() as connection:
            last, place = ends(connection)
        return not self._held(last, place) and place < last and self.step()

    def _held(self, last: int, place: int) -> bool:
        """In a burst, for HOLD_S after the first line that waits."""
        now = clock.stopwatch()
        grown, took = last - self._seen, now - self._seen_at
        self._seen, self._seen_at = last, now
        self._burst = grown >= (CALM if self._burst else BURST) * took
        if place >= last:
            self._since = 0.0
        elif self._since == 0.0:
            self._since = now
        return self._burst and now - self._since < HOLD_S

    def step(self) -> bool:
        """Files up to CHUNK lines; True when there may be more."""
        with self._lock:
            with self._database.read() as connection:
                after = filed(connection)
                lines, until = _unfiled(connection, after)
            if until > after:
                read_columns(lines)  # before the transaction, which holds up others
                self._reading.keep(lines)
                self._database.write(partial(_file, lines=lines, after=after, until=until))
            self._say(until - after)
            return until > after

    def _say(self, fresh: int) -> None:
        self._untold += fresh
        if self._untold >= _TOLD or (self._untold and fresh < CHUNK):
            self._untold = 0
            for tell in self._tell:
                tell()

    def behind(self) -> int:
        """How many lines are logged and not filed yet."""
        with self._database.read() as connection:
            return max(0, last_logged(connection) - filed(connection))


def _file(connection: Connection, lines: Sequence[Logged], after: int, until: int) -> None:
    if move_filed(connection, after, until):
        file_those_left(connection, lines, after, until)


def file_those_left(connection: Connection, lines: Sequence[Logged], after: int, until: int) -> None:
    """Of these places of the log, those that nobody has filed in between (for a review, or on another server).

    `lines`: what is known of them. One that was erased since has another asset, and is read anew.
    """
    # Locked where others write as well: who erases one of them waits until it is filed, or is done and the line is read as it is then.
    locked = " FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    waiting = dict(quick(connection, _WAITING + locked, (after, until)))
    same = [line for line in lines if waiting.get(line.log_seq) == line.asset]
    erased = sorted(waiting.keys() - {line.log_seq for line in same})
    file(connection, [*same, *store.at(connection, erased)])


_WAITING = (
    "SELECT log_seq, asset FROM prediction WHERE log_seq > ? AND log_seq <= ? "
    "AND NOT EXISTS (SELECT 1 FROM signal WHERE signal.log_seq = prediction.log_seq)"
)


def _unfiled(connection: Connection, after: int) -> tuple[list[Logged], int]:
    """The next lines that are not filed, and the place up to which all are then."""
    query = (
        select(prediction.c.log_seq, signal.c.log_seq.label("done"))
        .outerjoin(signal, signal.c.log_seq == prediction.c.log_seq)
        .where(prediction.c.log_seq > after)
        .order_by(prediction.c.log_seq)
        .limit(CHUNK)
    )
    rows = connection.execute(query).all()
    lines = store.at(connection, [row.log_seq for row in rows if row.done is None])
    return lines, rows[-1].log_seq if rows else after
