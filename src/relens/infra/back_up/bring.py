"""Brings a file into a back-up: as one more name of the same bytes where the disk allows that, else as a copy."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from relens.kit import disk


def bring(source: Path, target: Path, earlier: Path | None) -> int:
    """How many bytes were written for it. `earlier`: where the back-up before has it, if it has.

    Only for files that are never changed in place. Raises FileNotFoundError when `source` is not there (any more), and StorageFull.
    """
    if target.exists():
        return 0
    _make(target.parent)
    for there in (source, earlier):
        if there is source or (there is not None and _same(source, there)):
            # Another disk, or one that knows no second names.
            with suppress(OSError):
                os.link(there, target)
                return 0
    return copy(source, target)


def copy(source: Path, target: Path) -> int:
    """The same for a file that may change. Its time comes along: by it the next back-up sees that the bytes are the same."""
    beside = target.with_name(f".{target.name}.part")
    try:
        _make(target.parent)
        shutil.copy2(source, beside)
        os.replace(beside, target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise disk.refusal(error, str(target.parent)) or error from error
    return target.stat().st_size


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)


def _same(one: Path, other: Path) -> bool:
    try:
        here, there = one.stat(), other.stat()
    except FileNotFoundError:
        return False
    return (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns)
