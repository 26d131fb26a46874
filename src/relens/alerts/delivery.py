"""A delivery: one thing on its way to one channel, tried until it arrives or is given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from relens.alerts.message import Kind
from relens.kit.clock import SECOND, Micros

DeliveryState = Literal["waiting", "sent", "failed"]

GIVE_UP_AFTER_S = 86_400
KEPT_DAYS = 90
"""How a message fared is known for so long; what happened to the alert itself is kept for good."""
GROUP_S = 15
"""What happens to one deployment within so many seconds is one message: every rule is looked at that often."""
_LONGEST_PAUSE_S = 600


@dataclass(frozen=True, slots=True)
class Delivery:
    """`body` is the thing told as JSON. `batch`: the first delivery of the message it goes out with, once it was tried."""

    id: str
    rule: str
    alert: str | None
    deployment: str
    kind: Kind
    channel: str
    body: Mapping[str, Any]
    state: DeliveryState
    attempts: int
    next_at: Micros
    error: str
    created_at: Micros
    sent_at: Micros | None
    batch: str | None = None


def pause(attempts: int) -> Micros:
    """How long to wait after so many failed attempts: 1 s, 2 s, 4 s, .. 10 min."""
    return int(min(1 << min(max(attempts - 1, 0), 20), _LONGEST_PAUSE_S)) * SECOND
