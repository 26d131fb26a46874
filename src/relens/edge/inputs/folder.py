"""Watches a folder: each image file once, when it is whole, also those that came while this program was not running."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from relens.edge.inputs.frame import Frame
from relens.kit import clock
from relens.kit.errors import Invalid

logger = logging.getLogger("relens.edge")
_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
LOOK_S = 0.5
Stamp = tuple[int, int]


class NoFolder(Invalid):
    """What shall be watched is no folder."""


class Folder:
    """`seen` is a file that remembers what was given out. A file is whole when it has not changed between two looks."""

    def __init__(self, folder: Path, source: str, seen: Path) -> None:
        if not folder.is_dir():
            raise NoFolder(f"{folder} is not a folder")
        self._folder = folder
        self._source = source
        self._seen = sqlite3.connect(seen, isolation_level=None, check_same_thread=False)
        self._given: dict[str, Stamp] = {}
        self._seen.execute("CREATE TABLE IF NOT EXISTS seen (file TEXT PRIMARY KEY, size INTEGER, at INTEGER)")

    def frames(self, stopping: threading.Event, *, once: bool = False) -> Iterator[Frame]:
        """Oldest first, for ever; with `once` until everything there was given out."""
        before: dict[str, Stamp] = {}
        while not stopping.is_set():
            now = self._there()
            whole = [name for name, stamp in now.items() if before.get(name) == stamp]
            for name in sorted(whole, key=lambda name: now[name][1]):
                if stopping.is_set():
                    return
                frame = self._frame(name, now[name])
                if frame is not None:
                    yield frame
                    self._done(
                        name, now[name]
                    )  # after it was answered: a crash in between answers it again, logged once
            if once and len(whole) == len(now):
                return
            before = now
            stopping.wait(LOOK_S if not once else LOOK_S / 5)

    def close(self) -> None:
        self._seen.close()

    def _there(self) -> dict[str, Stamp]:
        """Every image file that was not given out as it is now."""
        found: dict[str, Stamp] = {}
        for path in self._folder.rglob("*"):
            if path.suffix.lower() not in _ENDINGS or path.name.startswith("."):
                continue
            try:
                about = path.stat()
            except OSError:
                continue
            name = path.relative_to(self._folder).as_posix()
            known = self._looked_up(name) or self._given.get(name)
            if known != (about.st_size, about.st_mtime_ns):
                found[name] = (about.st_size, about.st_mtime_ns)
        return found

    def _looked_up(self, name: str) -> Stamp | None:
        found: Stamp | None = self._seen.execute("SELECT size, at FROM seen WHERE file = ?", (name,)).fetchone()
        return found

    def _frame(self, name: str, stamp: Stamp) -> Frame | None:
        try:
            data = (self._folder / name).read_bytes()
        except OSError:
            return None
        size, at = stamp
        return Frame(data, clock.to_text(at // 1000), f"{self._source}:{name[-120:]}:{at}:{size}", name)

    def _done(self, name: str, stamp: Stamp) -> None:
        try:
            self._seen.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (name, *stamp))
        except sqlite3.OperationalError as error:
            self._given[name] = stamp
            # A full disk: it goes on; after the next start the image is answered again, and logged once.
            logger.warning("%s was answered, which cannot be written down: %s", name, error)
