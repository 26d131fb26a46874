"""A decision: what the gate said of one candidate in one deployment, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from relens.kit.clock import Micros
from relens.kit.errors import Conflict, NotFound
from relens.loop.gate import Answer
from relens.loop.policy import RolloutPolicy

Applied = Literal["promoted", "shadow", "waiting", "held", "approved", "refused", "taken back"]
OPEN: tuple[Applied, ...] = ("waiting", "shadow")
"""A person may still approve or refuse."""


class NoDecision(NotFound):
    """No decision has this id."""


class NotOpen(Conflict):
    """The decision waits for nobody (any more)."""


class ChampionChanged(Conflict):
    """The candidate was compared with a version that is not the champion any more."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`job` did the judging. `taken back`: it was champion, then a guard or a person rolled back. `note` says what came of it in a sentence; `settled_by` is the person who approved or refused."""

    id: str
    deployment: str
    job: str
    candidate: str
    champion: str
    dataset_version: str
    decision: Answer
    reasons: tuple[str, ...]
    numbers: Mapping[str, Any]
    policy: RolloutPolicy
    applied: Applied
    note: str
    at: Micros
    settled_by: str | None = None
    settled_at: Micros | None = None

    def must_be_open(self) -> None:
        """Refuses when there is nothing to approve or refuse."""
        if self.applied == "held":
            raise NotOpen(
                "the gate held this candidate; to deploy it all the same, make it champion by hand and say why"
            )
        if self.applied not in OPEN:
            raise NotOpen(f"this decision is settled already ({self.applied})")
