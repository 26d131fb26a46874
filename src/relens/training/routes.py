"""HTTP: trainers, training runs, evaluations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.datasets import store as datasets
from relens.datasets.item import split_named
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.web import Cursor, Limit, Page, part, read_cursor, write_cursor
from relens.registry import store as registry
from relens.training import store
from relens.training.bodies import (
    EvaluationOut,
    EvaluationWish,
    TrainerOut,
    TrainingRunOut,
    TrainingWish,
    evaluation_body,
    run_bodies,
    trainer_body,
)
from relens.training.evaluation import Evaluation
from relens.training.evaluations import Evaluations
from relens.training.permission import must_be_permitted
from relens.training.run import Training
from relens.training.trainers import TRAINERS
from relens.training.training_run import State, TrainingRun
from relens.training.wish import Wish, again

router = APIRouter(prefix="/api/v1", tags=["training"])

Db = Annotated[Database, part(Database)]
JobsPart = Annotated[Jobs, part(Jobs)]
TrainingPart = Annotated[Training, part(Training)]


@router.get("/trainers")
def list_trainers() -> Page[TrainerOut]:
    return Page(items=[trainer_body(name) for name in TRAINERS.names()])


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
        return run_bodies(connection, [run])[0]


@router.get("/training-runs")
def list_runs(
    database: Db,
    model: Annotated[str | None, Query(description="a model's name")] = None,
    state: State | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TrainingRunOut]:
    place = read_cursor(cursor, int, str) if cursor else None
    before = (int(place[0]), str(place[1])) if place else None
    with database.read() as connection:
        found = store.runs(connection, model, state, before, limit + 1)
        following = write_cursor(found[limit - 1].created_at, found[limit - 1].id) if len(found) > limit else None
        return Page(items=run_bodies(connection, found[:limit]), next=following)


@router.get("/training-runs/{run_id}")
def get_run(run_id: str, database: Db) -> TrainingRunOut:
    with database.read() as connection:
        return run_bodies(connection, [store.get_run(connection, run_id)])[0]


@router.get("/training-runs/{run_id}/log", response_class=PlainTextResponse)
def get_log(run_id: str, database: Db, training: TrainingPart) -> PlainTextResponse:
    """Every line the trainer wrote."""
    with database.read() as connection:
        store.get_run(connection, run_id)
    return PlainTextResponse(training.log(run_id))


@router.post("/training-runs/{run_id}/repeat", status_code=202)
def repeat_run(run_id: str, actor: Asking, database: Db, jobs: JobsPart, training: TrainingPart) -> TrainingRunOut:
    """Trains once more what this run trained: the same images, parameters and start. What comes of it is a version of its own."""
    with database.read() as connection:
        earlier = store.get_run(connection, run_id)
    must_be_permitted(actor, earlier.trainer, earlier.parameters)

    def write(connection: Connection) -> TrainingRun:
        return training.enqueue(connection, jobs, again(earlier), actor)

    run = database.write(write)
    with database.read() as connection:
        return run_bodies(connection, [run])[0]


@router.post("/training-runs/{run_id}/cancel")
def cancel_run(run_id: str, actor: Asking, database: Db, jobs: JobsPart) -> TrainingRunOut:
    """Asks it to stop; the trainer is given a few seconds to end by itself."""
    actor.must_be("operator")
    with database.read() as connection:
        run = store.get_run(connection, run_id)
    if run.job is not None:
        jobs.cancel(run.job)
    with database.read() as connection:
        return run_bodies(connection, [store.get_run(connection, run_id)])[0]


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

    return evaluation_body(database.write(write))


@router.get("/evaluations")
def list_evaluations(model_version: str, database: Db) -> Page[EvaluationOut]:
    """What one model version was judged on, the newest first."""
    with database.read() as connection:
        found = store.evaluations(connection, registry.find(connection, model_version).id)
    return Page(items=[evaluation_body(one) for one in found])


@router.get("/evaluations/{evaluation_id}")
def get_evaluation(evaluation_id: str, database: Db) -> EvaluationOut:
    with database.read() as connection:
        return evaluation_body(store.get_evaluation(connection, evaluation_id))
