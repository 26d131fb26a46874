"""HTTP: an image in, detections out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from pydantic_core import to_json

from relens.access.asking import Asking
from relens.assets.read import image_bytes
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.infra.upload import upload_within
from relens.infra.web import Corners, Parts, part
from relens.kit.trace import trace_of
from relens.predictions import store as prediction_store
from relens.predictions.unlogged import marks
from relens.registry import store as registry_store
from relens.registry.model_version import ModelVersion
from relens.serving.answer import Engine
from relens.serving.asked import asked
from relens.serving.look import look
from relens.serving.swap import Swapper
from relens.vision.prediction import Detection

router = APIRouter(prefix="/api/v1", tags=["predict"])
PREDICT = "/api/v1/deployments/{deployment}/predict"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {"image": {"type": "string", "format": "binary"}},
                }
            },
        },
    },
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
        for name in ("client_id", "source", "tags", "taken_at", "metadata")
    ],
}


class VersionOut(BaseModel):
    """Which version answered."""

    id: str
    title: str
    artifact: str

    @staticmethod
    def of(version: ModelVersion) -> VersionOut:
        return VersionOut(id=version.id, title=version.title, artifact=version.artifact)


class ImageOut(BaseModel):
    """The image that was answered, upright size in pixels."""

    asset: str
    width: int
    height: int


class DetectionOut(BaseModel):
    """One label with its confidence; box in pixels x1 y1 x2 y2, null for the whole image."""

    label: str
    confidence: float
    box: Corners | None
    polygon: list[list[float]] | None = None

    @staticmethod
    def of(detection: Detection) -> DetectionOut:
        return DetectionOut.model_validate(detection.to_json())


class AnswerOut(BaseModel):
    """An answer that is in the log; `id` names it for ever.

    Without an id when `logged` is false: the log could not be written, and the deployment answers all the same.
    """

    id: str | None
    logged: bool = True
    client_id: str | None
    deployment: str
    model_version: VersionOut
    latency_ms: float
    threshold: float
    image: ImageOut
    detections: list[DetectionOut]


class TryOut(BaseModel):
    """An answer that nobody logged."""

    deployment: str
    model_version: VersionOut
    latency_ms: float
    threshold: float
    image: ImageOut
    detections: list[DetectionOut]


@router.post("/deployments/{deployment}/predict", response_model=AnswerOut, openapi_extra=_BODY)
async def predict(deployment: str, request: Request) -> Response:
    """Answers the image in the body (or in the form field `image`) and logs it. The same `client_id` again is the same prediction."""
    # Not as dependencies: each takes as long as the rest of an image's way through here. Who asks was asked at the door.
    parts: Parts = request.app.state.parts
    swapper = parts.get(Swapper)
    upload = await upload_within(request, parts.get(Settings).max_image_bytes, "image")
    came_with = asked(upload.fields, trace_of(request.headers.getlist("traceparent")))
    line, _ = await parts.get(Engine).answer(deployment, upload.data, came_with)
    version = await _version(swapper, str(line.model_version))
    # Written here, as AnswerOut describes it: the framework would make and check every part of it first.
    answer = {
        "id": line.id or None,
        "logged": line.in_log,
        "client_id": line.client_id,
        "deployment": swapper.name_of(line.deployment),
        "model_version": {"id": version.id, "title": version.title, "artifact": version.artifact},
        "latency_ms": round(line.latency_ms, 3),
        "threshold": line.threshold,
        "image": {"asset": line.asset, "width": line.width, "height": line.height},
        "detections": [_said(one) for one in line.answered],
    }
    return Response(to_json(answer), media_type="application/json", headers=marks(line))


def _said(detection: Detection) -> dict[str, object]:
    """As DetectionOut has it."""
    written = detection.to_json()
    return {name: written.get(name) for name in ("label", "confidence", "box", "polygon")}


@router.post("/deployments/{deployment}/try", openapi_extra=_BODY)
async def try_out(
    deployment: str,
    request: Request,
    actor: Asking,
    engine: Annotated[Engine, part(Engine)],
    swapper: Annotated[Swapper, part(Swapper)],
    settings: Annotated[Settings, part(Settings)],
    threshold: Annotated[float | None, Query(ge=0, le=1, description="the deployment's own")] = None,
) -> TryOut:
    """Answers the image without logging anything."""
    upload = await upload_within(request, settings.max_image_bytes, "image")
    live, said = await engine.try_out(deployment, upload.data, threshold)
    version = await _version(swapper, said.model_version)
    return TryOut(
        deployment=live.name,
        model_version=VersionOut.of(version),
        latency_ms=round(said.latency_ms, 3),
        threshold=live.threshold if threshold is None else threshold,
        image=ImageOut(asset=said.asset, width=said.width, height=said.height),
        detections=[DetectionOut.of(d) for d in said.detections],
    )


class ReplayIn(BaseModel):
    """Which version should look at the image again: an id, "name/3" or "name/latest"."""

    model_version: str


class ReplayOut(BaseModel):
    """Another version's answer on the image of a logged prediction."""

    model_version: VersionOut
    detections: list[DetectionOut]


@router.post("/predictions/{prediction_id}/replay")
def replay(
    prediction_id: str,
    wanted: ReplayIn,
    actor: Asking,
    swapper: Annotated[Swapper, part(Swapper)],
    database: Annotated[Database, part(Database)],
    storage: Annotated[Storage, part(Storage)],
) -> ReplayOut:
    """What another version says of this prediction's image, above the same threshold; nothing is logged."""
    with database.read() as connection:
        line = prediction_store.get(connection, prediction_id)
        version = registry_store.find(connection, wanted.model_version)
    data = image_bytes(storage, line.asset)
    said = look(swapper, version.id, data).above(line.threshold)
    return ReplayOut(model_version=VersionOut.of(version), detections=[DetectionOut.of(d) for d in said.detections])


async def _version(swapper: Swapper, version_id: str) -> ModelVersion:
    """The row of a version that answered: in memory already, so that no thread is needed to fetch it."""
    known = swapper.known_version(version_id)
    return known if known is not None else await run_in_threadpool(swapper.version, version_id)
