"""Every file below a folder, one after the other: there may be millions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_GONE = (FileNotFoundError, NotADirectoryError, PermissionError)


def files_in(folder: Path, but: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """What goes while one looks is left out, and so is what is not ours, as lost+found of a disk; links are not followed."""
    left_out, waiting = {str(one) for one in but}, [str(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except _GONE:
            continue
        for entry in entries:
            if entry.path in left_out:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
