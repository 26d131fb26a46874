"""The channels there are: makes and changes them, keeps their secrets sealed, opens them for sending."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from relens.alerts import channel_rows
from relens.alerts.channel import CHANNELS, Channel, ChannelKind, Reach, complete
from relens.infra.database import Database
from relens.infra.secrets import Secrets, WrongKey
from relens.kit.clock import Micros
from relens.kit.ids import new_id

WEBHOOK = "webhook"
PLAIN = "plain:"
"""Before a secret that an upgrade moved here and could not seal, because it has no key."""


class AddressBook:
    """`reach`: where messages may be sent to."""

    def __init__(self, secrets: Secrets, reach: Reach) -> None:
        self._secrets = secrets
        self.reach = reach

    def made(self, name: str, kind: str, given: Mapping[str, str], by: str, at: Micros) -> Channel:
        """A channel with checked settings, not yet kept. Raises NotFound, MissingPackage, BadChannel, BadTarget."""
        whole = self._checked(kind, given)
        return self._with(Channel(new_id(), name, kind, {}, "", "", True, at, by), whole)

    def changed(self, channel: Channel, given: Mapping[str, str] | None, **values: Any) -> Channel:
        """The channel with other settings; those left out stay, the secret ones too. What it said of failures is forgotten."""
        if given is not None:
            channel = self._with(channel, self._checked(channel.kind, {**self._before(channel), **given}))
        fresh: dict[str, Any] = {"off_reason": "", "refusals": 0} if given is not None or values.get("active") else {}
        return replace(channel, **fresh, **values)

    def opened(self, channel: Channel) -> tuple[ChannelKind, dict[str, str]]:
        """Its kind, and all its settings. Raises WrongKey."""
        kind = CHANNELS.get(channel.kind)
        secret = (
            channel.sealed.removeprefix(PLAIN)
            if channel.sealed.startswith(PLAIN)
            else self._secrets.open(channel.sealed)
        )
        return kind, {
            **{name: one.default for name, one in kind.settings.items()},
            **channel.settings,
            **json.loads(secret),
        }

    def _before(self, channel: Channel) -> dict[str, str]:
        """What is known of its settings; without its key only the open ones, and the others have to be entered anew."""
        try:
            return self.opened(channel)[1]
        except WrongKey:
            return dict(channel.settings)

    def webhook(self, connection: Connection, url: str, by: str, at: Micros) -> str:
        """The id of the unsigned webhook to this address: the one there is, or a new one named after its host."""
        whole = self._checked(WEBHOOK, {"url": url})
        for channel in channel_rows.every(connection):
            if channel.kind == WEBHOOK and channel.active and self._before(channel) == whole:
                return channel.id
        place = CHANNELS.get(WEBHOOK).place(whole)
        name = channel_rows.free_name(connection, place.removesuffix("/…")[:90])
        fresh = self.made(name, WEBHOOK, {"url": url}, by, at)
        channel_rows.insert(connection, fresh)
        return fresh.id

    def seal_all(self, database: Database) -> None:
        """Seals what an upgrade left readable."""

        def seal(connection: Connection) -> None:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what was readable is overwritten
            for channel in channel_rows.every(connection):
                if channel.sealed.startswith(PLAIN):
                    kind, given = self.opened(channel)
                    channel_rows.replace_row(connection, replace(self._with(channel, given), place=kind.place(given)))

        database.write(seal)

    def _checked(self, kind: str, given: Mapping[str, str]) -> dict[str, str]:
        whole = complete(kind, given)
        CHANNELS.get(kind).check(whole, self.reach)
        return whole

    def _with(self, channel: Channel, whole: Mapping[str, str]) -> Channel:
        kind = CHANNELS.get(channel.kind)
        open_ones = {name: value for name, value in whole.items() if name not in kind.secrets}
        secret = {name: value for name, value in whole.items() if name in kind.secrets}
        return replace(
            channel, settings=open_ones, sealed=self._secrets.seal(json.dumps(secret)), place=kind.place(whole)
        )
