"""Alert rules of a deployment, the alerts they raised, and the channels that tell of them."""

from collections.abc import Iterator

from relens.sdk.jobs import Json
from relens.sdk.transport import Transport


class Alerts:
    """`channels`: ways to tell people, for rules to point to."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.channels = Channels(transport)

    def list(self, *, deployment: str | None = None, state: str = "open") -> Iterator[Json]:
        return self._transport.items("alerts", {"deployment": deployment, "state": state})

    def get(self, alert_id: str) -> Json:
        """The alert and what happened to it, with the numbers at the time."""
        return dict(self._transport.call("GET", f"alerts/{alert_id}"))

    def acknowledge(self, alert_id: str) -> Json:
        return dict(self._transport.call("POST", f"alerts/{alert_id}/acknowledge", idempotent=True))

    def snooze(self, alert_id: str, minutes: int) -> Json:
        """Nothing is told of it for so long; 0 wakes it up."""
        return dict(
            self._transport.call("POST", f"alerts/{alert_id}/snooze", json={"minutes": minutes}, idempotent=True)
        )

    def delete_rule(self, rule_id: str) -> None:
        self._transport.call("DELETE", f"alert-rules/{rule_id}")

    def test_rule(self, rule_id: str) -> Json:
        """Sends a test to every channel of the rule: `delivered`, and the `message` that says what went wrong."""
        return dict(self._transport.call("POST", f"alert-rules/{rule_id}/test"))


class Channels:
    """Secrets in their settings go in and never come out."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Iterator[Json]:
        return self._transport.items("channels")

    def add(self, name: str, kind: str, **settings: str) -> Json:
        """`kind`: in_app, email, slack, webhook or apprise, with what that kind asks for."""
        return dict(self._transport.call("POST", "channels", json={"name": name, "kind": kind, "settings": settings}))

    def test(self, channel_id: str) -> Json:
        """Sends a test: `delivered`, and the `message` that says what went wrong."""
        return dict(self._transport.call("POST", f"channels/{channel_id}/test"))

    def delete(self, channel_id: str) -> None:
        self._transport.call("DELETE", f"channels/{channel_id}")
