"""How many bytes of bodies the server holds in memory, all requests together: beyond a limit, who sends more is told to come back.

Each address has a limit for one body; without one for all of them, fifty large ones at once would be gigabytes.
All of it runs on the event loop, so that it needs no lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Message, Receive

from relens.kit.errors import Unavailable

MOST = 512 << 20


class TooMuchAtOnce(Unavailable):
    """The bodies of other requests take the memory that is meant for bodies."""


class Held:
    """`most` bytes; a single body always has room, however large it is."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._bytes = 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """One request's part, given back when the block ends."""
        mine = Share(self)
        try:
            yield mine
        finally:
            self._bytes -= mine.size

    def take(self, mine: Share, size: int) -> None:
        """Raises TooMuchAtOnce, and then nothing more is held."""
        if self._bytes > mine.size and self._bytes + size > self._most:
            raise TooMuchAtOnce("other requests send too much at once just now: send it again in a moment", 1.0)
        self._bytes += size
        mine.size += size


class Share:
    """What one request holds."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self.size = 0

    def counting(self, receive: Receive) -> Receive:
        """`receive`, whose bytes count as held."""

        async def give() -> Message:
            message = await receive()
            self._held.take(self, len(message.get("body", b"")))
            return message

        return give
