"""HTTP: precision against recall, point by point, with the confidence each point stands for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from relens.infra.database import Database
from relens.infra.web import part
from relens.monitoring.routes import Asked, Numbers

router = APIRouter(prefix="/api/v1", tags=["monitoring"])


class PointOut(BaseModel):
    """At this recall: the best precision there or further on, and the confidence it is reached at (null: it never is)."""

    recall: float
    precision: float
    confidence: float | None


class CurveOut(BaseModel):
    """One label's curve over the reviewed images of a window; no points where there is no object of it."""

    label: str
    iou: float
    images: int
    points: list[PointOut]


class CurvesOut(BaseModel):
    """By label, in the order of the deployment."""

    items: list[CurveOut]


@router.get("/deployments/{deployment}/precision-recall")
def get_precision_recall(
    asked: Asked,
    numbers: Numbers,
    database: Annotated[Database, part(Database)],
    iou: Annotated[float, Query(ge=0.5, le=0.95, description="0.50, 0.55, .. 0.95")] = 0.5,
) -> CurvesOut:
    """101 points a label, as COCO interpolates them; `label` chooses one."""
    deployment, window = asked
    with database.read() as connection:
        images, curves = numbers.curves(connection, deployment, window, iou)
    return CurvesOut(
        items=[
            CurveOut(
                label=label,
                iou=iou,
                images=images,
                points=[]
                if curve is None
                else [
                    PointOut(recall=float(r), precision=float(p), confidence=float(c) if p > 0 else None)
                    for r, p, c in zip(curve.recall, curve.precision, curve.confidence, strict=True)
                ],
            )
            for label, curve in curves.items()
        ]
    )
