"""What a group of processes uses: read from /proc, because a limit on address space stops torch long before memory is short."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from relens.kit import clock

_PROC = Path("/proc")
_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds on the clock, processor seconds, and the most bytes of memory at one time; the last two are None where nobody can know."""

    wall_s: float
    cpu_s: float | None
    peak_memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class _Member:
    """Pages of files that processes share do not count. `ticks` are its own and those of the ended processes it has waited for."""

    memory: int
    ticks: int


class Watch:
    """Watches a process group from its start."""

    def __init__(self, group: int) -> None:
        self._group = group
        self._started = clock.stopwatch()
        self._looked = 0.0
        self._now = 0
        self._peak = 0
        self._ticks = 0

    def memory(self) -> int:
        """Bytes of memory that are the group's own; 0 where this cannot be known. Looked up once a second at most."""
        if not self._looked or clock.stopwatch() - self._looked > _EVERY_S:
            self.look()
        return self._now

    def look(self) -> None:
        """Before its first process is waited for this sees all the time it took; afterwards that is gone."""
        self._looked = clock.stopwatch()
        members = _members(self._group)
        self._now = sum(one.memory for one in members)
        self._peak = max(self._peak, self._now)
        # A process whose parent is gone takes its time with it.
        self._ticks = max(self._ticks, sum(one.ticks for one in members))

    def used(self) -> Used:
        """Up to the last look."""
        wall = clock.stopwatch() - self._started
        if not _PROC.is_dir():
            return Used(wall, None, None)
        return Used(wall, self._ticks / os.sysconf("SC_CLK_TCK"), self._peak)


def total() -> int:
    """Bytes of memory this machine, or the container we are in, has."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limits.append(int(Path(name).read_text()))
        except (OSError, ValueError):
            continue
    return min(limits)


def _members(group: int) -> list[_Member]:
    if not _PROC.is_dir():
        return []
    found = (_member(entry, group) for entry in _PROC.iterdir() if entry.name.isdigit())
    return [one for one in found if one is not None]


def _member(entry: Path, group: int) -> _Member | None:
    try:
        # The name in parentheses may hold spaces and parentheses itself.
        stat = (entry / "stat").read_text().rpartition(")")[2].split()
        if int(stat[2]) != group:
            return None
        return _Member(_own(entry), sum(int(ticks) for ticks in stat[11:15]))
    except (OSError, ValueError, IndexError):
        return None


def _own(entry: Path) -> int:
    try:
        resident, shared = (entry / "statm").read_text().split()[1:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
