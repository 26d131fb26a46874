"""How much a folder holds, counted again at most every few minutes: a walk over many small files is not free."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from relens.kit import clock

_GOOD_FOR_S = 300.0


@dataclass(frozen=True, slots=True)
class Size:
    """`files` and their `size_bytes`, and the moment of the count."""

    files: int
    size_bytes: int
    at: clock.Micros


class FolderSize:
    """Of one folder; who asks while somebody counts waits for that count."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: tuple[float, Size] | None = None

    def now(self) -> Size:
        with self._lock:
            if self._known is None or clock.stopwatch() - self._known[0] > _GOOD_FOR_S:
                counted = _count(self._folder)
                self._known = (clock.stopwatch(), Size(*counted, clock.now()))
            return self._known[1]


def _count(folder: Path) -> tuple[int, int]:
    files = size = 0
    waiting = [str(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except (FileNotFoundError, PermissionError):
            continue  # gone since its parent was looked at, or not ours, as lost+found of a disk is
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
                continue
            try:
                size += entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue
            files += 1
    return files, size
