"""The port of ways to tell people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from relens.kit.catalog import Catalog
from relens.kit.errors import Invalid, Unavailable


class BadTarget(Invalid):
    """An address that cannot be, or may not be, sent to."""


class NotDelivered(Unavailable):
    """It did not arrive this time; worth another attempt."""


class Refused(Invalid):
    """The other side does not want it, now or later."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which addresses beside public ones may be sent to: this machine, private networks."""

    loopback: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """`check(target, reach)` raises BadTarget for what can never work; `send(target, body, reach)` delivers once.

    `send` takes ten seconds at most and raises NotDelivered, Refused or BadTarget.
    """

    title: str
    check: Callable[[str, Reach], None]
    send: Callable[[str, Mapping[str, Any], Reach], None]


CHANNELS: Catalog[Channel] = Catalog("alert channel", "relens.alerts.channels", "CHANNEL")
