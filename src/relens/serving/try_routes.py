"""HTTP: what a model version says of an image, also one that no deployment has; nothing is logged."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from relens.access.asking import Asking
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.upload import ONE_FILE, upload_within
from relens.infra.web import part
from relens.registry import store as registry_store
from relens.registry.model_version import ModelVersion
from relens.serving.look import look
from relens.serving.routes import DetectionOut, ImageOut, VersionOut
from relens.serving.swap import Swapper

router = APIRouter(prefix="/api/v1", tags=["predict"])


class VersionTryOut(BaseModel):
    """A version's answer that nobody logged."""

    model_version: VersionOut
    latency_ms: float
    threshold: float
    image: ImageOut
    detections: list[DetectionOut]


@router.post("/models/{model}/versions/{version}/try", openapi_extra=ONE_FILE)
async def try_version(
    model: str,
    version: str,
    request: Request,
    actor: Asking,
    swapper: Annotated[Swapper, part(Swapper)],
    database: Annotated[Database, part(Database)],
    settings: Annotated[Settings, part(Settings)],
    threshold: Annotated[float | None, Query(ge=0, le=1, description="the one it advises, or 0.25")] = None,
) -> VersionTryOut:
    """Answers the image in the body (or in the form field `image`). `version` is a number or latest."""
    upload = await upload_within(request, settings.max_image_bytes, "image")
    found = await run_in_threadpool(_find, database, f"{model}/{version}")
    said = await run_in_threadpool(look, swapper, found.id, upload.data)
    limit = (
        threshold if threshold is not None else found.advised_threshold if found.advised_threshold is not None else 0.25
    )
    return VersionTryOut(
        model_version=VersionOut.of(found),
        latency_ms=round(said.latency_ms, 3),
        threshold=limit,
        image=ImageOut(asset=said.asset, width=said.width, height=said.height),
        detections=[DetectionOut.of(detection) for detection in said.above(limit).detections],
    )


def _find(database: Database, reference: str) -> ModelVersion:
    with database.read() as connection:
        return registry_store.find(connection, reference)
