"""HTTP: the queue, the verdict of a prediction with its ETag, and what was said before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, Field

from relens.access.actor import Kind
from relens.access.asking import Asking
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.web import Corners, Cursor, Instant, Limit, Page, RunLengths, part, read_cursor, write_cursor
from relens.kit import clock
from relens.predictions import store as predictions
from relens.predictions.routes import PredictionOut
from relens.registry import store as versions
from relens.review import store
from relens.review.lineup import Lineup
from relens.review.offer import Given, Lane, offer
from relens.review.settle import reopen, settle
from relens.review.verdict import Status, Verdict
from relens.vision.annotation import Annotation

router = APIRouter(prefix="/api/v1", tags=["review"])

Db = Annotated[Database, part(Database)]
IfMatch = Annotated[
    str | None, Header(description='the ETag you saw ("0": nobody had reviewed it yet); refused when it changed since')
]
_MOST_QUEUED = 100


class AnnotationIn(BaseModel):
    """What is true: a label, and a box, polygon or mask where the task wants one."""

    label: str
    box: Corners | None = None
    polygon: list[list[float]] | None = None
    rle: RunLengths | None = None
    crowd: bool = False

    def annotation(self) -> Annotation:
        return Annotation.from_json(self.model_dump(exclude_none=True))


class AnnotationOut(AnnotationIn):
    """The same as it is kept; a polygon or mask has the box around it beside it."""


class VerdictIn(BaseModel):
    """`annotations` only with `corrected`; none of them then means: nothing here."""

    status: Literal["accepted", "corrected", "unusable", "skipped"]
    annotations: list[AnnotationIn] = Field(default_factory=list, max_length=5_000)
    reason: str = Field("", max_length=2_000)


class VerdictBy(BaseModel):
    """Who said it."""

    id: str
    name: str
    kind: Kind


class VerdictOut(BaseModel):
    """What is said of a prediction; `revision` 0 and nobody: it was never reviewed."""

    prediction: str
    status: Status
    annotations: list[AnnotationOut]
    reason: str
    revision: int
    by: VerdictBy | None
    at: Instant | None

    @staticmethod
    def of(verdict: Verdict) -> VerdictOut:
        return VerdictOut(
            prediction=verdict.prediction,
            status=verdict.status,
            annotations=written(verdict.annotations),
            reason=verdict.reason,
            revision=verdict.revision,
            by=VerdictBy(id=verdict.actor.id, name=verdict.actor.name, kind=verdict.actor.kind),
            at=verdict.at,
        )

    @staticmethod
    def none_of(prediction: str) -> VerdictOut:
        return VerdictOut(
            prediction=prediction, status="pending", annotations=[], reason="", revision=0, by=None, at=None
        )


class SaidOut(BaseModel):
    """What one of two people said, without who it was."""

    status: Status
    annotations: list[AnnotationOut]


class QueuedOut(PredictionOut):
    """A prediction that waits for a person, and why: one of the lanes, or a look at what others reviewed.

    `blind`: what was answered is left out until the person has drawn what is there. `looks`: the two that differ. `revision` of what was said of
    it before, to be named when it is changed; 0 for nothing.
    """

    lane: Lane
    blind: bool
    looks: list[SaidOut]
    revision: int

    @staticmethod
    def queued(given: Given, deployment_name: str, titles: dict[str, str]) -> QueuedOut:
        shown = PredictionOut.of(given.logged, deployment_name, titles).model_dump()
        if given.blind:
            shown["detections"] = []
        return QueuedOut(
            **shown,
            lane=given.lane,
            blind=given.blind,
            looks=[SaidOut(status=one.status, annotations=written(one.annotations)) for one in given.looks],
            revision=given.revision,
        )


def written(annotations: Sequence[Annotation]) -> list[AnnotationOut]:
    return [AnnotationOut.model_validate(one.to_json()) for one in annotations]


@router.get("/deployments/{deployment}/queue")
def get_queue(
    deployment: str,
    actor: Asking,
    database: Db,
    lineup: Annotated[Lineup, part(Lineup)],
    limit: Annotated[int, Query(ge=1, le=_MOST_QUEUED)] = 10,
    hold: Annotated[bool, Query(description="offer these to nobody else for ten minutes")] = True,
) -> Page[QueuedOut]:
    """What to review next: random checks and hard cases, mixed; each image once, and nothing that another person holds.

    Where the team wants it, second looks at what others reviewed come between, and images where two people differ.
    """
    lineup.catch_up()
    now = clock.now()
    with database.read() as connection:
        here = deployments.get(connection, deployment)
    chosen = offer(database, here, limit, actor, now, hold and actor.may("reviewer"))
    with database.read() as connection:
        titles = versions.titles(connection, {one.logged.model_version for one in chosen if one.logged.model_version})
    return Page(items=[QueuedOut.queued(one, here.name, titles) for one in chosen])


@router.put("/predictions/{prediction}/verdict")
def put_verdict(
    prediction: str, said: VerdictIn, actor: Asking, database: Db, response: Response, if_match: IfMatch = None
) -> VerdictOut:
    """Settles a prediction, or changes what was said of it. Sending the same again changes nothing."""
    annotations = [one.annotation() for one in said.annotations]
    return _tagged(
        response,
        database.write(
            lambda connection: settle(
                connection, prediction, said.status, annotations, actor=actor, reason=said.reason, if_match=if_match
            )
        ),
        prediction,
    )


@router.get("/predictions/{prediction}/verdict")
def get_verdict(prediction: str, database: Db, response: Response) -> VerdictOut:
    with database.read() as connection:
        predictions.get(connection, prediction)
        return _tagged(response, store.get(connection, prediction), prediction)


@router.delete("/predictions/{prediction}/verdict")
def delete_verdict(
    prediction: str, actor: Asking, database: Db, response: Response, if_match: IfMatch = None
) -> VerdictOut:
    """Reopens: the prediction is pending again; its history stays."""
    return _tagged(
        response,
        database.write(lambda connection: reopen(connection, prediction, actor=actor, if_match=if_match)),
        prediction,
    )


@router.get("/predictions/{prediction}/verdicts")
def get_verdicts(prediction: str, database: Db) -> Page[VerdictOut]:
    """Everything that was ever said of it, the oldest first."""
    with database.read() as connection:
        predictions.get(connection, prediction)
        return Page(items=[VerdictOut.of(verdict) for verdict in store.history(connection, prediction)])


@router.get("/deployments/{deployment}/verdicts")
def list_verdicts(
    deployment: str,
    database: Db,
    status: Annotated[list[Status] | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[VerdictOut]:
    """The verdicts of a deployment as they stand, the latest first."""
    before: Any = read_cursor(cursor, int)[0] if cursor else None
    with database.read() as connection:
        found = store.page(connection, deployments.get(connection, deployment).id, status or (), before, limit + 1)
    following = write_cursor(found[limit - 1].seq) if len(found) > limit else None
    return Page(items=[VerdictOut.of(verdict) for verdict in found[:limit]], next=following)


def _tagged(response: Response, verdict: Verdict | None, prediction: str) -> VerdictOut:
    response.headers["ETag"] = f'"{verdict.etag if verdict else 0}"'
    return VerdictOut.of(verdict) if verdict else VerdictOut.none_of(prediction)
