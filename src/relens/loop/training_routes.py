"""HTTP: the settings of continuous training, and the trial of its trainer."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.deployments import seen
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.deployments.seen import IfMatch, Saving
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.web import part
from relens.loop import configure, store
from relens.loop.training_bodies import ContinuousTrainingBody, ContinuousTrainingOut, training_of, training_out
from relens.loop.try_trainer import begin_trial, has_proved_itself

router = APIRouter(prefix="/api/v1/deployments/{deployment}/continuous-training", tags=["loop"])
Db = Annotated[Database, part(Database)]
AllJobs = Annotated[Jobs, part(Jobs)]


@router.get("")
def get_continuous_training(deployment: str, database: Db, response: Response) -> ContinuousTrainingOut:
    with database.read() as connection:
        here = deployments.get(connection, deployment)
        seen.show(response, seen.tag_of(_values(connection, here)))
        return training_out(connection, here, store.policies(connection, here.id).training)


@router.put("")
def put_continuous_training(
    deployment: str,
    wanted: ContinuousTrainingBody,
    actor: Asking,
    database: Db,
    jobs: AllJobs,
    response: Response,
    if_match: IfMatch = None,
) -> ContinuousTrainingOut:
    """Runs start by themselves from now on; images added already count. Another trainer, or other parameters, are tried on eight images."""
    chosen = training_of(wanted)

    def change(connection: Connection) -> tuple[ContinuousTrainingOut, str | None]:
        here = deployments.get(connection, deployment)
        before = store.policies(connection, here.id).training
        tag = Saving(here, "continuous-training", actor, if_match).save(
            connection,
            wanted.model_dump(mode="json"),
            lambda: _values(connection, here),
            lambda: configure.continuous_training(connection, here, chosen, actor),
        )
        seen.show(response, tag)
        made = store.policies(connection, here.id).training
        over = None
        if configure.trains_differently(before, made) or before.trial is None:
            over = before.trial
            known = has_proved_itself(connection, here, made)
            made = replace(made, trial=None if known else begin_trial(connection, jobs, here, made, actor))
            configure.keep_training(connection, here, made)
        return training_out(connection, here, made), over

    made, over = database.write(change)
    _stop(jobs, over)
    return made


def _values(connection: Connection, here: Deployment) -> dict[str, Any]:
    """What a person chooses of it."""
    out = training_out(connection, here, store.policies(connection, here.id).training)
    return out.model_dump(mode="json", include=set(ContinuousTrainingBody.model_fields))


@router.post("/trial", status_code=202)
def try_again(deployment: str, actor: Asking, database: Db, jobs: AllJobs) -> ContinuousTrainingOut:
    """Tries the trainer once more, on eight images of the dataset: nothing of what it makes is kept."""
    actor.must_be("operator")

    def begin(connection: Connection) -> tuple[ContinuousTrainingOut, str | None]:
        here = deployments.get(connection, deployment)
        before = store.policies(connection, here.id).training
        configure.must_have_data(connection, here)
        made = replace(before, trial=begin_trial(connection, jobs, here, before, actor))
        configure.keep_training(connection, here, made)
        return training_out(connection, here, made), before.trial

    made, over = database.write(begin)
    _stop(jobs, over)
    return made


def _stop(jobs: Jobs, job_id: str | None) -> None:
    """A trial of settings that are not in force any more."""
    if job_id is not None and jobs.get(job_id).is_open:
        jobs.cancel(job_id)
