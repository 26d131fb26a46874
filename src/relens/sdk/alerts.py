"""Alert rules of a deployment and the alerts they raised."""

from collections.abc import Iterator

from relens.sdk.jobs import Json
from relens.sdk.transport import Transport


class Alerts:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, deployment: str | None = None, state: str = "open") -> Iterator[Json]:
        return self._transport.items("alerts", {"deployment": deployment, "state": state})

    def acknowledge(self, alert_id: str) -> Json:
        return dict(self._transport.call("POST", f"alerts/{alert_id}/acknowledge", idempotent=True))

    def delete_rule(self, rule_id: str) -> None:
        self._transport.call("DELETE", f"alert-rules/{rule_id}")
