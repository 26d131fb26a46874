"""HTTP: the cameras of a deployment side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from relens.infra.database import Database
from relens.infra.web import Instant, part
from relens.kit import clock
from relens.monitoring.measure import Measuring
from relens.monitoring.routes import Asked
from relens.overview.sources import Source, Sources

router = APIRouter(prefix="/api/v1", tags=["overview"])


class LastImageOut(BaseModel):
    """The latest image of a source, whatever the window."""

    prediction: str
    asset: str
    taken_at: Instant


class PrecisionOut(BaseModel):
    """Of the source's reviewed images: precision at the threshold, of a classifier accuracy; with its interval."""

    value: float | None
    interval: tuple[float, float] | None
    reviewed: int


class CameraOut(BaseModel):
    """One camera, line or site. null is not known, never 0."""

    name: str
    images: int
    volume: list[int] = Field(description="images in 24 equal parts of the window")
    last: LastImageOut | None
    silent_since: Instant | None = Field(
        description="its last image, when that is longer ago than is usual; null: it sends"
    )
    p95_ms: float | None
    confidence: float | None
    drift: float | None
    moved: str | None = Field(description="what moved most away from the training data, as a sentence")
    unusual_share: float | None
    precision: PrecisionOut


class SourcesOut(BaseModel):
    """Silent sources first. `more`: so many are left out. A tag or query does not narrow this table."""

    items: list[CameraOut]
    more: int


@router.get("/deployments/{deployment}/sources")
def list_sources(
    asked: Asked,
    database: Annotated[Database, part(Database)],
    sources: Annotated[Sources, part(Sources)],
    measuring: Annotated[Measuring, part(Measuring)],
) -> SourcesOut:
    """Every source of the window, and every other one that was heard of in the last two weeks."""
    deployment, window = asked
    window = replace(window, tag=None, query=None)
    with database.read() as connection:
        found, more = sources.of(connection, deployment, window, clock.now())
    report, field = (
        ("classification_report", "accuracy")
        if deployment.task == "classification"
        else ("detection_report", "precision")
    )
    items = []
    for one in found:
        judged = measuring.metric(deployment, report, replace(window, source=one.name))
        value = judged.value or {}
        precision = PrecisionOut(value=value.get(field), interval=value.get(f"{field}_interval"), reviewed=judged.count)
        items.append(_shown(one, precision))
    return SourcesOut(items=items, more=more)


def _shown(one: Source, precision: PrecisionOut) -> CameraOut:
    last, camera = one.last, one.camera
    return CameraOut(
        name=one.name,
        images=camera.images,
        volume=camera.volume,
        last=None if last is None else LastImageOut(prediction=last.id, asset=last.asset, taken_at=last.taken_at),
        silent_since=one.silent_since,
        p95_ms=camera.p95_ms,
        confidence=camera.confidence,
        drift=camera.drift,
        moved=camera.moved,
        unusual_share=camera.unusual_share,
        precision=precision,
    )
