"""HTTP: trainers, training runs, evaluations."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access import store as access
from relens.access.asking import Asking
from relens.datasets import store as datasets
from relens.datasets.item import split_named
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs import store as job_store
from relens.infra.web import Cursor, Instant, Limit, Page, part, read_cursor, write_cursor
from relens.registry import store as registry
from relens.training import store
from relens.training.evaluation import SCORES, Evaluation, Part
from relens.training.evaluations import Evaluations
from relens.training.permission import must_be_permitted
from relens.training.run import Training, Wish
from relens.training.trainers import TRAINERS
from relens.training.training_run import State, TrainingRun

router = APIRouter(prefix="/api/v1", tags=["training"])

Db = Annotated[Database, part(Database)]
JobsPart = Annotated[Jobs, part(Jobs)]
TrainingPart = Annotated[Training, part(Training)]


class ParameterOut(BaseModel):
    """What may be set; a default of null leaves it to the trainer."""

    default: Any
    title: str
    owner_only: bool


class TrainerOut(BaseModel):
    """A trainer; `missing` says what to install where it is not available."""

    name: str
    title: str
    tasks: list[str]
    parameters: dict[str, ParameterOut]
    available: bool
    missing: str | None


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


class TrainingRunOut(BaseModel):
    """A training run as the API shows it."""

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


@router.get("/trainers")
def list_trainers() -> Page[TrainerOut]:
    return Page(items=[_trainer(name) for name in TRAINERS.names()])


@router.post("/training-runs", status_code=202)
def start_run(
    wish: TrainingWish, actor: Asking, database: Db, jobs: JobsPart, training: TrainingPart
) -> TrainingRunOut:
    """Trains a new version of a model as a job of its own."""
    must_be_permitted(actor, wish.trainer, wish.parameters)

    def write(connection: Connection) -> TrainingRun:
        dataset_version = datasets.find(connection, wish.dataset_version).id
        start_from = registry.find(connection, wish.start_from).id if wish.start_from else None
        found = Wish(wish.trainer, wish.model, dataset_version, wish.parameters, start_from)
        return training.enqueue(connection, jobs, found, actor)

    run = database.write(write)
    with database.read() as connection:
        return _shown(connection, [run])[0]


@router.get("/training-runs")
def list_runs(
    database: Db,
    model: Annotated[str | None, Query(description="a model's name")] = None,
    state: State | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TrainingRunOut]:
    place = read_cursor(cursor, 2) if cursor else None
    before = (int(place[0]), str(place[1])) if place else None
    with database.read() as connection:
        found = store.runs(connection, model, state, before, limit + 1)
        following = write_cursor(found[limit - 1].created_at, found[limit - 1].id) if len(found) > limit else None
        return Page(items=_shown(connection, found[:limit]), next=following)


@router.get("/training-runs/{run_id}")
def get_run(run_id: str, database: Db) -> TrainingRunOut:
    with database.read() as connection:
        return _shown(connection, [store.get_run(connection, run_id)])[0]


@router.get("/training-runs/{run_id}/log", response_class=PlainTextResponse)
def get_log(run_id: str, database: Db, training: TrainingPart) -> PlainTextResponse:
    """Every line the trainer wrote."""
    with database.read() as connection:
        store.get_run(connection, run_id)
    return PlainTextResponse(training.log(run_id))


@router.post("/training-runs/{run_id}/cancel")
def cancel_run(run_id: str, actor: Asking, database: Db, jobs: JobsPart) -> TrainingRunOut:
    """Asks it to stop; the trainer is given a few seconds to end by itself."""
    actor.must_be("operator")
    with database.read() as connection:
        run = store.get_run(connection, run_id)
    if run.job is not None:
        jobs.cancel(run.job)
    with database.read() as connection:
        return _shown(connection, [store.get_run(connection, run_id)])[0]


@router.post("/evaluations", status_code=202)
def start_evaluation(
    wish: EvaluationWish,
    actor: Asking,
    database: Db,
    jobs: JobsPart,
    evaluations: Annotated[Evaluations, part(Evaluations)],
) -> EvaluationOut:
    """Judges a version; the same question again gives the answer that is there."""
    actor.must_be("operator")
    split = split_named(wish.split)

    def write(connection: Connection) -> Evaluation:
        version = registry.find(connection, wish.model_version).id
        dataset = datasets.find(connection, wish.dataset_version).id
        return evaluations.ask(connection, jobs, version, dataset, split, wish.part, actor)

    return _evaluation(database.write(write))


@router.get("/evaluations")
def list_evaluations(model_version: str, database: Db) -> Page[EvaluationOut]:
    """What one model version was judged on, the newest first."""
    with database.read() as connection:
        found = store.evaluations(connection, registry.find(connection, model_version).id)
    return Page(items=[_evaluation(one) for one in found])


@router.get("/evaluations/{evaluation_id}")
def get_evaluation(evaluation_id: str, database: Db) -> EvaluationOut:
    with database.read() as connection:
        return _evaluation(store.get_evaluation(connection, evaluation_id))


def _trainer(name: str) -> TrainerOut:
    trainer = TRAINERS.get(name)
    parameters = {
        key: ParameterOut(default=one.default, title=one.title, owner_only=one.owner_only)
        for key, one in trainer.parameters.items()
    }
    missing = trainer.missing
    return TrainerOut(
        name=name,
        title=trainer.title,
        tasks=list(trainer.tasks),
        parameters=parameters,
        available=missing is None,
        missing=missing,
    )


def _shown(connection: Connection, runs: list[TrainingRun]) -> list[TrainingRunOut]:
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


def _evaluation(found: Evaluation) -> EvaluationOut:
    shown = {name: getattr(found, name) for name in EvaluationOut.model_fields if name != "scores"}
    return EvaluationOut(**shown, scores={name: found.scores.get(name) for name in SCORES})
