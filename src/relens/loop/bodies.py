"""What the loop's answers look like over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access import store as actors
from relens.datasets import store as datasets
from relens.deployments import store as deployments
from relens.infra.web import Instant
from relens.kit.errors import NotFound
from relens.loop.carry import then
from relens.loop.decision import OPEN, Applied, Decision
from relens.loop.gate import Answer
from relens.loop.policy import (
    AfterShadow,
    AtPromotion,
    ContinuousDeployment,
    FeedbackLoop,
    RolloutPolicy,
)
from relens.loop.preview import Preview
from relens.loop.progress import Progress, Running, StepState
from relens.loop.provenance import Kind
from relens.loop.report_bodies import ReportOut
from relens.loop.training_bodies import Name
from relens.predictions.routes import TitledVersion
from relens.registry import store as registry

_KEPT_ONLY = ("report", "weights")
"""Of a decision's numbers: the one is shown in its own form, the other is one number for each test image."""


class FeedbackLoopBody(BaseModel):
    """`dataset`: the name of the dataset whose next versions the verdicts make.

    `test_share` of the scenes that random checks show is kept for testing and never trained on; hard cases are always learned from.
    """

    dataset: str | None
    active: bool = True
    test_share: float = Field(0.5, ge=0.0, le=0.5)


class ContinuousDeploymentBody(BaseModel):
    """What happens with a candidate that passed the gate; not active is the same as `ask`.

    `after_shadow`: once a shadow's random checks speak for it, a person is asked or it is promoted.
    `guard`: metrics whose alert, when it begins within `guard_hours` after a promotion, brings the version before back.
    `critical` labels must not fall; a candidate's median image takes `latency_ms` at most, its file `size_mb`; null: no such budget.
    `threshold`, when a judged version becomes champion: a person's is kept, kept unless it is clearly worse for that version, or moved.
    """

    active: bool
    policy: RolloutPolicy
    after_shadow: AfterShadow
    threshold: AtPromotion
    guard: list[Name]
    guard_hours: float
    critical: list[str]
    latency_ms: float | None
    size_mb: float | None


class ContinuousDeploymentIn(BaseModel):
    """What to change of it; what is left out stays as it is, and a budget of null is taken away."""

    active: bool | None = None
    policy: RolloutPolicy | None = None
    after_shadow: AfterShadow | None = None
    threshold: AtPromotion | None = None
    guard: list[Name] | None = Field(None, max_length=20)
    guard_hours: float | None = Field(None, gt=0, le=8_760)
    critical: list[str] | None = Field(None, max_length=200)
    latency_ms: float | None = Field(None, gt=0, lt=1e7)
    size_mb: float | None = Field(None, gt=0, lt=1e7)

    def of(self, now: ContinuousDeployment) -> ContinuousDeployment:
        """The settings afterwards. Raises BadPolicy."""
        said: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        demands: dict[str, Any] = {name: said[name] for name in ("latency_ms", "size_mb") if name in said}
        if self.critical is not None:
            demands["critical"] = tuple(self.critical)
        plain = {
            name: said[name]
            for name in ("active", "policy", "after_shadow", "threshold", "guard_hours")
            if said.get(name) is not None
        }
        if self.guard is not None:
            plain["guard"] = tuple(self.guard)
        return replace(now, demands=replace(now.demands, **demands), **plain)


class FreezeBody(BaseModel):
    """Frozen: nothing begins, changes over or goes back by itself; people still may do all of it."""

    frozen: bool


class DecisionOut(BaseModel):
    """What the gate said of a candidate, the numbers behind it, and what came of it."""

    id: str
    candidate: TitledVersion
    champion: TitledVersion
    dataset_version: TitledVersion
    decision: Answer
    reasons: list[str]
    numbers: dict[str, Any]
    report: ReportOut | None = Field(
        description="null for decisions from before there were reports, or without test images"
    )
    policy: RolloutPolicy
    applied: Applied
    note: str
    answers_from: float | None = Field(
        description="of one that waits: with which threshold the candidate would answer if it became champion now"
    )
    job: str
    at: Instant
    settled_by: str | None
    settled_at: Instant | None


class LoopDataset(BaseModel):
    """The target dataset and the number of its newest version."""

    name: str
    version: int


class LoopStep(BaseModel):
    """One step of a run."""

    name: str
    state: StepState


class LoopProgress(BaseModel):
    """How far the present step is; `total` null: nobody knows."""

    done: int
    total: int | None
    message: str


class LoopRunOut(BaseModel):
    """The run under way."""

    job: str
    training_run: str | None
    reason: str
    step: str | None
    steps: list[LoopStep]
    progress: LoopProgress


class LoopOut(BaseModel):
    """This round of the loop: `added` of `after` images, what was kept for testing, unusable, changed or left out (with reasons)."""

    added: int
    after: int
    kept_for_testing: int
    changed: int
    unusable: int
    skipped: int
    left_out: dict[str, int]
    verdicts: int
    unplaced: int = Field(description="reviews that are not counted above yet, 200 at most")
    dataset: LoopDataset | None
    run: LoopRunOut | None
    waiting: DecisionOut | None
    last_run_at: Instant | None
    last_run_state: str | None
    last_error: str | None
    due: str | None = Field(description="why a run should begin, when one is due")
    waits: str | None = Field(description="what a run that is due waits for")
    waits_until: Instant | None = Field(description="when that is over, where it is known")
    frozen: bool
    back_to: TitledVersion | None = Field(description="the version that a rollback would bring back")


