"""Keeps a thread off the core of another, on Linux.

Who wakes a thread often gets it onto its own core, although another is idle: in a virtual machine the kernel takes a core that sleeps for one that the
host has taken away. Beside a model that runs for 20 ms, a millisecond of it is a millisecond of the answer.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from contextlib import suppress


def _current_core() -> Callable[[], int] | None:
    if sys.platform != "linux":
        return None
    try:
        found: Callable[[], int] = ctypes.CDLL(None).sched_getcpu
    except (OSError, AttributeError):
        return None
    return found


_CORE = _current_core()


class Elsewhere:
    """Where the thread with this native id may run: on every core of the process but the one of whoever asks."""

    def __init__(self, thread: int) -> None:
        self._thread = thread
        self._cores = os.sched_getaffinity(0) if sys.platform == "linux" else set()
        self._core = -1

    def stay_away(self) -> None:
        """From the core on which the caller runs now; where there is no other, and where the system forbids it, all stays as it is."""
        if _CORE is None or len(self._cores) < 2:
            return
        core = _CORE()
        if core != self._core and core in self._cores:
            self._core = core
            with suppress(OSError):
                os.sched_setaffinity(self._thread, self._cores - {core})
