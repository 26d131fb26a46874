"""HTTP: log predictions made on the user's own machines, and see beforehand what would become of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

import pydantic_core
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from relens.access.asking import Asking
from relens.deployments import store as deployment_store
from relens.deployments.deployment import Deployment, must_be_in_use
from relens.deployments.store import Changed
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.upload import Form, form_within
from relens.infra.web import Instant, part
from relens.kit.errors import NotFound, RelensError
from relens.kit.strict_json import BadJson, read_json
from relens.kit.trace import trace_of
from relens.predictions import elsewhere, once, plain
from relens.predictions.elsewhere import MOST_AT_ONCE, BadBatch, Reader, read_batch
from relens.predictions.logged import Entry
from relens.predictions.pieces import ONCE, pieces
from relens.predictions.record import Recorder
from relens.registry import store as registry_store
from relens.registry.model_version import ModelVersion

router = APIRouter(prefix="/api/v1", tags=["predictions"])
Db = Annotated[Database, part(Database)]
Limits = Annotated[Settings, part(Settings)]
Items = Sequence[Mapping[str, Any]]


class SentOut(BaseModel):
    """What one sent prediction became."""

    id: str
    client_id: str | None
    fresh: bool = Field(description="false when this client_id was logged before")


class BatchOut(BaseModel):
    """In the order they were sent."""

    items: list[SentOut]


class BatchIn(BaseModel):
    """Predictions made on the user's own machines, one or thousands; answers of Roboflow's `inference` are read as they are."""

    items: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ProblemOut(BaseModel):
    """Why one prediction could not be logged; `item` is its place in what was sent."""

    item: int
    problem: str


class CheckOut(BaseModel):
    """What sending these predictions would do."""

    fresh: int = Field(description="would be new in the log")
    known: int = Field(description="are in the log already, by their client_id")
    known_items: list[int] = Field(description="their places in what was sent")
    problems: list[ProblemOut]
    unknown_labels: dict[str, int] = Field(description="labels the deployment does not have, with how many detections")
    first: Instant | None = Field(description="the earliest taken_at of what would be new or is known")
    last: Instant | None


_BATCH: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": BatchIn.model_json_schema(),
                "example": {"items": [{"width": 640, "height": 480, "detections": []}]},
            },
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


@router.post("/deployments/{deployment}/predictions", status_code=201, response_model=BatchOut, openapi_extra=_BATCH)
async def log_predictions(
    deployment: str,
    request: Request,
    actor: Asking,
    database: Db,
    recorder: Annotated[Recorder, part(Recorder)],
    settings: Limits,
) -> Any:
    """Logs predictions made elsewhere; all of them or, when one is wrong, none.

    As JSON ({"items": [...]}, a list, or one alone), images in base64 or left out; or as a form with the same JSON in `predictions`
    and the images as files, each item naming its own in `file`. A `traceparent` header is kept with those that bring no `trace` of their own.
    """
    actor.must_be("operator")
    form = await form_within(request, settings.max_image_bytes * 4, "predictions")
    trace = trace_of(request.headers.getlist("traceparent"))
    return await run_in_threadpool(_log_any, deployment, form, database, recorder, trace)


@router.post("/deployments/{deployment}/predictions/check", openapi_extra=_BATCH)
async def check_predictions(
    deployment: str, request: Request, actor: Asking, database: Db, settings: Limits
) -> CheckOut:
    """What sending these predictions would do; nothing is logged, and images are not needed."""
    form = await form_within(request, settings.max_image_bytes * 4, "predictions")
    return await run_in_threadpool(_check, deployment, form, database)


def _text(form: Form) -> str:
    return form.data.decode("utf-8", "replace")


def _log_any(
    deployment: str, form: Form, database: Database, recorder: Recorder, trace: str | None = None
) -> Response | BatchOut:
    if not form.files and (items := plain.items_of(form.data)) is not None:
        quick = _log_plain(deployment, items, database, recorder, trace)
        if quick is not None:
            return quick
    return _log(deployment, form, database, recorder, trace)


def _log_plain(
    deployment: str, items: list[plain.Item], database: Database, recorder: Recorder, trace: str | None
) -> Response | None:
    """None where the batch is not plain after all. Thousands of answers a second are written without a model for each."""
    names = plain.versions_named(items)
    versions = _versions(database, names) if names else {}
    ids = {name: version.id for name, version in versions.items()}
    while True:
        found = recorder.deployments.get(deployment)
        must_be_in_use(found)
        lines = plain.read(items, found, ids, trace)
        if lines is None:
            return None
        try:
            answers = recorder.record_plain(found, lines)
        except Changed:
            recorder.deployments.forget(deployment)
            continue
        said = [{"id": made, "client_id": client_id, "fresh": fresh} for made, client_id, fresh in answers]
        return Response(pydantic_core.to_json({"items": said}), 201, media_type="application/json")


def _log(deployment: str, form: Form, database: Database, recorder: Recorder, trace: str | None) -> BatchOut:
    items, found, versions = _read(deployment, _text(form), database)
    sent = read_batch(items, found, versions, form.files, trace)
    shadows = {number: one.shadow for number, one in enumerate(sent) if one.shadow is not None}
    lines = recorder.record_together([(one.entry, one.asset, one.data) for one in sent], shadows)
    return BatchOut(items=[SentOut(id=line.id, client_id=line.client_id, fresh=fresh) for line, fresh in lines])


def _check(deployment: str, form: Form, database: Database) -> CheckOut:
    items, found, versions = _read(deployment, _text(form), database)
    reader, problems = Reader(found, versions, form.files), []
    entries: dict[int, Entry] = {}
    for number, item in enumerate(items):
        try:
            entries[number] = reader.read(item).entry
        except (RelensError, TypeError, ValueError, OverflowError) as error:
            problems.append(ProblemOut(item=number, problem=str(error)))
    with database.read() as connection:
        known = once.known(connection, found.id, [e.client_id for e in entries.values() if e.client_id])
    labels: dict[str, int] = {}
    for detection in (d for entry in entries.values() for d in entry.detections if d.label not in found.labels):
        labels[detection.label] = labels.get(detection.label, 0) + 1
    times = [entry.taken_at for entry in entries.values()]
    there = [number for number, entry in entries.items() if entry.client_id in known]
    return CheckOut(
        fresh=len(entries) - len(there),
        known=len(there),
        known_items=there,
        problems=problems,
        unknown_labels=labels,
        first=min(times, default=None),
        last=max(times, default=None),
    )


def _read(deployment: str, text: str, database: Database) -> tuple[Items, Deployment, dict[str, ModelVersion]]:
    try:
        cut = pieces(text) if len(text) > ONCE else None
        body = read_json(text) if cut is None else [item for piece in cut for item in read_json(piece)]
    except BadJson as error:
        raise BadBatch(f'the predictions cannot be read: {error}; send {{"items": [...]}}') from error
    items = elsewhere.items_of(body)
    with database.read() as connection:
        found = deployment_store.in_use(connection, deployment)
    return items, found, _versions(database, elsewhere.versions_named(items))


def _versions(database: Database, names: Collection[str]) -> dict[str, ModelVersion]:
    """Those that there are; a prediction that names another is refused."""
    found: dict[str, ModelVersion] = {}
    with database.read() as connection:
        for name in names:
            with suppress(NotFound):
                found[name] = registry_store.find(connection, name)
    return found
