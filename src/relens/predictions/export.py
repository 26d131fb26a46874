"""Reads what an export asks for, page by page in the order of the log, and says how far it is."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from relens.infra.database import Database
from relens.kit.errors import NotFound
from relens.kit.ids import new_id
from relens.predictions import browse, filing
from relens.predictions.browse import Filter
from relens.predictions.logged import Logged

PAGE = 500
_SLICE_S = 0.5
_KEPT = 200


class NoExport(NotFound):
    """No export of this server has this id (any more)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`share`: how much of the log is looked through, 0 to 1. `stopped`: whoever asked for it has gone, or it failed."""

    id: str
    written: int = 0
    share: float = 0.0
    state: Literal["running", "finished", "stopped"] = "running"


class Exports:
    """The exports of this server, the latest of them; they live with it, for a stream cannot outlive it either."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Progress] = OrderedDict()

    def begin(self) -> str:
        progress = Progress(new_id())
        self.put(progress)
        return progress.id

    def put(self, progress: Progress) -> None:
        with self._lock:
            self._known[progress.id] = progress
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)

    def get(self, export_id: str) -> Progress:
        """Raises NoExport."""
        with self._lock:
            found = self._known.get(export_id)
        if found is None:
            raise NoExport(f"this server knows no export '{export_id}': begin it again")
        return found


class Reading:
    """The pages of one export: what was filed when it began, however long it takes."""

    def __init__(self, database: Database, deployment_id: str, wanted: Filter) -> None:
        self._database, self._deployment, self._wanted = database, deployment_id, wanted
        with database.read() as connection:
            self._last = filing.filed(connection)
            # Said now, not in the middle of the stream: what is wrong about a query.
            browse.resolved(connection, deployment_id, wanted.tree())

    def pages(self, told: Callable[[int, float], None]) -> Iterator[list[Logged]]:
        """`told` hears how many lines were given and which share of the log was looked through."""
        cursor, given = None, 0
        while True:
            # A connection for each page: a reader that holds one for an hour keeps the log's file from being tidied.
            with self._database.read() as connection:
                found = browse.look(connection, self._deployment, self._wanted, "logged_at", PAGE, cursor, _SLICE_S)
            lines = [line for line in found.lines if line.log_seq <= self._last]
            given += len(lines)
            cursor = found.next
            place = found.until or (found.lines[-1].log_seq if cursor else self._last)
            if cursor is None or place >= self._last:
                cursor, place = None, self._last
            told(given, place / max(1, self._last))
            if lines:
                yield lines
            if cursor is None:
                return


def followed(stream: Iterator[bytes], exports: Exports, export_id: str) -> Iterator[bytes]:
    """The stream; how it ended is written down."""
    state: Literal["finished", "stopped"] = "stopped"
    try:
        yield from stream
        state = "finished"
    finally:
        exports.put(replace(exports.get(export_id), state=state))
