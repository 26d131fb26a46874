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
    return new_ids(1)[0]


def new_ids(count: int) -> list[str]:
    """So many of them, in order."""
    global _last_ms, _last_tail
    with _lock:
        ms = max(time.time_ns() // 1_000_000, _last_ms)
        # 74 bits after the time: random at first in each millisecond, then counting up, so that order is kept.
        first = _last_tail + 1 if ms == _last_ms else int.from_bytes(os.urandom(9), "big") >> 1
        _last_ms, _last_tail = ms, first + count - 1
    begin = f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7"
    return [
        f"{begin}{(tail >> 62) & 0xFFF:03x}-{0x8000 | (tail >> 48) & 0x3FFF:04x}-{tail & 0xFFFF_FFFF_FFFF:012x}"
        for tail in range(first, first + count)
    ]


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
