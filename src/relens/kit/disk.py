"""What the operating system says of a disk that takes nothing, as an error with a sentence."""

from __future__ import annotations

import errno

from relens.kit.errors import DiskFails, StorageFull

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FAILS = frozenset({errno.EROFS, errno.EIO})


def refusal(error: BaseException | None, place: str) -> StorageFull | None:
    """StorageFull or DiskFails where `error` means that `place` cannot be written now; None for any other error."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL:
        return StorageFull(f"there is no room left in {place}: free some space; nothing was written")
    if number in _FAILS:
        why = "it is read-only" if number == errno.EROFS else "it fails"
        return DiskFails(f"the disk of {place} takes nothing now, {why}: see to it; nothing was written")
    return None
