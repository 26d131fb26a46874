"""HTTP: metrics of all traffic, estimated from the random checks."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from relens.infra.database import Database
from relens.infra.web import part
from relens.monitoring.estimate_bodies import EstimatesOut
from relens.monitoring.estimating import Estimating
from relens.monitoring.routes import Asked

router = APIRouter(prefix="/api/v1", tags=["monitoring"])

Db = Annotated[Database, part(Database)]
Made = Annotated[Estimating, part(Estimating)]
By = Literal["label", "source", "model_version", "role"]


class EstimatesApartOut(BaseModel):
    """Estimates by label, source, version id or role."""

    by: By
    items: dict[str, EstimatesOut]


@router.get("/deployments/{deployment}/estimates")
def get_estimates(asked: Asked, made: Made, database: Db) -> EstimatesOut:
    """What the random checks say of all images of a window, reviewed or not; of one label, tag or query as well."""
    deployment, window = asked
    with database.read() as connection:
        return EstimatesOut.made(made.of(connection, deployment, window))


@router.get("/deployments/{deployment}/estimates/apart")
def get_estimates_apart(asked: Asked, made: Made, database: Db, by: By = "label") -> EstimatesApartOut:
    """The same of each label, source, version or role by itself; a shadow is judged on its champion's random checks."""
    deployment, window = asked
    with database.read() as connection:
        found = made.apart(connection, deployment, window, by)
    return EstimatesApartOut(by=by, items={value: EstimatesOut.made(one) for value, one in found.items()})
