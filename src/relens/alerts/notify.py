"""Delivers messages: rows that wait until they arrive, so that a dead address loses nothing and holds up nobody for long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy import Connection

from relens.alerts import channel_rows, delivery_rows
from relens.alerts.address_book import AddressBook
from relens.alerts.channel import BadTarget, Channel, NoChannel, Refused, Way
from relens.alerts.delivery import GIVE_UP_AFTER_S, KEPT_DAYS, Delivery, pause
from relens.alerts.message import Message, Told
from relens.infra.database import Database
from relens.infra.telemetry import OLD_DELIVERIES
from relens.kit import clock
from relens.kit.clock import DAY, HOUR, SECOND, Micros
from relens.kit.errors import RelensError

_AT_ONCE = 8
_CLAIM = 60 * SECOND
"""Longer than an attempt takes; when a server dies in it, another one tries after that."""


class Notification:
    """`step` for a follower: one round of what is due, one message per channel at a time, in the order they arose."""

    def __init__(self, database: Database, book: AddressBook, now: Callable[[], Micros] = clock.now) -> None:
        self._database = database
        self._book = book
        self._now = now
        self._forget_at: Micros = 0

    def step(self) -> bool:
        """True when something was due: there may be more."""
        self._forget_old()
        with self._database.read() as connection:
            waiting = delivery_rows.due(connection, self._now())
        first_of_each: dict[str, Delivery] = {}
        for one in waiting:
            first_of_each.setdefault(one.channel, one)
        now_ones = list(first_of_each.values())[:_AT_ONCE]
        if not now_ones:
            return False
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="channel") as threads:
            list(threads.map(self.deliver, now_ones))
        return True

    def _forget_old(self) -> None:
        """What is over for long, a little with each round of an hour."""
        now = self._now()
        if now < self._forget_at:
            return
        gone = self._database.write(partial(delivery_rows.forget_old, before=now - KEPT_DAYS * DAY))
        OLD_DELIVERIES.inc(gone)
        self._forget_at = now if gone else now + HOUR

    def deliver(self, first: Delivery) -> str:
        """One attempt at the message that `first` goes out with; answers what went wrong ("" for nothing)."""
        batch = self._database.write(partial(self._claim, first=first))
        if not batch:
            return ""
        with self._database.read() as connection:
            channel = channel_rows.several(connection, [first.channel]).get(first.channel)
        message = Message(
            first.batch or first.id, batch[0].created_at, tuple(Told.from_json(one.body) for one in batch)
        )
        error = self._send(channel, message)
        said = _said(error)
        self._database.write(partial(self._settle, channel_id=first.channel, batch=batch, error=error, said=said))
        return said

    def try_out(self, channel: Channel, message: Message) -> str:
        """One attempt at a message that nobody waits for; what went wrong. A test switches nothing off: somebody is looking."""
        error = self._send(channel, message)
        said = _said(error)

        def settle(connection: Connection) -> None:
            now = channel_rows.get(connection, channel.id, lock=True)
            channel_rows.replace_row(connection, now.after(error, self._now(), said, counts=False))

        self._database.write(settle)
        return said

    def _send(self, channel: Channel | None, message: Message) -> Exception | None:
        if channel is None or not channel.active:
            return (
                NoChannel("the channel was taken away") if channel is None else Refused("the channel is switched off")
            )
        try:
            kind, given = self._book.opened(channel)
            kind.send(given, message, Way(self._book.reach, partial(self._keep, channel)))
        except Exception as problem:  # noqa: BLE001 - a channel that breaks must not stop the others
            return problem
        return None

    def _keep(self, channel: Channel, message: Message) -> None:
        """The inbox of the pages."""

        def keep(connection: Connection) -> None:
            for told in message.items:
                channel_rows.post_notice(connection, self._now(), told.state, told.severity, None, told.sentence)

        self._database.write(keep)

    def _claim(self, connection: Connection, first: Delivery) -> list[Delivery]:
        """The deliveries of the message, none when somebody else has them."""
        batch = delivery_rows.together(connection, first) if first.kind != "test" else [first]
        if not delivery_rows.claim(connection, first, [one.id for one in batch], self._now() + _CLAIM):
            return []
        return batch

    def _settle(
        self, connection: Connection, channel_id: str, batch: Sequence[Delivery], error: Exception | None, said: str
    ) -> None:
        now, ids = self._now(), [one.id for one in batch]
        attempts = batch[0].attempts + 1
        if error is None:
            delivery_rows.change(connection, ids, state="sent", attempts=attempts, sent_at=now, error="")
        elif isinstance(error, Refused | BadTarget | NoChannel):
            delivery_rows.change(connection, ids, state="failed", attempts=attempts, error=said)
        elif now - batch[0].created_at >= GIVE_UP_AFTER_S * SECOND:
            delivery_rows.change(
                connection, ids, state="failed", attempts=attempts, error=f"given up after a day: {said}"
            )
        else:
            delivery_rows.change(connection, ids, attempts=attempts, next_at=now + pause(attempts), error=said)
        self._of_channel(connection, channel_id, error, said, now)

    def _of_channel(
        self, connection: Connection, channel_id: str, error: Exception | None, said: str, now: Micros
    ) -> None:
        """How the channel fared; one that will take nothing any more is switched off, and the pages say so."""
        try:
            channel = channel_rows.get(connection, channel_id, lock=True)
        except NoChannel:
            return
        tried = channel.after(error, now, said) if channel.active else channel
        channel_rows.replace_row(connection, tried)
        if channel.active and not tried.active:
            delivery_rows.give_up(connection, channel_id, f"the channel was switched off: {said}")
            off = f"the channel '{channel.name}' was switched off: {said}. Mend it and switch it on again under Alerts"
            channel_rows.post_notice(connection, now, "channel off", "critical", None, off)


def _said(error: Exception | None) -> str:
    """The sentence of a named error; of any other one only its kind, because its text may hold a secret."""
    if error is None:
        return ""
    return str(error) if isinstance(error, RelensError) else f"it broke: {type(error).__name__}"
