"""Everything else that Apprise can tell: Telegram, Microsoft Teams, Discord, ntfy, PagerDuty and about a hundred more, by its URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relens.alerts.channel import BadChannel, BadTarget, ChannelKind, NotDelivered, Reach, Setting, Way, missing
from relens.alerts.message import Message, as_text
from relens.kit.errors import MissingPackage

_LEVELS = {
    "firing": "failure",
    "reminder": "failure",
    "no data": "warning",
    "resolved": "success",
    "data": "success",
    "test": "info",
}
_OF_THIS_MACHINE = frozenset(("dbus", "gnome", "glib", "kde", "qt", "macosx", "windows", "syslog", "growl"))


def check(given: Mapping[str, str], reach: Reach) -> None:
    _service(given, reach)


def send(given: Mapping[str, str], message: Message, way: Way) -> None:
    """Apprise says whether it worked, not why it did not: worth another attempt."""
    _service(given, way.reach)
    apprise = _library()
    told = apprise.Apprise()
    told.add(given["url"])
    if not told.notify(title=message.title, body=as_text(message), notify_type=_LEVELS[message.kind]):
        raise NotDelivered(f"{place(given)} did not take the message; Apprise does not say why")


def place(given: Mapping[str, str]) -> str:
    return f"{given['url'].partition(':')[0]}://…"


def _service(given: Mapping[str, str], reach: Reach) -> Any:
    """The service behind the URL. Apprise connects by itself, so an address with a host of one's own cannot be judged when it is used."""
    service = _library().Apprise.instantiate(given["url"], suppress_exceptions=True)
    if service is None:
        raise BadChannel("this is no Apprise URL: see its list of services for how they are written")
    scheme = given["url"].partition(":")[0].lower()
    if scheme in _OF_THIS_MACHINE:
        raise BadTarget(f"{scheme}:// tells whoever sits before the server's screen")
    if not reach.private and "host" in getattr(service, "template_tokens", {}):
        raise BadTarget(f"{scheme}:// leads to a host of one's own: set RELENS_ALLOW_PRIVATE_WEBHOOKS=1 to allow it")
    return service


def _library() -> Any:
    if said := missing("apprise", CHANNEL):
        raise MissingPackage(said)
    import apprise

    return apprise


CHANNEL = ChannelKind(
    title="Apprise",
    settings={"url": Setting("Apprise URL", secret=True, hint="For example tgram://token/chat or discord://id/token")},
    check=check,
    send=send,
    place=place,
    package="apprise",
)
