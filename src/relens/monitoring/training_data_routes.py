"""HTTP: which dataset version a deployment's production is compared with."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.datasets import store as datasets
from relens.deployments import seen
from relens.deployments import store as deployments
from relens.deployments.seen import IfMatch, Saving
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.web import part
from relens.monitoring import store
from relens.monitoring.reference import FitReference
from relens.monitoring.routes import TitledOut
from relens.monitoring.training_data import TrainingData

router = APIRouter(prefix="/api/v1", tags=["monitoring"])

Db = Annotated[Database, part(Database)]


class TrainingDataIn(BaseModel):
    """Which dataset version the champion was trained on: its id, or name/2."""

    dataset_version: str


class TrainingDataOut(BaseModel):
    """What production is compared with, and how far the comparison is prepared."""

    dataset_version: TitledOut | None
    state: Literal["off", "preparing", "ready", "failed"]
    done: int
    total: int | None
    job: str | None
    message: str


@router.get("/deployments/{deployment}/training-data")
def get_training_data(
    deployment: str, database: Db, jobs: Annotated[Jobs, part(Jobs)], response: Response
) -> TrainingDataOut:
    with database.read() as connection:
        found = deployments.get(connection, deployment)
        chosen = store.get_training_data(connection, found.id)
        seen.show(response, seen.tag_of(_values(connection, found.id)))
    return _shown(database, jobs, chosen)


@router.put("/deployments/{deployment}/training-data")
def put_training_data(
    deployment: str,
    body: TrainingDataIn,
    actor: Asking,
    database: Db,
    jobs: Annotated[Jobs, part(Jobs)],
    fit: Annotated[FitReference, part(FitReference)],
    response: Response,
    if_match: IfMatch = None,
) -> TrainingDataOut:
    def work(connection: Connection) -> TrainingData | None:
        found = deployments.get(connection, deployment)
        wanted = {"dataset_version": datasets.find(connection, body.dataset_version).title}
        tag = Saving(found, "training-data", actor, if_match).save(
            connection,
            wanted,
            lambda: _values(connection, found.id),
            lambda: fit.choose(connection, found, body.dataset_version, actor),
        )
        seen.show(response, tag)
        return store.get_training_data(connection, found.id)

    return _shown(database, jobs, database.write(work))


def _values(connection: Connection, deployment_id: str) -> dict[str, str | None]:
    chosen = store.get_training_data(connection, deployment_id)
    return {"dataset_version": datasets.get(connection, chosen.dataset_version).title if chosen else None}


def _shown(database: Database, jobs: Jobs, chosen: TrainingData | None) -> TrainingDataOut:
    if chosen is None:
        return TrainingDataOut(dataset_version=None, state="off", done=0, total=None, job=None, message="")
    with database.read() as connection:
        version = datasets.get(connection, chosen.dataset_version)
        row = store.get_reference(connection, chosen.reference) if chosen.reference else None
    job = jobs.get(row.job) if row is not None and row.job else None
    titled = TitledOut(id=version.id, title=version.title)
    if row is None or row.state == "failed" or (job is not None and job.state in ("failed", "cancelled")):
        message = (row.message if row else "") or (job.error if job and job.error else "")
        return TrainingDataOut(
            dataset_version=titled, state="failed", done=0, total=None, job=job.id if job else None, message=message
        )
    ready = row.state == "ready"
    return TrainingDataOut(
        dataset_version=titled,
        state="ready" if ready else "preparing",
        done=row.images if ready else (job.done if job else 0),
        total=row.images if ready else (job.total if job else None),
        job=row.job,
        message="" if ready else (job.message if job else ""),
    )
