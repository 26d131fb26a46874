"""A spool: predictions that wait in one SQLite file until the server has them, whatever happens to this program.

Several programs may share the file. Each row is numbered per deployment and source when it is put in, so that the server sees what is
missing. When the spool is full, the images of the oldest waiting predictions go first (their numbers are still sent), then the oldest
predictions themselves. Both are counted, and the server is told.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relens.kit import clock
from relens.kit.errors import Invalid
from relens.kit.ids import new_id
from relens.sdk import forking
from relens.sdk.ledger import TABLES, Ledger, Loss

MOST_ROWS, MOST_BYTES = 1_000_000, 2 << 30
_LOOKED_AT = 1000
_SET_ASIDE = 1000
_TABLES = """
CREATE TABLE IF NOT EXISTS item (
  id INTEGER PRIMARY KEY AUTOINCREMENT, deployment TEXT NOT NULL, source TEXT NOT NULL, seq INTEGER NOT NULL, taken_at INTEGER NOT NULL,
  body TEXT NOT NULL, size INTEGER NOT NULL, image INTEGER NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS item_with_image ON item (id) WHERE image > 0;
CREATE TABLE IF NOT EXISTS image (item INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS aside (id INTEGER PRIMARY KEY, deployment TEXT NOT NULL, body TEXT NOT NULL, problem TEXT NOT NULL);
"""


class BadSpool(Invalid):
    """The spool's file cannot be opened or is none of ours."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One prediction on its way: `body` is what is sent, `image` the bytes beside it."""

    id: int
    body: dict[str, Any]
    image: bytes | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Level:
    """How full it is, and what was let go so far: predictions, images alone, and what the server refused."""

    waiting: int
    bytes: int
    dropped: int
    images_dropped: int
    refused: int


class Spool:
    """Safe for threads and processes. `most_rows` and `most_bytes` bound what waits."""

    def __init__(
        self, path: Path, *, writer: str | None = None, most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES
    ) -> None:
        self.path = path
        self._most_rows, self._most_bytes = most_rows, most_bytes
        self._lock = forking.inner()
        self._unwritten: dict[tuple[str, str], list[int]] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._rows = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            for pragma in ("auto_vacuum=INCREMENTAL", "journal_mode=WAL", "synchronous=NORMAL", "secure_delete=OFF"):
                self._rows.execute(f"PRAGMA {pragma}")
            self._ledger = Ledger(self._rows)
            with self._change():
                for statement in filter(str.strip, (_TABLES + TABLES).split(";")):
                    self._rows.execute(statement)
                self.writer = self._ledger.writer(f"{(writer or socket.gethostname())[:80]}-{new_id()[-8:]}")
        except (OSError, sqlite3.Error) as error:
            raise BadSpool(
                f"the spool {path} cannot be used ({error}): choose another file with spool= or RELENS_SPOOL"
            ) from error

    def put(self, deployment: str, items: Sequence[tuple[Mapping[str, Any], bytes | None]]) -> bool:
        """Keeps them; True when they are in the file. A full disk loses them, counted, rather than stop who predicts."""
        try:
            with self._lock:
                with self._change():
                    self._tell_unwritten()
                    for body, image in items:
                        self._add(deployment, body, image)
                    self._make_room()
                self._unwritten.clear()
        except sqlite3.Error:
            with self._lock:
                for body, _ in items:
                    self._unwritten.setdefault((deployment, body.get("source") or ""), []).append(_taken(body))
            return False
        return True

    def take(self, rows: int, size: int, held: Sequence[str] = ()) -> tuple[str, list[Waiting]] | None:
        """The oldest that are due, of one deployment that is not in `held`: `rows` and `size` bytes at most, one at least."""
        with self._lock:
            marks = ",".join("?" * len(held))
            query = (
                f"SELECT id, deployment, body, size, attempts FROM item WHERE due <= ? AND deployment NOT IN ({marks}) "
                "ORDER BY id LIMIT ?"
            )
            due = self._rows.execute(query, (clock.now() / 1e6, *held, _LOOKED_AT)).fetchall()
            chosen: list[Waiting] = []
            for number, deployment, body, length, attempts in due:
                if deployment != due[0][1]:
                    continue
                size -= length
                if chosen and (size < 0 or len(chosen) >= rows):
                    break
                found = self._rows.execute("SELECT data FROM image WHERE item = ?", (number,)).fetchone()
                chosen.append(Waiting(number, json.loads(body), found[0] if found else None, attempts))
            return (due[0][1], chosen) if chosen else None

    def arrived(self, items: Sequence[Waiting]) -> None:
        """The server has them."""
        with self._lock, self._change():
            for item in items:
                self._remove(item.id)

    def set_aside(self, item: Waiting, problem: str) -> None:
        """The server will never take it: it leaves the line so that the others pass, and is kept to be looked at."""
        with self._lock, self._change():
            row = self._rows.execute(
                "SELECT deployment, source, seq, taken_at FROM item WHERE id = ?", (item.id,)
            ).fetchone()
            if row is None:
                return
            deployment, source, seq, taken_at = row
            self._ledger.lost(deployment, source, (seq, seq), (taken_at, taken_at), "refused")
            aside = (item.id, deployment, json.dumps(item.body), problem)
            self._rows.execute("INSERT OR REPLACE INTO aside VALUES (?, ?, ?, ?)", aside)
            self._rows.execute("DELETE FROM aside WHERE id <= (SELECT max(id) FROM aside) - ?", (_SET_ASIDE,))
            self._ledger.count("refused", 1)
            self._remove(item.id)

    def postpone(self, item: Waiting, seconds: float) -> None:
        """Not now: the others pass."""
        with self._lock, self._change():
            due = clock.now() / 1e6 + seconds
            self._rows.execute("UPDATE item SET due = ?, attempts = attempts + 1 WHERE id = ?", (due, item.id))

    def level(self) -> Level:
        with self._lock:
            waiting, size = self._sums()
            unwritten = sum(map(len, self._unwritten.values()))
            counts = (self._ledger.counted(name) for name in ("dropped", "images_dropped", "refused"))
            dropped, images, refused = counts
            return Level(waiting, size, dropped + unwritten, images, refused)

    def last_id(self) -> int:
        with self._lock:
            return int(self._rows.execute("SELECT coalesce(max(id), 0) FROM item").fetchone()[0])

    def waiting_up_to(self, number: int) -> int:
        """How many of those that were put in until then still wait."""
        with self._lock:
            return int(self._rows.execute("SELECT count(*) FROM item WHERE id <= ?", (number,)).fetchone()[0])

    def refused(self) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Deployment, prediction and problem of what the server refused, the latest 1,000."""
        with self._lock:
            rows = self._rows.execute("SELECT deployment, body, problem FROM aside ORDER BY id").fetchall()
        return ((deployment, json.loads(body), problem) for deployment, body, problem in rows)

    def deployments(self) -> list[str]:
        """Those that were ever written to."""
        with self._lock:
            return self._ledger.deployments()

    def numbers(self, deployment: str) -> list[tuple[str | None, int, int]]:
        """(source, last number given, how many wait) of each source."""
        query = "SELECT source, count(*) FROM item WHERE deployment = ? GROUP BY source"
        with self._lock:
            waiting = dict(self._rows.execute(query, (deployment,)).fetchall())
            return [(source or None, last, waiting.get(source, 0)) for source, last in self._ledger.given(deployment)]

    def losses(self, deployment: str) -> list[Loss]:
        """Those the server was not told of yet."""
        with self._lock:
            return self._ledger.losses(deployment)

    def told(self, losses: Sequence[Loss]) -> None:
        with self._lock, self._change():
            self._ledger.told(losses)

    def shrink(self) -> None:
        """Gives the room of what was sent back to the disk."""
        with self._lock:
            self._rows.execute("PRAGMA incremental_vacuum").fetchall()
            self._rows.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        with self._lock:
            self._rows.close()

    @contextmanager
    def _change(self) -> Iterator[None]:
        self._rows.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._rows.execute("COMMIT")
        except BaseException:
            if self._rows.in_transaction:
                self._rows.execute("ROLLBACK")
            raise

    def _add(self, deployment: str, body: Mapping[str, Any], image: bytes | None) -> None:
        source, taken_at = body.get("source") or "", _taken(body)
        seq = self._ledger.next(deployment, source)
        written = json.dumps({**body, "writer": self.writer, "writer_seq": seq}, ensure_ascii=False, allow_nan=False)
        size = len(written) + len(image or b"")
        row = (deployment, source, seq, taken_at, written, size, len(image or b""))
        made = self._rows.execute(
            "INSERT INTO item (deployment, source, seq, taken_at, body, size, image, due, attempts) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)",
            row,
        )
        if image is not None:
            self._rows.execute("INSERT INTO image VALUES (?, ?)", (made.lastrowid, image))
        self._ledger.count("rows", 1)
        self._ledger.count("bytes", size)

    def _remove(self, number: int) -> None:
        gone = self._rows.execute("DELETE FROM item WHERE id = ? RETURNING size", (number,)).fetchone()
        if gone is not None:
            self._rows.execute("DELETE FROM image WHERE item = ?", (number,))
            self._ledger.count("rows", -1)
            self._ledger.count("bytes", -gone[0])

    def _make_room(self) -> None:
        waiting, size = self._sums()
        while size > self._most_bytes and (size := self._drop_image(size)) > self._most_bytes and self._has_images():
            pass
        while waiting > 0 and (waiting > self._most_rows or size > self._most_bytes):
            oldest = self._rows.execute(
                "SELECT id, deployment, source, seq, taken_at, size FROM item ORDER BY id LIMIT 1"
            ).fetchone()
            number, deployment, source, seq, taken_at, length = oldest
            self._ledger.lost(deployment, source, (seq, seq), (taken_at, taken_at), "full")
            self._ledger.count("dropped", 1)
            self._remove(number)
            waiting, size = waiting - 1, size - length

    def _has_images(self) -> bool:
        return self._rows.execute("SELECT 1 FROM item WHERE image > 0 LIMIT 1").fetchone() is not None

    def _drop_image(self, size: int) -> int:
        """Lets the oldest image go; answers the size afterwards."""
        oldest = self._rows.execute("SELECT id, image FROM item WHERE image > 0 ORDER BY id LIMIT 1").fetchone()
        if oldest is None:
            return size
        number, length = oldest
        self._rows.execute("DELETE FROM image WHERE item = ?", (number,))
        self._rows.execute("UPDATE item SET size = size - image, image = 0 WHERE id = ?", (number,))
        self._ledger.count("bytes", -length)
        self._ledger.count("images_dropped", 1)
        return size - int(length)

    def _tell_unwritten(self) -> None:
        """What could not be written while the disk was full takes its numbers now, so that it shows as missing."""
        for (deployment, source), times in self._unwritten.items():
            last = self._ledger.next(deployment, source, len(times))
            numbers = (last - len(times) + 1, last)
            self._ledger.lost(deployment, source, numbers, (min(times), max(times)), "disk full")
            self._ledger.count("dropped", len(times))

    def _sums(self) -> tuple[int, int]:
        return self._ledger.counted("rows"), self._ledger.counted("bytes")


def _taken(body: Mapping[str, Any]) -> int:
    written = body.get("taken_at")
    return clock.from_text(written) if written else clock.now()


def default_path(url: str) -> Path:
    """One file per server: RELENS_SPOOL, else a file in the user's folder for state."""
    if given := os.environ.get("RELENS_SPOOL"):
        return Path(given).expanduser()
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    name = "".join(c if c.isalnum() else "-" for c in url.split("://")[-1]).strip("-")
    return state / "relens" / f"spool-{name}.db"
