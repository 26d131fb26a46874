"""Delivers messages: rows that wait until they arrive, so that a dead address loses nothing and holds up nobody for long."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sqlalchemy import Connection

from relens.alerts import store
from relens.alerts.alert import GIVE_UP_AFTER_S, Delivery, pause
from relens.alerts.channel import CHANNELS, BadTarget, NotDelivered, Reach, Refused
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import SECOND, Micros
from relens.kit.errors import RelensError

_AT_ONCE = 8


class Notification:
    """`step` for a follower: one round of what is due, one message per address at a time, in the order they arose."""

    def __init__(self, database: Database, reach: Reach, now: Callable[[], Micros] = clock.now) -> None:
        self._database = database
        self._reach = reach
        self._now = now

    def check(self, target: str) -> None:
        """Refuses an address that can never be delivered to."""
        CHANNELS.get("webhook").check(target, self._reach)

    def step(self) -> bool:
        """True when something was due: there may be more."""
        with self._database.read() as connection:
            waiting = store.due(connection, self._now(), 200)
        first_of_each: dict[str, Delivery] = {}
        for one in waiting:
            first_of_each.setdefault(one.target, one)
        now_ones = list(first_of_each.values())[:_AT_ONCE]
        if not now_ones:
            return False
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook") as threads:
            list(threads.map(self.deliver, now_ones))
        return True

    def deliver(self, delivery: Delivery) -> str:
        """One attempt; answers what went wrong ("" for nothing). What can never work is not tried again."""
        error, final = "", False
        try:
            CHANNELS.get(delivery.channel).send(delivery.target, delivery.body, self._reach)
        except (Refused, BadTarget) as problem:
            error, final = str(problem), True
        except NotDelivered as problem:
            error = str(problem)
        except Exception as problem:  # noqa: BLE001 - a channel that breaks must not stop the others
            error = str(problem) if isinstance(problem, RelensError) else f"{type(problem).__name__}: {problem}"
        outcome = _outcome(delivery, error, final, self._now())
        self._database.write(partial(_write, delivery_id=delivery.id, outcome=outcome))
        return error


def _outcome(delivery: Delivery, error: str, final: bool, now: Micros) -> dict[str, Any]:
    attempts = delivery.attempts + 1
    if not error:
        return {"state": "sent", "attempts": attempts, "sent_at": now, "error": ""}
    if final:
        return {"state": "failed", "attempts": attempts, "error": error}
    if now - delivery.created_at >= GIVE_UP_AFTER_S * SECOND:
        return {"state": "failed", "attempts": attempts, "error": f"given up after a day: {error}"}
    return {"attempts": attempts, "next_at": now + pause(attempts), "error": error}


def _write(connection: Connection, delivery_id: str, outcome: dict[str, Any]) -> None:
    store.change_delivery(connection, delivery_id, **outcome)
