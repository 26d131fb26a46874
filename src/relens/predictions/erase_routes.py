"""HTTP: erase a prediction, or a deployment with all of them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from relens.access.asking import Asking
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import JobOut
from relens.infra.web import part
from relens.predictions.delete import ask_to_delete
from relens.predictions.erase import Erasure

router = APIRouter(prefix="/api/v1", tags=["predictions"])


class ErasedOut(BaseModel):
    """What became of the image: "needed by others" is one that a dataset version or another prediction holds."""

    prediction: str
    image: Literal["erased", "needed by others", "none here"]


@router.delete("/predictions/{prediction_id}")
def erase_prediction(prediction_id: str, actor: Asking, erasure: Annotated[Erasure, part(Erasure)]) -> ErasedOut:
    """Erases what a prediction said and showed, its reviews too. That it was made stays counted. It cannot be undone."""
    actor.must_be("operator")
    erased = erasure.erase(prediction_id)
    return ErasedOut.model_validate({"prediction": erased.prediction, "image": erased.image})


@router.delete("/deployments/{deployment}", status_code=202)
def delete_deployment(
    deployment: str,
    name: Annotated[str, Query(description="its name once more, as a person typed it")],
    actor: Asking,
    database: Annotated[Database, part(Database)],
    jobs: Annotated[Jobs, part(Jobs)],
) -> JobOut:
    """Deletes an archived deployment for good, as a job: its log with images and reviews, then itself. Models and datasets stay."""
    job = database.write(
        lambda connection: ask_to_delete(connection, jobs, deployments.get(connection, deployment), name, actor)
    )
    return JobOut.of(jobs.get(job), actor.name)
