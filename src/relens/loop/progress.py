"""How far a loop is: what was added, what runs, what waits; cheap enough for a page to ask every second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.deployments.succession import NothingBefore, way_back
from relens.infra.jobs import Job
from relens.infra.jobs import store as jobs_store
from relens.kit.clock import Micros
from relens.kit.errors import NotFound
from relens.loop import feedback_rows, store
from relens.loop.decision import Decision
from relens.loop.due import Due
from relens.loop.feedback import Tally, newest_version, tally
from relens.loop.policy import Policies
from relens.loop.retrain import STEPS
from relens.loop.start import what_is_due
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from relens.review import store as verdicts
from relens.training import store as trainings

StepState = Literal["done", "running", "waiting"]


@dataclass(frozen=True, slots=True)
class Running:
    """The run under way: its steps in order, and how far the present one is (`total` None: nobody knows)."""

    job: str
    training_run: str | None
    reason: str
    step: str | None
    steps: tuple[tuple[str, StepState], ...]
    done: int
    total: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """`dataset` is the name and newest version number of the target, None where there is none; `back_to` what a rollback would bring back.

    `unplaced`: reviews that the tally does not count yet, because the loop follows a moment behind (200 at most are counted).
    """

    tally: Tally
    unplaced: int
    after: int
    verdicts: int
    dataset: tuple[str, int] | None
    run: Running | None
    waiting: Decision | None
    last_run_at: Micros | None
    last_run_state: str | None
    last_error: str | None
    due: Due
    frozen: bool
    back_to: ModelVersion | None


def progress(connection: Connection, deployment: Deployment) -> Progress:
    chosen = store.policies(connection, deployment.id)
    last = store.last_run(connection, deployment.id)
    job = jobs_store.get(connection, last.job) if last else None
    said = verdicts.counts(connection, deployment.id)
    waiting = store.open_decisions(connection, deployment.id)
    return Progress(
        tally=tally(connection, deployment.id, chosen.feedback),
        unplaced=_unplaced(connection, deployment.id, chosen),
        after=chosen.training.after,
        verdicts=sum(count for status, count in said.items() if status != "pending"),
        dataset=_dataset(connection, chosen),
        run=_running(connection, job, last.reason) if job is not None and last is not None and job.is_open else None,
        waiting=waiting[0] if waiting else None,
        last_run_at=last.started_at if last else None,
        last_run_state=job.state if job else None,
        last_error=job.error if job else None,
        due=what_is_due(connection, deployment.id, chosen),
        frozen=chosen.frozen,
        back_to=_before(connection, deployment),
    )


def _before(connection: Connection, deployment: Deployment) -> ModelVersion | None:
    try:
        return registry.get(connection, way_back(connection, deployment).version)
    except (NothingBefore, NotFound):
        return None


def _unplaced(connection: Connection, deployment: str, chosen: Policies) -> int:
    if not chosen.feedback.active or not chosen.feedback.dataset:
        return 0
    placed = feedback_rows.cursor(connection, chosen.feedback.dataset, deployment)
    return len(verdicts.since(connection, placed, 200, deployment))


def _dataset(connection: Connection, chosen: Policies) -> tuple[str, int] | None:
    if not chosen.feedback.dataset:
        return None
    try:
        newest = newest_version(connection, chosen.feedback.dataset)
    except NotFound:
        return None
    return newest.dataset_name, newest.number


def _running(connection: Connection, job: Job, reason: str) -> Running:
    finished = set(job.finished_steps)
    present = next((step for step in STEPS if step not in finished), None)
    training = trainings.run_of_job(connection, job.id)

    def state(step: str) -> StepState:
        if step in finished:
            return "done"
        return "running" if step == present and job.state == "running" else "waiting"

    steps = tuple((step, state(step)) for step in STEPS)
    return Running(job.id, training.id if training else None, reason, present, steps, job.done, job.total, job.message)
