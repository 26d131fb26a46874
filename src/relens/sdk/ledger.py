"""What a spool remembers beside what waits in it: which numbers it gave, which of them will never come, and how many of everything."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value);
CREATE TABLE IF NOT EXISTS number (deployment TEXT, source TEXT, last INTEGER NOT NULL, PRIMARY KEY (deployment, source));
CREATE TABLE IF NOT EXISTS loss (
  id INTEGER PRIMARY KEY, deployment TEXT NOT NULL, source TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  since INTEGER NOT NULL, until INTEGER NOT NULL, reason TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Loss:
    """Numbers `first` to `last` of a source that will never come, taken between `since` and `until` (microseconds), and why."""

    id: int
    source: str | None
    first: int
    last: int
    since: int
    until: int
    reason: str


class Ledger:
    """Works inside the transaction of whoever calls it."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows

    def writer(self, name: str) -> str:
        """Who writes here: a name that was given once and never changes, so that its numbers are never given twice."""
        self._rows.execute("INSERT OR IGNORE INTO meta VALUES ('writer', ?)", (name,))
        return str(self._rows.execute("SELECT value FROM meta WHERE name = 'writer'").fetchone()[0])

    def next(self, deployment: str, source: str, by: int = 1) -> int:
        """Takes `by` numbers; answers the last of them."""
        statement = (
            "INSERT INTO number VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = last + excluded.last RETURNING last"
        )
        return int(self._rows.execute(statement, (deployment, source, by)).fetchone()[0])

    def lost(self, deployment: str, source: str, numbers: tuple[int, int], times: tuple[int, int], reason: str) -> None:
        """Numbers from first to last will never come. Losses in a row are one line."""
        (first, last), (since, until) = numbers, times
        joined = self._rows.execute(
            "UPDATE loss SET last = ?, until = max(until, ?), since = min(since, ?) "
            "WHERE deployment = ? AND source = ? AND last = ? AND reason = ?",
            (last, until, since, deployment, source, first - 1, reason),
        )
        if joined.rowcount == 0:
            self._rows.execute(
                "INSERT INTO loss (deployment, source, first, last, since, until, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (deployment, source, first, last, since, until, reason),
            )

    def count(self, name: str, by: int) -> None:
        statement = "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value"
        self._rows.execute(statement, (name, by))

    def counted(self, name: str) -> int:
        found = self._rows.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return int(found[0]) if found else 0

    def deployments(self) -> list[str]:
        """Those that numbers were given for."""
        return [row[0] for row in self._rows.execute("SELECT DISTINCT deployment FROM number ORDER BY 1")]

    def given(self, deployment: str) -> list[tuple[str, int]]:
        """(source, last number given)."""
        return self._rows.execute("SELECT source, last FROM number WHERE deployment = ?", (deployment,)).fetchall()

    def losses(self, deployment: str) -> list[Loss]:
        """Those the server was not told of yet, the first 500."""
        rows = self._rows.execute(
            "SELECT id, source, first, last, since, until, reason FROM loss WHERE deployment = ? ORDER BY id LIMIT 500",
            (deployment,),
        ).fetchall()
        return [Loss(row[0], row[1] or None, *row[2:]) for row in rows]

    def told(self, losses: Sequence[Loss]) -> None:
        """Forgets those that have not grown since."""
        for loss in losses:
            self._rows.execute("DELETE FROM loss WHERE id = ? AND last = ?", (loss.id, loss.last))
