"""A folder as one tar file, piece by piece: nothing of it is written anywhere first."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

_PIECE = 1 << 20
_BLOCK = tarfile.BLOCKSIZE


def as_tar(folder: Path) -> Iterator[bytes]:
    """Every file under the folder, whose name comes first in each path. A file that is deleted meanwhile breaks it off."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield from _file(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
    yield bytes(2 * _BLOCK)


def _file(path: Path, name: str) -> Iterator[bytes]:
    with path.open("rb") as file:
        facts = os.fstat(file.fileno())
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = facts.st_size, int(facts.st_mtime), facts.st_mode & 0o777
        yield entry.tobuf(tarfile.PAX_FORMAT)
        left = entry.size
        while left:
            piece = file.read(min(_PIECE, left))
            if not piece:
                raise OSError(f"'{path}' became shorter while it was read")
            left -= len(piece)
            yield piece
        yield bytes(-entry.size % _BLOCK)
