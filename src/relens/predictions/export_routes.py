"""HTTP: the log as a file, and how far such a download is."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from relens.deployments import store as deployment_store
from relens.infra.database import Database
from relens.infra.web import part
from relens.predictions import browse
from relens.predictions.browse import Filter
from relens.predictions.export import Exports, Progress, Reading, followed
from relens.predictions.exports import FORMS, About

router = APIRouter(prefix="/api/v1", tags=["predictions"])
Db = Annotated[Database, part(Database)]
All = Annotated[Exports, part(Exports)]


class ExportOut(BaseModel):
    """How far an export is."""

    id: str
    written: int = Field(description="predictions in the file so far")
    share: float = Field(description="how much of the log is looked through, 0 to 1")
    state: Literal["running", "finished", "stopped"]


@router.get(
    "/deployments/{deployment}/predictions/export",
    response_class=StreamingResponse,
    responses={200: {"content": {form.media_type: {} for _, form in FORMS}}},
)
def export_predictions(
    deployment: str,
    database: Db,
    exports: All,
    query: Annotated[str | None, Query(description="as for the list of predictions; all of them when left out")] = None,
    form: Annotated[str, Query(description="jsonl, parquet or coco")] = "jsonl",
) -> StreamingResponse:
    """Predictions as one file, in the order of the log; the header `Relens-Export` names it for asking how far it is."""
    chosen = FORMS.get(form)
    with database.read() as connection:
        found = deployment_store.get(connection, deployment)
        about = About(found.name, found.labels, browse.version_titles(connection, found.id))
    reading, export_id = Reading(database, found.id, Filter(query=query)), exports.begin()
    pages = reading.pages(lambda written, share: exports.put(Progress(export_id, written, share)))
    return StreamingResponse(
        followed(chosen.write(pages, about), exports, export_id),
        media_type=chosen.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{found.name}-predictions.{chosen.ending}')}",
            "Relens-Export": export_id,
        },
    )


@router.get("/exports/{export_id}")
def get_export(export_id: str, exports: All) -> ExportOut:
    """How far a download is."""
    one = exports.get(export_id)
    return ExportOut(id=one.id, written=one.written, share=one.share, state=one.state)
