"""How much a folder holds, counted again at most every few minutes: a walk over many small files is not free."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from relens.infra.files_in import files_in
from relens.kit import clock

_GOOD_FOR_S = 300.0


@dataclass(frozen=True, slots=True)
class Size:
    """`files` and their `size_bytes`, and the moment of the count."""

    files: int
    size_bytes: int
    at: clock.Micros


class FolderSize:
    """Of one folder without `but`; who asks while somebody counts waits for that count."""

    def __init__(self, folder: Path, *but: Path) -> None:
        self._folder = folder
        self._but = frozenset(but)
        self._lock = threading.Lock()
        self._known: tuple[float, Size] | None = None

    def now(self) -> Size:
        with self._lock:
            if self._known is None or clock.stopwatch() - self._known[0] > _GOOD_FOR_S:
                counted = _count(self._folder, self._but)
                self._known = (clock.stopwatch(), Size(*counted, clock.now()))
            return self._known[1]


def _count(folder: Path, but: frozenset[Path]) -> tuple[int, int]:
    files = size = 0
    for path in files_in(folder, but):
        try:
            size += path.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
        files += 1
    return files, size
