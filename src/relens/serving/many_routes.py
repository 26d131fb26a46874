"""HTTP: many images as one job, and its answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from relens.access.asking import Asking
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import JobOut
from relens.infra.receive import receive_file
from relens.infra.web import part
from relens.kit.errors import NotFound
from relens.kit.ids import new_id
from relens.serving.answer import AnswersElsewhere
from relens.serving.many import KIND, BadBatch, Batches, Wish
from relens.serving.pictures import kind_of

router = APIRouter(prefix="/api/v1", tags=["predict"])
LARGEST = 100 << 30
Many = Annotated[Batches, part(Batches)]
_FIELDS: dict[str, dict[str, Any]] = {
    "source": {"type": "string"},
    "tags": {"type": "string", "description": "with commas between them"},
    "stride": {"type": "integer", "minimum": 1, "description": "every so many frames of a video"},
    "log": {"type": "boolean", "description": "whether the answers are logged; true if left out"},
    "taken_at": {"type": "string", "description": "when the pictures were taken, or the video begins (RFC 3339)"},
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}, **_FIELDS},
                }
            },
        },
    },
    "parameters": [{"name": name, "in": "query", "required": False, "schema": kind} for name, kind in _FIELDS.items()],
}


class NoBatch(NotFound):
    """No batch of predictions has this id."""


@router.post("/deployments/{deployment}/batches", status_code=202, openapi_extra=_BODY)
async def predict_many(
    deployment: str,
    request: Request,
    actor: Asking,
    batches: Many,
    database: Annotated[Database, part(Database)],
    jobs: Annotated[Jobs, part(Jobs)],
) -> JobOut:
    """Answers a zip of images, or a video's frames, as a job that survives a crash and logs nothing twice.

    The file is the body itself (the rest then stands in the query) or the form's field `file`. The job's result counts the images and names
    the address of the answers, one line of JSON for each picture: {number, name, id, detections, ...} or {number, name, problem}.
    """
    actor.must_be("operator")
    found = await run_in_threadpool(_answering, database, deployment)
    upload = new_id()
    folder = batches.spool(upload)
    fields = await receive_file(request, folder / "upload", LARGEST)
    try:
        kind = await run_in_threadpool(kind_of, folder / "upload")
        one = {name: values[-1] for name, values in fields.items() if values and values[-1]}
        wish = Wish(
            kind,
            _number(one.get("stride", "1")),
            _truth(one.get("log", "true")),
            one.get("source"),
            fields.get("tags", []),
            one.get("taken_at"),
        )
        job_id = await run_in_threadpool(batches.enqueue, jobs, upload, found, wish, actor)
    except BaseException:
        await run_in_threadpool(batches.forget, upload)
        raise
    return JobOut.of(await run_in_threadpool(jobs.get, job_id), actor.name)


@router.get(
    "/batches/{job_id}/results",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}}},
)
def batch_results(job_id: str, actor: Asking, batches: Many, jobs: Annotated[Jobs, part(Jobs)]) -> StreamingResponse:
    """What has been answered so far, one line of JSON for each picture, in order."""
    if jobs.get(job_id).kind != KIND:
        raise NoBatch(f"the job {job_id} is no batch of predictions")
    lines: Iterator[bytes] = batches.results(job_id)
    return StreamingResponse(lines, media_type="application/x-ndjson")


def _answering(database: Database, reference: str) -> Deployment:
    with database.read() as connection:
        found = deployments.in_use(connection, reference)
    if found.target == "external":
        raise AnswersElsewhere(f"'{found.name}' answers on your own machines: log its predictions instead")
    return found


def _number(written: str) -> int:
    if not written.isascii() or not written.isdigit() or len(written) > 7:
        raise BadBatch("stride is a whole number of frames, at least 1")
    return int(written)


def _truth(written: str) -> bool:
    if written.lower() not in ("true", "false", "1", "0"):
        raise BadBatch("log is true or false")
    return written.lower() in ("true", "1")
