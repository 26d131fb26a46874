"""HTTP: one metric of each role, version or source by itself, beside each other."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from relens.monitoring.routes import Asked, MeasurementOut, Numbers

router = APIRouter(prefix="/api/v1", tags=["monitoring"])


class ApartOut(BaseModel):
    """Measurements by role, version id or source."""

    by: Literal["role", "model_version", "source"]
    items: dict[str, MeasurementOut]


@router.get("/deployments/{deployment}/metrics/{metric}/apart")
def get_metric_apart(
    asked: Asked, metric: str, numbers: Numbers, by: Literal["role", "model_version", "source"] = "role"
) -> ApartOut:
    """The champion's, the canary's and the shadow's numbers apart; or each version's; or each source's."""
    deployment, window = asked
    found = numbers.apart(deployment, metric, window, by)
    return ApartOut(by=by, items={value: MeasurementOut.of(measured) for value, measured in found.items()})
