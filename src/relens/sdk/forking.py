"""Forks happen between two uses of a spool: a child that inherits a lock which somebody held, SQLite's own among them, would wait for ever."""

from __future__ import annotations

import os
import threading
from typing import Any
from weakref import WeakSet

_OUTER: WeakSet[Any] = WeakSet()
_INNER: WeakSet[Any] = WeakSet()
_held: list[Any] = []
_LONGEST_S = 10.0
"""Then it forks all the same: a program must not hang because its spool does."""


def outer() -> Any:
    """A lock under which inner ones are taken."""
    lock = threading.Lock()
    _OUTER.add(lock)
    return lock


def inner() -> Any:
    """A lock under which no other is taken."""
    lock = threading.RLock()
    _INNER.add(lock)
    return lock


def _before() -> None:
    for lock in (*_OUTER, *_INNER):
        if lock.acquire(timeout=_LONGEST_S):
            _held.append(lock)


def _after() -> None:
    while _held:
        _held.pop().release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)