class PreviewOut(BaseModel):
    """What the next version of the dataset will bring. `labels` counts new annotations, `nothing_here` new images without any."""

    after: str
    sentence: str
    added: int
    kept_for_testing: int
    changed: int
    unusable: int
    left_out: dict[str, int]
    labels: dict[str, int]
    nothing_here: int
    new_labels: list[str] = Field(description="labels the dataset learns with it")

    @staticmethod
    def of(seen: Preview) -> PreviewOut:
        counts = {name: getattr(seen.tally, name) for name in ("added", "kept_for_testing", "changed", "unusable")}
        return PreviewOut(
            after=seen.after,
            sentence=seen.sentence,
            left_out=seen.tally.left_out,
            labels=seen.labels,
            nothing_here=seen.nothing_here,
            new_labels=list(seen.new_labels),
            **counts,
        )


class RollbackIn(BaseModel):
    """Why the earlier champion comes back; kept in the history of roles."""

    reason: str = Field(default="", max_length=500)
    champion: str | None = Field(
        None, description="the id of the champion you saw: if another one answers by now, nothing happens"
    )


class ApproveIn(BaseModel):
    """`threshold`: from which confidence on the candidate answers; null: as Settings say."""

    threshold: float | None = Field(None, ge=0, le=1)


class CandidateIn(BaseModel):
    """Any registered version of the deployment's task."""

    model_version: str = Field(description='an id, "name/3" or "name/latest"')


class LineageStep(BaseModel):
    """One thing behind an answer."""

    kind: Kind
    title: str
    id: str
    at: Instant
    by: str | None
    detail: str


class LineageOut(BaseModel):
    """From the answer back to the first import, or from a review forward to what it changed."""

    steps: list[LineageStep]


def feedback_body(connection: Connection, loop: FeedbackLoop) -> FeedbackLoopBody:
    name = datasets.find_dataset(connection, loop.dataset).name if loop.dataset else None
    return FeedbackLoopBody(dataset=name, active=loop.active, test_share=loop.test_share)


def rollout_body(rollout: ContinuousDeployment) -> ContinuousDeploymentBody:
    return ContinuousDeploymentBody(
        active=rollout.active,
        policy=rollout.policy,
        after_shadow=rollout.after_shadow,
        threshold=rollout.threshold,
        guard=list(rollout.guard),
        guard_hours=rollout.guard_hours,
        critical=list(rollout.demands.critical),
        latency_ms=rollout.demands.latency_ms,
        size_mb=rollout.demands.size_mb,
    )


def decision_body(connection: Connection, decision: Decision, *, whole: bool = True) -> DecisionOut:
    """`whole`: with every image the candidate breaks, not only the first few."""
    titles = registry.titles(connection, {decision.candidate, decision.champion})
    plain = ("id", "decision", "policy", "applied", "note", "job", "at", "settled_at")
    return DecisionOut(
        **{name: getattr(decision, name) for name in plain},
        candidate=TitledVersion(id=decision.candidate, title=titles.get(decision.candidate, decision.candidate)),
        champion=TitledVersion(id=decision.champion, title=titles.get(decision.champion, decision.champion)),
        dataset_version=TitledVersion(
            id=decision.dataset_version, title=_data_title(connection, decision.dataset_version)
        ),
        reasons=list(decision.reasons),
        answers_from=_answers_from(connection, decision),
        numbers={name: value for name, value in decision.numbers.items() if name not in _KEPT_ONLY},
        report=ReportOut.of(decision.numbers, whole),
        settled_by=actors.names(connection, {decision.settled_by}).get(decision.settled_by)
        if decision.settled_by
        else None,
    )


def _answers_from(connection: Connection, decision: Decision) -> float | None:
    if decision.applied not in OPEN:
        return None
    deployment, candidate = (
        deployments.get(connection, decision.deployment),
        registry.get(connection, decision.candidate),
    )
    return then(connection, deployment, candidate, decision).value


def loop_body(connection: Connection, seen: Progress) -> LoopOut:
    return LoopOut(
        added=seen.tally.added,
        after=seen.after,
        kept_for_testing=seen.tally.kept_for_testing,
        changed=seen.tally.changed,
        unusable=seen.tally.unusable,
        skipped=seen.tally.skipped,
        left_out=seen.tally.left_out,
        verdicts=seen.verdicts,
        unplaced=seen.unplaced,
        dataset=LoopDataset(name=seen.dataset[0], version=seen.dataset[1]) if seen.dataset else None,
        run=_run(seen.run) if seen.run else None,
        waiting=decision_body(connection, seen.waiting, whole=False) if seen.waiting else None,
        last_run_at=seen.last_run_at,
        last_run_state=seen.last_run_state,
        last_error=seen.last_error,
        due=seen.due.reason,
        waits=seen.due.waits,
        waits_until=seen.due.until,
        frozen=seen.frozen,
        back_to=TitledVersion(id=seen.back_to.id, title=seen.back_to.title) if seen.back_to else None,
    )


def _run(running: Running) -> LoopRunOut:
    return LoopRunOut(
        job=running.job,
        training_run=running.training_run,
        reason=running.reason,
        step=running.step,
        steps=[LoopStep(name=name, state=state) for name, state in running.steps],
        progress=LoopProgress(done=running.done, total=running.total, message=running.message),
    )


def _data_title(connection: Connection, version: str) -> str:
    try:
        return datasets.get(connection, version).title
    except NotFound:
        return version
