"""Names for things: time-ordered ids for what happens, content ids for what is."""

import hashlib
import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last_ms = 0
_last_tail = 0


def new_id() -> str:
    """A UUIDv7 (RFC 9562) as text; ids made by one process sort in the order they were made."""
    global _last_ms, _last_tail
    with _lock:
        ms = max(time.time_ns() // 1_000_000, _last_ms)
        # 74 bits after the time: random at first in each millisecond, then counting up, so that order is kept.
        tail = _last_tail + 1 if ms == _last_ms else int.from_bytes(os.urandom(9), "big") >> 1
        _last_ms, _last_tail = ms, tail
    rand_a, rand_b = (tail >> 62) & 0xFFF, tail & ((1 << 62) - 1)
    return str(UUID(int=(ms << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b))


def is_id(text: str) -> bool:
    """Whether `text` is written as one of our ids (it may still name nothing)."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def content_id(data: bytes) -> str:
    """The name of bytes kept once: their SHA-256, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def share_of(key: str, salt: str = "") -> float:
    """A number in [0, 1) that depends only on `key` and `salt`: the same thing always falls on the same side of a cut."""
    digest = hashlib.sha256(f"{salt}\x00{key}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)
