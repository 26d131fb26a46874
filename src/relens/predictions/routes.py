"""HTTP: browse the log."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from relens.deployments import store as deployment_store
from relens.deployments.deployment import Role
from relens.infra.database import Database
from relens.infra.web import Corners, Cursor, Instant, Limit, Page, RunLengths, part
from relens.kit import clock
from relens.metrics.outlier import in_words
from relens.predictions import browse, store
from relens.predictions.browse import Filter
from relens.predictions.logged import Logged, Origin, ReviewState
from relens.registry import store as registry_store

router = APIRouter(prefix="/api/v1", tags=["predictions"])
Db = Annotated[Database, part(Database)]
SEARCH_S = 0.25
"""A page is given as far as it is found after this; what remains of 300 ms is the last stretch and the answer."""


class LoggedDetectionOut(BaseModel):
    """One detection of the log; `answered` is false below the threshold of that moment. Lists leave masks (`rle`) out."""

    label: str
    confidence: float
    box: Corners | None
    polygon: list[list[float]] | None = None
    rle: RunLengths | None = None
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
    latency_ms: float | None = Field(description="null where a prediction made elsewhere does not say it")
    threshold: float
    outlier: float | None
    unusual: str | None = Field(description="the outlier score in words: 1 in N training images is this unusual")
    review: ReviewState
    origin: Origin
    error: str | None
    parent: str | None
    writer: str | None
    writer_seq: int | None
    keep_reason: str
    keep_probability: float
    trace: str | None
    detections: list[LoggedDetectionOut]

    @staticmethod
    def of(line: Logged, deployment_name: str, titles: dict[str, str], masks: bool = True) -> PredictionOut:
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
            "threshold",
            "outlier",
            "review",
            "origin",
            "error",
            "parent",
            "writer",
            "writer_seq",
            "keep_reason",
            "keep_probability",
            "trace",
        )
        version = line.model_version
        return PredictionOut(
            **{name: getattr(line, name) for name in plain},
            deployment=deployment_name,
            latency_ms=line.took_ms,
            model_version=TitledVersion(id=version, title=titles.get(version, version)) if version else None,
            unusual=None if line.outlier is None else in_words(line.outlier),
            tags=list(line.tags),
            metadata=dict(line.metadata),
            detections=[
                LoggedDetectionOut.model_validate(
                    {**d.to_json(), "answered": d.confidence >= line.threshold, **({} if masks else {"rle": None})}
                )
                for d in line.detections
            ],
        )


class SearchedOut(BaseModel):
    """How far a search looked before its time was over; `until`: a value of what is sorted by, times in RFC 3339."""

    rows: int
    until: str | float | None


class PredictionsOut(Page[PredictionOut]):
    """One page; `partial`: the filter finds so little that the page was not full in time. `next` goes on from where it stopped."""

    partial: bool = False
    searched: SearchedOut | None = None


@router.get("/deployments/{deployment}/predictions", response_model=PredictionsOut)
def list_predictions(
    deployment: str,
    database: Db,
    sort: Annotated[
        str,
        Query(
            description="taken_at, logged_at, latency, outlier, confidence or priority, a minus for the largest first; random or random:SEED"
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
    error: str | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The log of one deployment, filtered, in order, page by page; a page that takes too long comes partly filled, with `next`."""
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
            error,
        )
        one = browse.look(connection, found.id, wanted, sort, limit, cursor, SEARCH_S)
        titles = registry_store.titles(connection, {line.model_version for line in one.lines if line.model_version})
    page = PredictionsOut(
        items=[PredictionOut.of(line, found.name, titles, masks=False) for line in one.lines],
        next=one.next,
        partial=one.partial,
        searched=SearchedOut(rows=one.rows, until=_place(sort, one.until)) if one.partial else None,
    )
    # Written here, once: the framework would make plain values of it first, and text of those.
    return Response(page.model_dump_json(), media_type="application/json")


def _place(sort: str, until: Any) -> str | float | None:
    return clock.to_text(until) if until is not None and sort.endswith("taken_at") else until


@router.get("/predictions/{prediction_id}")
def get_prediction(prediction_id: str, database: Db) -> PredictionOut:
    """One line of the log, also what lay below the threshold."""
    with database.read() as connection:
        line = store.get(connection, prediction_id)
        name = deployment_store.get(connection, line.deployment).name
        titles = registry_store.titles(connection, {line.model_version} if line.model_version else set())
    return PredictionOut.of(line, name, titles)
