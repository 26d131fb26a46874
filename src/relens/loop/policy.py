"""What a deployment does by itself: feed verdicts into a dataset, train on them, roll candidates out. Pure facts and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from relens.kit.clock import Micros
from relens.loop.quiet_hours import BadPolicy, QuietHours

RolloutPolicy = Literal["ask", "shadow", "champion"]
AfterShadow = Literal["ask", "promote"]
AtPromotion = Literal["keep", "keep unless worse", "move"]
Start = Literal["champion", "scratch"]


@dataclass(frozen=True, slots=True)
class FeedbackLoop:
    """Verdicts become annotations in the next version of `dataset` (its id).

    `test_share` of the scenes that random checks show is kept for testing, for ever; everything else is learned from.
    """

    dataset: str | None = None
    active: bool = False
    test_share: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.test_share <= 0.5:
            raise BadPolicy(f"the share kept for testing lies between 0 and 0.5, not at {self.test_share}")
        if self.active and not self.dataset:
            raise BadPolicy("choose the dataset that verdicts go to, then switch the feedback loop on")


@dataclass(frozen=True, slots=True)
class ContinuousTraining:
    """A run starts by itself when `after` images were added since the last one, or, with at least one added, when an alert on one of
    the metrics `on_alert` fires, or `every_days` after the last run.

    `start`: from the champion's weights, where it has a checkpoint that the trainer reads, or from scratch. `trial`: the job that tried
    the trainer on a few images. `since`: when it was switched on, or its schedule set; the first run of a schedule counts from there.
    It waits for `cool_down_hours` since the last one began, for the end of `quiet` hours, and for a new day once `minutes_per_day` of
    training were used in the last 24 hours.
    """

    active: bool = False
    after: int = 50
    trainer: str = "compact"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    on_alert: tuple[str, ...] = ()
    every_days: float | None = None
    cool_down_hours: float = 0.0
    minutes_per_day: float | None = None
    quiet: QuietHours | None = None
    since: Micros | None = None
    start: Start = "champion"
    trial: str | None = None

    def __post_init__(self) -> None:
        if self.start not in get_args(Start):
            raise BadPolicy(f"a run starts from the champion or from scratch, not from '{self.start}'")
        if not 1 <= self.after <= 1_000_000:
            raise BadPolicy(f"retraining starts after 1 to 1,000,000 added images, not after {self.after}")
        if self.every_days is not None and not 0 < self.every_days <= 3_650:
            raise BadPolicy(f"a schedule is a number of days between two runs, up to 3,650, not {self.every_days}")
        if not 0 <= self.cool_down_hours <= 8_760:
            raise BadPolicy(f"the pause after a run is 0 to 8,760 hours, not {self.cool_down_hours}")
        if self.minutes_per_day is not None and not 0 < self.minutes_per_day <= 1_440:
            raise BadPolicy(f"a day has room for 1 to 1,440 minutes of training, not for {self.minutes_per_day}")


@dataclass(frozen=True, slots=True)
class Demands:
    """What the gate asks of a candidate beside its score.

    `critical` labels must not fall; `latency_ms`: the median image takes no longer, on one thread of this machine; `size_mb` of its file.
    """

    critical: tuple[str, ...] = ()
    latency_ms: float | None = None
    size_mb: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("latency", self.latency_ms), ("size", self.size_mb)):
            if value is not None and not 0 < value < 1e7:
                raise BadPolicy(f"a budget of {name} is a positive number, not {value}")


@dataclass(frozen=True, slots=True)
class ContinuousDeployment:
    """What happens with a candidate that passed the gate. Inactive means: ask.

    `after_shadow`: what happens with a shadow once the random checks that came while it ran speak for it: a person is asked, or it is promoted.
    `guard`: metrics whose alert, when it begins within `guard_hours` after the loop promoted a version, brings the version before back.
    `threshold`: what becomes of it when a judged version becomes champion: it is kept, it is kept unless it is clearly worse for that
    version, or it moves to the version's best one. One that nobody chose always moves, unless it is kept.
    """

    active: bool = False
    policy: RolloutPolicy = "ask"
    guard: tuple[str, ...] = ()
    guard_hours: float = 24.0
    demands: Demands = field(default_factory=Demands)
    after_shadow: AfterShadow = "ask"
    threshold: AtPromotion = "keep unless worse"

    def __post_init__(self) -> None:
        if self.policy not in get_args(RolloutPolicy):
            raise BadPolicy(f"the policy is ask, shadow or champion, not '{self.policy}'")
        if self.after_shadow not in get_args(AfterShadow):
            raise BadPolicy(
                f"after a shadow a person is asked (ask) or it is promoted (promote), not '{self.after_shadow}'"
            )
        if self.threshold not in get_args(AtPromotion):
            raise BadPolicy(
                f"at a promotion the threshold is kept (keep), kept unless worse, or moved (move), not '{self.threshold}'"
            )
        if not 0 < self.guard_hours <= 8_760:
            raise BadPolicy(f"a promotion is watched for up to 8,760 hours, not for {self.guard_hours}")

    @property
    def in_force(self) -> RolloutPolicy:
        return self.policy if self.active else "ask"


@dataclass(frozen=True, slots=True)
class Policies:
    """The settings of one deployment. `frozen`: nothing begins, changes over or goes back by itself; people still may."""

    feedback: FeedbackLoop = field(default_factory=FeedbackLoop)
    training: ContinuousTraining = field(default_factory=ContinuousTraining)
    rollout: ContinuousDeployment = field(default_factory=ContinuousDeployment)
    frozen: bool = False

    @property
    def in_force(self) -> RolloutPolicy:
        return "ask" if self.frozen else self.rollout.in_force
