"""HTTP: browse the log, and log predictions made elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, ValidationError

from relens.access.asking import Asking
from relens.deployments import store as deployment_store
from relens.deployments.deployment import Role
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.upload import form_within
from relens.infra.web import Cursor, Instant, Limit, Page, part
from relens.kit import clock
from relens.predictions import browse, store
from relens.predictions.browse import Filter
from relens.predictions.elsewhere import BadPrediction, read_batch
from relens.predictions.logged import Logged, ReviewState
from relens.predictions.record import Recorder
from relens.registry import store as registry_store

router = APIRouter(prefix="/api/v1", tags=["predictions"])
Db = Annotated[Database, part(Database)]


class LoggedDetectionOut(BaseModel):
    """One detection of the log; `answered` is false below the threshold of that moment."""

    label: str
    confidence: float
    box: list[float] | None
    polygon: list[list[float]] | None = None
    answered: bool


class TitledVersion(BaseModel):
    """A version by id and readable title."""

    id: str
    title: str


class PredictionOut(BaseModel):
    """One line of the log with its signals."""

    id: str
    deployment: str
    client_id: str | None
    asset: str
    width: int
    height: int
    model_version: TitledVersion | None
    role: Role
    source: str | None
    tags: list[str]
    metadata: dict[str, Any]
    taken_at: Instant
    logged_at: Instant
    latency_ms: float
    threshold: float
    outlier: float | None
    review: ReviewState
    detections: list[LoggedDetectionOut]

    @staticmethod
    def of(line: Logged, deployment_name: str, titles: dict[str, str]) -> PredictionOut:
        plain = (
            "id",
            "client_id",
            "asset",
            "width",
            "height",
            "role",
            "source",
            "taken_at",
            "logged_at",
            "latency_ms",
            "threshold",
            "outlier",
            "review",
        )
        version = line.model_version
        return PredictionOut(
            **{name: getattr(line, name) for name in plain},
            deployment=deployment_name,
            model_version=TitledVersion(id=version, title=titles.get(version, version)) if version else None,
            tags=list(line.tags),
            metadata=dict(line.metadata),
            detections=[
                LoggedDetectionOut.model_validate({**d.to_json(), "answered": d.confidence >= line.threshold})
                for d in line.detections
            ],
        )


class SentOut(BaseModel):
    """What one sent prediction became."""

    id: str
    client_id: str | None
    fresh: bool = Field(description="false when this client_id was logged before")


class BatchIn(BaseModel):
    """Predictions made on the user's own machines, one or thousands."""

    items: list[dict[str, Any]] = Field(min_length=1, max_length=5000)


class BatchOut(BaseModel):
    """In the order they were sent."""

    items: list[SentOut]


_BATCH = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": BatchIn.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["predictions"],
                    "properties": {"predictions": {"type": "string"}},
                }
            },
        },
    }
}


@router.get("/deployments/{deployment}/predictions")
def list_predictions(
    deployment: str,
    database: Db,
    sort: Annotated[
        str,
        Query(
            description="taken_at, logged_at, latency, outlier, confidence or priority; a minus for the largest first"
        ),
    ] = "-taken_at",
    query: Annotated[
        str | None, Query(description='for example label = "scratch" and confidence < 0.5 and source ~ "line-*"')
    ] = None,
    review: str | None = None,
    source: str | None = None,
    tag: str | None = None,
    label: str | None = None,
    model_version: str | None = None,
    role: Role | None = None,
    since: Annotated[str | None, Query(alias="from", description="taken at or after, RFC 3339")] = None,
    until: Annotated[str | None, Query(alias="to", description="taken before, RFC 3339")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PredictionOut]:
    """The log of one deployment, filtered, in order, page by page."""
    with database.read() as connection:
        found = deployment_store.get(connection, deployment)
        version = registry_store.find(connection, model_version).id if model_version else None
        wanted = Filter(
            source,
            tag,
            label,
            review,
            version,
            role,
            clock.from_text(since) if since else None,
            clock.from_text(until) if until else None,
            query,
        )
        lines, following = browse.page(connection, found.id, wanted, sort, limit, cursor)
        titles = registry_store.titles(connection, {line.model_version for line in lines if line.model_version})
    return Page(items=[PredictionOut.of(line, found.name, titles) for line in lines], next=following)


@router.post("/deployments/{deployment}/predictions", status_code=201, openapi_extra=_BATCH)
async def log_predictions(
    deployment: str,
    request: Request,
    actor: Asking,
    database: Db,
    recorder: Annotated[Recorder, part(Recorder)],
    settings: Annotated[Settings, part(Settings)],
) -> BatchOut:
    """Logs predictions made elsewhere; all of them or, when one is wrong, none.

    As JSON, images in base64 or left out; or as a form with the same JSON in `predictions` and the images as files, each item naming
    its own in `file`.
    """
    actor.must_be("operator")
    form = await form_within(request, settings.max_image_bytes * 4, "predictions")
    try:
        batch = BatchIn.model_validate_json(form.text)
    except ValidationError as error:
        raise BadPrediction(
            f'the predictions cannot be read: {error.errors()[0]["msg"]}; send {{"items": [...]}}'
        ) from error
    return await run_in_threadpool(_log, deployment, batch, form.files, database, recorder)


def _log(deployment: str, batch: BatchIn, files: dict[str, bytes], database: Database, recorder: Recorder) -> BatchOut:
    with database.read() as connection:
        found = deployment_store.get(connection, deployment)
        named = {str(item["model_version"]) for item in batch.items if item.get("model_version")}
        versions = {name: registry_store.find(connection, name) for name in named}
    sent = read_batch(batch.items, found, versions, files)
    lines = recorder.record_together([(one.entry, one.asset, one.data) for one in sent])
    return BatchOut(items=[SentOut(id=line.id, client_id=line.client_id, fresh=fresh) for line, fresh in lines])


@router.get("/predictions/{prediction_id}")
def get_prediction(prediction_id: str, database: Db) -> PredictionOut:
    """One line of the log, also what lay below the threshold."""
    with database.read() as connection:
        line = store.get(connection, prediction_id)
        name = deployment_store.get(connection, line.deployment).name
        titles = registry_store.titles(connection, {line.model_version} if line.model_version else set())
    return PredictionOut.of(line, name, titles)
