"""Memory that was freed goes back to the system, where the C library would keep it."""

import ctypes
import sys

_ARENA_MAX = -8


def few_arenas() -> None:
    """Before threads start: they share two heaps instead of up to eight for each core, each of which would keep what a model left in it."""
    if sys.platform == "linux":
        option = getattr(ctypes.CDLL(None), "mallopt", None)
        if option is not None:
            option(_ARENA_MAX, 2)


def give_back() -> None:
    """Linux with glibc only; elsewhere it does nothing. Takes a few milliseconds, without the interpreter's lock."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
