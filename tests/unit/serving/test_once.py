"""The same client id at once: worked on once, the others wait for the first answer."""

from __future__ import annotations

import asyncio

import pytest

from relens.predictions.logged import SentTwice
from relens.serving.once import Once

KEY = ("d", "cam/1")


def test_duplicates_wait_for_the_first_answer_and_only_one_works() -> None:
    async def run() -> None:
        once: Once[int] = Once()
        go = asyncio.Event()
        worked = 0

        async def answer() -> int:
            nonlocal worked
            worked += 1
            await go.wait()
            return 42

        asked = [asyncio.create_task(once.ask(KEY, b"x", answer)) for _ in range(8)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        go.set()
        answers = await asyncio.gather(*asked)
        assert worked == 1
        assert [found for found, _ in answers] == [42] * 8
        assert sum(mine for _, mine in answers) == 1
        assert (await once.ask(KEY, b"other, later", answer)) == (42, True)

    asyncio.run(run())


def test_other_content_at_the_same_time_is_refused() -> None:
    async def run() -> None:
        once: Once[int] = Once()
        go = asyncio.Event()

        async def answer() -> int:
            await go.wait()
            return 1

        first = asyncio.create_task(once.ask(KEY, b"x", answer))
        await asyncio.sleep(0)
        with pytest.raises(SentTwice, match="another image"):
            await once.ask(KEY, b"y", answer)
        go.set()
        assert await first == (1, True)

    asyncio.run(run())


def test_an_error_of_the_first_is_everyones_and_the_next_one_tries_again() -> None:
    async def run() -> None:
        once: Once[int] = Once()
        go = asyncio.Event()

        async def fail() -> int:
            await go.wait()
            raise ValueError("broken")

        async def answer() -> int:
            return 7

        asked = [asyncio.create_task(once.ask(KEY, b"x", fail)) for _ in range(3)]
        await asyncio.sleep(0)
        go.set()
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in ended] == [ValueError] * 3
        assert await once.ask(KEY, b"x", answer) == (7, True)

    asyncio.run(run())


def test_when_the_first_goes_away_unanswered_a_waiting_one_asks() -> None:
    async def run() -> None:
        once: Once[int] = Once()

        async def never() -> int:
            await asyncio.Event().wait()
            return 0

        async def answer() -> int:
            return 7

        first = asyncio.create_task(once.ask(KEY, b"x", never))
        await asyncio.sleep(0)
        second = asyncio.create_task(once.ask(KEY, b"x", answer))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == (7, True)

    asyncio.run(run())
