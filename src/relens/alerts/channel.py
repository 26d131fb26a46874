"""A channel: a named way to tell people; and the port of its kinds, one file each in `channels/`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from relens.alerts.message import Message
from relens.kit.catalog import Catalog
from relens.kit.clock import Micros
from relens.kit.errors import Conflict, Invalid, MissingPackage, NotFound, Unavailable

MOST_REFUSALS = 3
"""Messages refused in a row before a channel is switched off; what says that it will never take one switches it off at once."""
_LONGEST = 20_000


class BadChannel(Invalid):
    """Settings a channel of this kind does not have, or lacks."""


class BadTarget(Invalid):
    """An address that cannot be, or may not be, sent to."""


class NoChannel(NotFound):
    """There is no channel of this id."""


class NameTaken(Conflict):
    """Another channel has this name."""


class NotDelivered(Unavailable):
    """It did not arrive this time; worth another attempt."""


class Refused(Invalid):
    """The other side does not want this message, now or later."""


class Closed(Refused):
    """The other side will not take any message with these settings: it is gone, or does not know us."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which addresses beside public ones may be sent to: this machine, private networks."""

    loopback: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """What a kind may use of this server: where it may reach, and the inbox the pages show."""

    reach: Reach
    inbox: Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing to fill in. `secret`: kept sealed, never shown again. `long`: a text of several lines."""

    title: str
    secret: bool = False
    required: bool = True
    hint: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    long: bool = False


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """`check(given, reach)` raises BadChannel or BadTarget for what can never work; `send(given, message, way)` delivers once.

    `send` takes about ten seconds at most and raises NotDelivered, Refused, Closed or BadTarget; no sentence of theirs holds a secret.
    `place(given)` says where it leads, without secrets. `package`: the library it stands on, where that is an extra.
    """

    title: str
    settings: Mapping[str, Setting]
    check: Callable[[Mapping[str, str], Reach], None]
    send: Callable[[Mapping[str, str], Message, Way], None]
    place: Callable[[Mapping[str, str]], str]
    package: str | None = None

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(name for name, one in self.settings.items() if one.secret)


CHANNELS: Catalog[ChannelKind] = Catalog("alert channel", "relens.alerts.channels", "CHANNEL")


@dataclass(frozen=True, slots=True)
class Channel:
    """`settings` are the open ones, `sealed` holds the secret ones. `off_reason`: why it was switched off by itself.

    `refusals`: messages refused in a row; `last_at`, `last_error`: how the latest attempt fared ("" for well).
    """

    id: str
    name: str
    kind: str
    settings: Mapping[str, str]
    sealed: str = field(repr=False)
    place: str
    active: bool
    created_at: Micros
    created_by: str
    off_reason: str = ""
    refusals: int = 0
    last_at: Micros | None = None
    last_error: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 100 or not self.name.isprintable():
            raise BadChannel("a channel's name has 1 to 100 printable characters")

    def after(self, error: Exception | None, at: Micros, said: str = "", counts: bool = True) -> Channel:
        """The channel after an attempt; enough refusals switch it off. `counts`: not for a test, which somebody watches."""
        if error is None:
            return replace(self, last_at=at, last_error="", refusals=0)
        refused = counts and isinstance(error, Refused | BadTarget)
        refusals = self.refusals + refused
        tried = replace(self, last_at=at, last_error=said, refusals=refusals)
        if not refused:
            return tried
        if isinstance(error, Closed) or refusals >= MOST_REFUSALS:
            return replace(tried, active=False, off_reason=said)
        return tried


def missing(name: str, kind: ChannelKind) -> str | None:
    """What has to be installed before this kind can be used."""
    if kind.package is None or importlib.util.find_spec(kind.package) is not None:
        return None
    return f"alert channel '{name}' needs the package '{kind.package}': pip install 'relens[{name}]'"


def complete(name: str, given: Mapping[str, str]) -> dict[str, str]:
    """The settings of a channel of this kind with its defaults. Raises NotFound, MissingPackage, BadChannel."""
    kind = CHANNELS.get(name)
    if said := missing(name, kind):
        raise MissingPackage(said)
    if strange := sorted(set(given) - set(kind.settings)):
        raise BadChannel(
            f"a channel of kind '{name}' has no setting '{strange[0]}': it has {', '.join(kind.settings) or 'none'}"
        )
    whole = {key: str(given.get(key) or one.default) for key, one in kind.settings.items()}
    for key, one in kind.settings.items():
        if one.required and not whole[key].strip():
            raise BadChannel(f"'{key}' is missing: {one.title}")
        if one.choices and whole[key] not in one.choices:
            raise BadChannel(f"'{key}' is one of {', '.join(one.choices)}")
        if len(whole[key]) > _LONGEST or "\0" in whole[key]:
            raise BadChannel(f"'{key}' is longer than any address or key, or holds a NUL")
    return whole
