"""The inbox of the pages: what was told stays there until somebody has seen it."""

from __future__ import annotations

from collections.abc import Mapping

from relens.alerts.channel import ChannelKind, Reach, Way
from relens.alerts.message import Message


def check(given: Mapping[str, str], reach: Reach) -> None:
    """There is nothing that could be wrong."""


def send(given: Mapping[str, str], message: Message, way: Way) -> None:
    way.inbox(message)


CHANNEL = ChannelKind(title="In app", settings={}, check=check, send=send, place=lambda _: "the alerts page")
