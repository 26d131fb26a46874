"""The same client id sent several times at once is worked on once: the others wait for the first answer.

What was answered earlier is in the log, which knows its client ids itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from relens.predictions.logged import SentTwice

Answer = TypeVar("Answer")
Key = tuple[str, str]


class Once(Generic[Answer]):
    """All of it runs on one event loop, so that it needs no lock."""

    def __init__(self) -> None:
        self._under_way: dict[Key, tuple[bytes, asyncio.Future[Answer]]] = {}

    async def ask(self, key: Key, data: bytes, answer: Callable[[], Awaitable[Answer]]) -> tuple[Answer, bool]:
        """The answer to `key`, and whether it was this caller who asked for it.

        An error of the first is everyone's; when the first one goes away unanswered, the next asks. Raises SentTwice for other data.
        """
        while (there := self._under_way.get(key)) is not None:
            sent, answered = there
            if sent != data:
                raise SentTwice(f"client_id '{key[1]}' was sent just now with another image: use a new client_id")
            await asyncio.wait([answered])
            if not answered.cancelled():
                return answered.result(), False
        return await self._first(key, data, answer), True

    async def _first(self, key: Key, data: bytes, answer: Callable[[], Awaitable[Answer]]) -> Answer:
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._under_way[key] = data, answered
        try:
            found = await answer()
            answered.set_result(found)
            return found
        except asyncio.CancelledError:
            answered.cancel()
            raise
        except Exception as error:
            answered.set_exception(error)
            answered.exception()  # Looked at once, so that nobody is told that nobody looked.
            raise
        finally:
            del self._under_way[key]
