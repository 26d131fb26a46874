"""What a worker's thread found out reaches the request that waits for it on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Told(Generic[Found]):
    """Made on the event loop; `say`, `fail` and `by` may be called from any thread, and only the first of them counts."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Found] = self._loop.create_future()

    def say(self, found: Found) -> None:
        self._there(self.future.set_result, found)

    def fail(self, error: BaseException) -> None:
        self._there(self.future.set_exception, error)

    def by(self, done: Future[Found]) -> None:
        """Passes on how `done` ended."""
        error = done.exception()
        if error is None:
            self.say(done.result())
        else:
            self.fail(error)

    def _there(self, settle: Callable[..., None], value: object) -> None:
        # A loop that is closed has nobody left who waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._settle, settle, value)

    def _settle(self, settle: Callable[..., None], value: object) -> None:
        if not self.future.done():
            settle(value)
