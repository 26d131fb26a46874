"""HTTP: the Open Inference Protocol, version 2, as Triton, KServe and MLServer speak it; errors are {"error": sentence}."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy import text

from relens import __version__
from relens.access.asking import Asking
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.upload import BodyTooLarge, body_within
from relens.infra.web import part
from relens.kit.trace import trace_of
from relens.predictions.unlogged import marks
from relens.registry.model_version import ModelVersion
from relens.serving.answer import AnswersElsewhere, Engine, NotLive
from relens.serving.asked import asked as came_with
from relens.serving.protocols import open_inference
from relens.serving.protocols.open_inference import NoSuchVersion
from relens.serving.protocols.tensors import read_request, write_response
from relens.serving.swap import Swapper

router = APIRouter(prefix="/v2", tags=["open inference protocol"])
health_router = APIRouter(prefix="/v2/health", tags=["open inference protocol"])
Swap = Annotated[Swapper, part(Swapper)]
HEADER_LENGTH = "Inference-Header-Content-Length"
_MOST_JSON = 1 << 20
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["inputs"],
                    "properties": {
                        "id": {"type": "string"},
                        "parameters": {"type": "object"},
                        "inputs": {"type": "array", "items": {"type": "object"}},
                        "outputs": {"type": "array", "items": {"type": "object"}},
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "application/octet-stream": {}}}}


class ServerOut(BaseModel):
    """Who answers, and which extensions of the protocol it speaks."""

    name: str = "relens"
    version: str = __version__
    extensions: list[str] = ["binary_tensor_data"]


class LiveOut(BaseModel):
    """The server answers."""

    live: bool = True


class ReadyOut(BaseModel):
    """The server and its database answer."""

    ready: bool = True


class ModelReadyOut(BaseModel):
    """Whether the deployment answers."""

    name: str
    ready: bool = True


class TensorOut(BaseModel):
    """An input or output; -1 stands for as many as there are detections."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadataOut(BaseModel):
    """A deployment as the protocol describes a model; `versions` holds the number of the version that answers."""

    name: str
    versions: list[str]
    platform: str = Field(description="always relens")
    inputs: list[TensorOut]
    outputs: list[TensorOut]


@health_router.get("/live")
async def live() -> LiveOut:
    """Answers as long as the process does."""
    return LiveOut()


@health_router.get("/ready")
def ready(database: Annotated[Database, part(Database)]) -> ReadyOut:
    """Answers when the database does."""
    with database.read() as connection:
        connection.execute(text("SELECT 1"))
    return ReadyOut()


@router.get("")
def server_metadata(actor: Asking) -> ServerOut:
    """What this server is, and which extensions of the protocol it speaks."""
    return ServerOut()


@router.get("/models/{deployment}")
@router.get("/models/{deployment}/versions/{version}")
def model_metadata(deployment: str, actor: Asking, swapper: Swap, version: str | None = None) -> ModelMetadataOut:
    """Inputs and outputs of a deployment."""
    found, answering = _answering(swapper, deployment, version)
    return ModelMetadataOut(**open_inference.metadata(found.name, answering.number, found.task))


@router.get("/models/{deployment}/ready")
@router.get("/models/{deployment}/versions/{version}/ready")
def model_ready(deployment: str, actor: Asking, swapper: Swap, version: str | None = None) -> ModelReadyOut:
    """Answers when the deployment does."""
    found, _ = _answering(swapper, deployment, version)
    return ModelReadyOut(name=found.name)


@router.post("/models/{deployment}/infer", response_class=Response, responses=_ANSWERS, openapi_extra=_BODY)
@router.post(
    "/models/{deployment}/versions/{version}/infer", response_class=Response, responses=_ANSWERS, openapi_extra=_BODY
)
async def infer(
    deployment: str,
    request: Request,
    actor: Asking,
    engine: Annotated[Engine, part(Engine)],
    swapper: Swap,
    settings: Annotated[Settings, part(Settings)],
    version: str | None = None,
) -> Response:
    """Answers one image and logs it like any other.

    Input `image`, BYTES [1]: the file's bytes, in JSON their base64. Outputs: `boxes` FP32 [n, 4], `scores` FP32 [n], `labels` BYTES [n],
    `label_indices` INT32 [n]. The parameters client_id, source, tags, taken_at and metadata (a JSON text) are kept with the prediction.
    """
    # Base64 takes four letters for three bytes.
    body = await body_within(request, settings.max_image_bytes * 4 // 3 + _MOST_JSON)
    asked = await run_in_threadpool(read_request, body, request.headers.get(HEADER_LENGTH))
    data = await run_in_threadpool(open_inference.image_of, asked)
    if len(data) > settings.max_image_bytes:
        raise BodyTooLarge(f"the image has more than {settings.max_image_bytes} bytes, the limit here")
    trace = trace_of(request.headers.getlist("traceparent"))
    beside = came_with(open_inference.fields_of(asked.parameters), trace)
    await engine.live(deployment)
    found, _ = await run_in_threadpool(_answering, swapper, deployment, version)
    wanted = open_inference.chosen(asked, found.task)
    line, _ = await engine.answer(deployment, data, beside)
    answered_by = await run_in_threadpool(swapper.version, str(line.model_version))
    tensors = open_inference.tensors_of(line, answered_by.labels, found.task)
    said: dict[str, Any] = {"model_name": found.name, "model_version": str(answered_by.number)}
    if asked.id is not None:
        said["id"] = asked.id
    said["parameters"] = {
        "prediction": line.id,
        "asset": line.asset,
        "threshold": line.threshold,
        "logged": line.in_log,
    }
    content, length = write_response(said, [(tensors[name], binary) for name, binary in wanted])
    if length is None:
        return Response(content, media_type="application/json", headers=marks(line))
    headers = {HEADER_LENGTH: str(length), **marks(line)}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _answering(swapper: Swapper, reference: str, version: str | None) -> tuple[Deployment, ModelVersion]:
    """The deployment as it answers now and its champion. Raises NoDeployment, NotLive, AnswersElsewhere, NoSuchVersion."""
    found = swapper.live(reference) or swapper.live(swapper.identity(reference))
    if found is None:
        raise NotLive(f"'{reference}' does not answer yet: its version is still being loaded, or failed to", 2.0)
    if found.target == "external":
        raise AnswersElsewhere(f"'{found.name}' answers on your own machines, not here")
    champion = swapper.version(str(found.champion))
    if version is not None and version != str(champion.number):
        raise NoSuchVersion(f"'{found.name}' answers with version {champion.number}, not with {version[:40]}")
    return found, champion
