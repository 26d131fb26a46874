"""What trainers, training runs and evaluations look like over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access import store as access
from relens.infra.jobs import store as job_store
from relens.infra.web import Instant
from relens.training.evaluation import SCORES, Evaluation, Part
from relens.training.trainers import TRAINERS
from relens.training.training_run import State, TrainingRun


class ParameterOut(BaseModel):
    """What may be set; a default of null leaves it to the trainer."""

    default: Any
    title: str
    owner_only: bool


class TrainerOut(BaseModel):
    """A trainer; `missing` says what to install where it is not available, `notice` what to know before choosing it (a licence).

    `interpreter`: the parameter that names another Python, with which it is available all the same. Of each group in `instead` one
    parameter takes the others' place.
    """

    name: str
    title: str
    tasks: list[str]
    parameters: dict[str, ParameterOut]
    available: bool
    missing: str | None
    notice: str | None
    interpreter: str | None
    instead: list[list[str]]


class TrainingWish(BaseModel):
    """What to train: `dataset_version` and `start_from` by id or readable name (bccd/2)."""

    model: str
    dataset_version: str
    trainer: str = "compact"
    parameters: dict[str, Any] = Field(default_factory=dict)
    start_from: str | None = None


class EpochOut(BaseModel):
    """One progress line of a trainer."""

    epoch: int
    epochs: int | None
    loss: float | None
    metrics: dict[str, float | None]
    eta_s: float | None


class UsedOut(BaseModel):
    """What the trainer's program took, its children too: seconds on the clock and of the processor, and memory at its peak."""

    wall_s: float
    cpu_s: float | None
    peak_memory_bytes: int | None


class EnvironmentOut(BaseModel):
    """What a run ran with. `packages` are those the trainer stands on, `program` what the program itself wrote about where it ran."""

    relens: str
    python: str
    platform: str
    cores: int | None
    threads: int
    seed: int | None
    packages: dict[str, str]
    program: dict[str, str]


class TrainingRunOut(BaseModel):
    """A training run as the API shows it; `repeats` is the id of the run it does again."""

    id: str
    state: State
    job: str | None
    trainer: str
    parameters: dict[str, Any]
    model: str
    dataset_version: str
    start_from: str | None
    model_version: str | None
    deployment: str | None
    epochs: list[EpochOut]
    eta_s: float | None
    error: str | None
    created_by: str
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None
    used: UsedOut | None
    environment: EnvironmentOut | None
    repeats: str | None


class EvaluationWish(BaseModel):
    """What to judge; `part`: gate and report are two halves of the split, cut by group."""

    model_version: str
    dataset_version: str
    split: str = "test"
    part: Part = "all"


class EvaluationOut(BaseModel):
    """Scores of one model version; null where a score does not apply."""

    id: str
    state: State
    job: str | None
    model_version: str
    dataset_version: str
    split: str
    part: str
    images: int
    scores: dict[str, float | None]
    labels: dict[str, dict[str, Any]]
    advised_threshold: float | None
    error: str | None
    created_at: Instant
    finished_at: Instant | None


def trainer_body(name: str) -> TrainerOut:
    trainer = TRAINERS.get(name)
    parameters = {
        key: ParameterOut(default=one.default, title=one.title, owner_only=one.owner_only)
        for key, one in trainer.parameters.items()
    }
    missing = trainer.missing(name)
    return TrainerOut(
        name=name,
        title=trainer.title,
        tasks=list(trainer.tasks),
        parameters=parameters,
        available=missing is None,
        missing=missing,
        notice=trainer.notice,
        interpreter=trainer.interpreter,
        instead=[sorted(group) for group in trainer.instead],
    )


def run_bodies(connection: Connection, runs: list[TrainingRun]) -> list[TrainingRunOut]:
    people = access.names(connection, {run.created_by for run in runs})
    return [_run(connection, run, people.get(run.created_by, run.created_by)) for run in runs]


def _run(connection: Connection, run: TrainingRun, created_by: str) -> TrainingRunOut:
    names = TrainingRunOut.model_fields.keys() - {"epochs", "created_by", "parameters"}
    shown = {name: getattr(run, name) for name in names}
    job = job_store.get(connection, run.job) if run.job and run.is_open else None
    # A job can end before its run was ever touched: cancelled while it waited.
    if job is not None and job.state in ("cancelled", "failed"):
        shown |= {"state": job.state, "error": job.error, "finished_at": job.finished_at}
    epochs = [EpochOut(**epoch) for epoch in run.epochs]
    return TrainingRunOut(**shown, epochs=epochs, parameters=dict(run.parameters), created_by=created_by)


def evaluation_body(found: Evaluation) -> EvaluationOut:
    shown = {name: getattr(found, name) for name in EvaluationOut.model_fields if name != "scores"}
    return EvaluationOut(**shown, scores={name: found.scores.get(name) for name in SCORES})
