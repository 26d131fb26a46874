"""HTTP: the images behind a cell of the heatmap or a bar of the confidence histogram."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from relens.infra.database import Database
from relens.infra.web import Instant, part
from relens.metrics.heatmap import SIDE
from relens.metrics.kinds.confidence import BINS
from relens.monitoring.counted_here import Here, Place, search
from relens.monitoring.routes import Asked

router = APIRouter(prefix="/api/v1", tags=["monitoring"])


class CountedAnswerOut(BaseModel):
    """An answer that was counted there; `box` is x1 y1 x2 y2 in pixels, null of a whole image."""

    label: str
    confidence: float
    box: tuple[float, float, float, float] | None


class CountedImageOut(BaseModel):
    """One image, and its answers that were counted there."""

    prediction: str
    asset: str
    width: int
    height: int
    taken_at: Instant
    source: str | None
    detections: list[CountedAnswerOut]

    @staticmethod
    def of(here: Here) -> CountedImageOut:
        line = here.line
        return CountedImageOut(
            prediction=line.id,
            asset=line.asset,
            width=line.width,
            height=line.height,
            taken_at=line.taken_at,
            source=line.source,
            detections=[
                CountedAnswerOut(
                    label=one.label,
                    confidence=one.confidence,
                    box=None if one.shape is None else one.shape.box().corners(),
                )
                for one in here.detections
            ],
        )


class CountedImagesOut(BaseModel):
    """The newest first; `read` images were looked at for it, and `next` goes on with older ones."""

    items: list[CountedImageOut]
    read: int
    next: str | None


@router.get("/deployments/{deployment}/counted")
def get_counted(
    asked: Asked,
    database: Annotated[Database, part(Database)],
    cell: Annotated[
        int | None, Query(ge=0, lt=SIDE**2, description="of the heatmap: row × 32 + column from the top left")
    ] = None,
    confidence_bin: Annotated[int | None, Query(ge=0, lt=BINS, description="of the confidence histogram")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 24,
    cursor: str | None = None,
) -> CountedImagesOut:
    """Images with an answer that was counted in this cell or bar; `label` chooses among their answers."""
    deployment, window = asked
    with database.read() as connection:
        made = search(connection, deployment, window, Place(window.label, cell, confidence_bin), limit, cursor)
    return CountedImagesOut(items=[CountedImageOut.of(one) for one in made.found], read=made.read, next=made.next)
