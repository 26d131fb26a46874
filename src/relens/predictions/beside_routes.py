"""HTTP: what stands beside one prediction: what a shadow said of the same image, and images that look alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.deployments import store as deployment_store
from relens.infra.database import Database
from relens.infra.web import Page, part
from relens.predictions import store
from relens.predictions.logged import Logged
from relens.predictions.routes import PredictionOut
from relens.predictions.similar import By, similar
from relens.registry import store as registry_store

router = APIRouter(prefix="/api/v1", tags=["predictions"])
Db = Annotated[Database, part(Database)]


class LookAlikeOut(BaseModel):
    """A prediction of an image that looks alike."""

    prediction: PredictionOut
    distance: float = Field(description="0: the same by what was compared")


class SimilarOut(BaseModel):
    """Look-alikes, nearest first; `by` is null where nothing is known of the image that could be compared."""

    items: list[LookAlikeOut]
    by: By | None = Field(
        description="what the model saw (features), or brightness, sharpness and the like (appearance)"
    )
    among: int = Field(description="so many images were compared, the latest")


@router.get("/predictions/{prediction_id}/shadows")
def list_shadows(prediction_id: str, database: Db) -> Page[PredictionOut]:
    """What shadow versions said of the same image; nobody was answered with it."""
    with database.read() as connection:
        line = store.get(connection, prediction_id)
        return Page(items=_shown(connection, store.shadows_of(connection, line.id)))


@router.get("/predictions/{prediction_id}/similar")
def list_similar(prediction_id: str, database: Db, limit: Annotated[int, Query(ge=1, le=60)] = 12) -> SimilarOut:
    """Images of the same deployment that look like this one, among the latest thousands."""
    with database.read() as connection:
        found = similar(connection, store.get(connection, prediction_id), limit)
        shown = _shown(connection, found.lines)
    pairs = zip(shown, found.distances, strict=True)
    items = [LookAlikeOut(prediction=one, distance=distance) for one, distance in pairs]
    return SimilarOut(items=items, by=found.by, among=found.among)


def _shown(connection: Connection, lines: Sequence[Logged]) -> list[PredictionOut]:
    if not lines:
        return []
    name = deployment_store.get(connection, lines[0].deployment).name
    titles = registry_store.titles(connection, {line.model_version for line in lines if line.model_version})
    return [PredictionOut.of(line, name, titles, masks=False) for line in lines]
