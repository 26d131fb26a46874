"""What a deployment does by itself: feed verdicts into a dataset, train on them, roll candidates out. Pure facts and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from relens.kit.errors import Invalid

RolloutPolicy = Literal["ask", "shadow", "champion"]


class BadPolicy(Invalid):
    """Settings under which the loop could not run."""


@dataclass(frozen=True, slots=True)
class FeedbackLoop:
    """Verdicts become annotations in the next version of `dataset` (its id); `test_share` of the groups is kept for testing, for ever."""

    dataset: str | None = None
    active: bool = False
    test_share: float = 0.2

    def __post_init__(self) -> None:
        if not 0.0 <= self.test_share <= 0.5:
            raise BadPolicy(f"the share kept for testing lies between 0 and 0.5, not at {self.test_share}")
        if self.active and not self.dataset:
            raise BadPolicy("choose the dataset that verdicts go to, then switch the feedback loop on")


@dataclass(frozen=True, slots=True)
class ContinuousTraining:
    """A run starts by itself when `after` images were added since the last one."""

    active: bool = False
    after: int = 50
    trainer: str = "compact"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.after <= 1_000_000:
            raise BadPolicy(f"retraining starts after 1 to 1,000,000 added images, not after {self.after}")


@dataclass(frozen=True, slots=True)
class ContinuousDeployment:
    """What happens with a candidate that passed the gate. Inactive means: ask."""

    active: bool = False
    policy: RolloutPolicy = "ask"

    def __post_init__(self) -> None:
        if self.policy not in get_args(RolloutPolicy):
            raise BadPolicy(f"the policy is ask, shadow or champion, not '{self.policy}'")

    @property
    def in_force(self) -> RolloutPolicy:
        return self.policy if self.active else "ask"


@dataclass(frozen=True, slots=True)
class Policies:
    """The three settings of one deployment."""

    feedback: FeedbackLoop = field(default_factory=FeedbackLoop)
    training: ContinuousTraining = field(default_factory=ContinuousTraining)
    rollout: ContinuousDeployment = field(default_factory=ContinuousDeployment)
