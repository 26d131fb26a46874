"""How much memory a group of processes uses: read from /proc, because a limit on address space stops torch long before memory is short."""

from __future__ import annotations

import os
from pathlib import Path

from relens.kit import clock

_PROC = Path("/proc")
_last: dict[int, tuple[float, int]] = {}
_EVERY_S = 1.0


def used_by_group(group: int) -> int:
    """Bytes of memory that are the group's own (shared pages of files do not count); 0 where this cannot be known.

    Looked up once a second at most.
    """
    now = clock.stopwatch()
    seen = _last.get(group)
    if seen is None or now - seen[0] > _EVERY_S:
        _last.clear()
        seen = _last[group] = (now, sum(_own(pid) for pid in _members(group)))
    return seen[1]


def total() -> int:
    """Bytes of memory this machine, or the container we are in, has."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limits.append(int(Path(name).read_text()))
        except (OSError, ValueError):
            continue
    return min(limits)


def _members(group: int) -> list[int]:
    if not _PROC.is_dir():
        return []
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit() and _group_of(entry) == group]


def _group_of(entry: Path) -> int | None:
    try:
        # The name in parentheses may hold spaces and parentheses itself.
        return int((entry / "stat").read_text().rpartition(")")[2].split()[2])
    except (OSError, ValueError, IndexError):
        return None


def _own(pid: int) -> int:
    try:
        resident, shared = (_PROC / str(pid) / "statm").read_text().split()[1:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
