"""HTTP: metrics of all traffic, estimated from the random checks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from relens.infra.database import Database
from relens.infra.web import part
from relens.kit.errors import Invalid
from relens.monitoring.estimated import Estimated, estimates
from relens.monitoring.routes import Asked

router = APIRouter(prefix="/api/v1", tags=["monitoring"])


class LabelsNotEstimated(Invalid):
    """Random checks are drawn from all images, and sums are kept of all answers."""


class EstimateOut(BaseModel):
    """`lower`, `upper`: 95 % for one look; `always_*` hold however often one looks. null: too few reviews yet."""

    metric: str
    value: float
    lower: float | None
    upper: float | None
    always_lower: float | None
    always_upper: float | None
    reviews: int
    more_reviews: int

    @staticmethod
    def of(one: Estimated) -> EstimateOut:
        found = one.estimate
        return EstimateOut(
            metric=one.metric,
            value=found.value,
            lower=found.lower,
            upper=found.upper,
            always_lower=found.always_lower,
            always_upper=found.always_upper,
            reviews=found.reviews,
            more_reviews=one.more,
        )


class EstimatesOut(BaseModel):
    """`more_reviews` is about how many until ± 3 points; `skipped` the share of random checks nobody could judge."""

    items: list[EstimateOut]
    reviews: int
    images: int
    skipped: float
    needs: str | None


@router.get("/deployments/{deployment}/estimates")
def get_estimates(asked: Asked, database: Annotated[Database, part(Database)]) -> EstimatesOut:
    """What the random checks say of all images of a window, reviewed or not."""
    deployment, window = asked
    if window.label is not None or window.of_the_log:
        raise LabelsNotEstimated("estimates are made for all answers of a window: leave out label, tag and query")
    with database.read() as connection:
        found = estimates(connection, deployment, window)
    return EstimatesOut(
        items=[EstimateOut.of(one) for one in found.items],
        reviews=found.reviews,
        images=found.images,
        skipped=found.skipped,
        needs=found.needs,
    )
