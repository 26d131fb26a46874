"""Files the lines that were answered one by one, right after their answers: nobody waits for it, and nobody reads the log without it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future

from sqlalchemy import Connection

from relens.infra.database import Database
from relens.predictions.file_along import file_those_left
from relens.predictions.filing import move_filed
from relens.predictions.logged import Logged
from relens.predictions.reading import Reading


class FileSoon:
    """Lines of one server's memory. What a crash takes from it, the follower finds in the log (`file_along`)."""

    def __init__(self, database: Database, reading: Reading) -> None:
        self._database = database
        self._reading = reading
        self._lock = threading.Lock()
        self._lines: list[Logged] = []

    def add(self, lines: Sequence[Logged]) -> None:
        """Lines that were committed a moment ago."""
        with self._lock:
            first = not self._lines
            self._lines += lines
        if first and lines:
            self._database.write_later(self._file).add_done_callback(self._given_up)

    def _given_up(self, done: Future[None]) -> None:
        """Where the database could not be written; the follower files them when it can be again."""
        if done.exception() is not None:
            with self._lock:
                self._lines = []

    def _file(self, connection: Connection) -> None:
        with self._lock:
            lines, self._lines = sorted(self._lines, key=_place), []
        for run in _runs(lines):
            after, until = run[0].log_seq - 1, run[-1].log_seq
            move_filed(connection, after, until)  # not where a batch before them waits: the follower comes to both
            file_those_left(connection, run, after, until)
        self._reading.keep(lines)


def _place(line: Logged) -> int:
    return line.log_seq


def _runs(lines: Iterable[Logged]) -> list[list[Logged]]:
    """Lines that stand side by side in the log, which ascend."""
    runs: list[list[Logged]] = []
    for line in lines:
        if runs and runs[-1][-1].log_seq == line.log_seq - 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs
