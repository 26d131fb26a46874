"""HTTP: what programs outside tell of themselves, and what is missing of what they numbered."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from relens.access.asking import Asking
from relens.deployments import store as deployment_store
from relens.infra.database import Database
from relens.infra.web import Instant, Page, part
from relens.kit import clock
from relens.kit.clock import DAY
from relens.kit.errors import Invalid
from relens.predictions.writers import store
from relens.predictions.writers.gaps import Gap, Loss, Why, explained
from relens.predictions.writers.store import Numbered, Writer

router = APIRouter(prefix="/api/v1", tags=["predictions"])
Db = Annotated[Database, part(Database)]
Seq = Annotated[int, Field(ge=0, lt=2**62)]


class BadReport(Invalid):
    """What a writer tells cannot be so."""


class NumberedIn(BaseModel):
    """How far one source is numbered, and how much of that still waits."""

    source: str | None = Field(None, min_length=1, max_length=200)
    last_seq: Seq
    waiting: Seq = 0


class LossIn(BaseModel):
    """Numbers that will never come, and why: "full", "disk full", "refused"."""

    source: str | None = Field(None, min_length=1, max_length=200)
    first_seq: Seq
    last_seq: Seq
    since: str
    until: str
    reason: str = Field(max_length=40)


class WriterIn(BaseModel):
    """What a program outside tells of itself; `state` and what follows where it answers by itself."""

    sources: list[NumberedIn] = Field(default_factory=list, max_length=10_000)
    losses: list[LossIn] = Field(default_factory=list, max_length=1000)
    state: Literal["loading", "live", "failed"] | None = None
    message: str = Field("", max_length=2000)
    model_version: str | None = Field(None, max_length=36)


class SourceOut(BaseModel):
    """One source of a writer."""

    source: str | None
    last_seq: int
    waiting: int


class WriterOut(BaseModel):
    """A program outside, and when it was last heard of."""

    name: str
    heard_at: Instant
    state: str | None
    message: str
    model_version: str | None
    sources: list[SourceOut]


class GapOut(BaseModel):
    """Predictions that are not in the log. `why`: missing (never arrived), waiting (still there), dropped or refused (will never come), erased (by a person, here)."""

    source: str | None
    writer: str
    count: int
    first_seq: int
    last_seq: int
    since: Instant | None
    until: Instant | None
    why: Why
    reason: str
    sentence: str

    @staticmethod
    def of(gap: Gap) -> GapOut:
        plain = ("source", "writer", "count", "since", "until", "why", "reason", "sentence")
        return GapOut(first_seq=gap.first, last_seq=gap.last, **{name: getattr(gap, name) for name in plain})


class GapsOut(BaseModel):
    """Every gap around that time; `counts` are predictions by why."""

    since: Instant
    until: Instant
    counts: dict[Why, int]
    items: list[GapOut]
    complete: bool = Field(description="false when there are more than are listed here")


@router.get("/deployments/{deployment}/gaps")
def list_gaps(
    deployment: str,
    database: Db,
    since: Annotated[str | None, Query(alias="from", description="RFC 3339 [24 hours ago]")] = None,
    until: Annotated[str | None, Query(alias="to", description="RFC 3339 [now]")] = None,
) -> GapsOut:
    """What writers numbered and the log does not have; what arrives late closes its gap."""
    last = clock.from_text(until) if until else clock.now() + 1
    first = clock.from_text(since) if since else last - DAY
    if first >= last:
        raise BadReport("the window ends before it begins: 'from' must be earlier than 'to'")
    with database.read() as connection:
        found = deployment_store.get(connection, deployment)
        holes = store.holes(connection, found.id, first, last)
        gaps = explained(holes, store.losses(connection, found.id))
    counts: dict[Why, int] = {"missing": 0, "waiting": 0, "dropped": 0, "refused": 0, "erased": 0}
    for gap in gaps:
        counts[gap.why] += gap.count
    items = [GapOut.of(gap) for gap in gaps]
    return GapsOut(since=first, until=last, counts=counts, items=items, complete=len(holes) < store.MOST_HOLES)


@router.get("/deployments/{deployment}/writers")
def list_writers(deployment: str, database: Db) -> Page[WriterOut]:
    """The programs outside that log for this deployment, the one heard of last first."""
    with database.read() as connection:
        found = deployment_store.get(connection, deployment)
        known = store.writers(connection, found.id)
        sources = store.numbered(connection, found.id)
    items = [
        WriterOut(
            name=one.name,
            heard_at=one.heard_at,
            state=one.state,
            message=one.message,
            model_version=one.model_version,
            sources=[
                SourceOut(source=s.source, last_seq=s.last_seq, waiting=s.waiting)
                for s in sources
                if s.writer == one.name
            ],
        )
        for one in known
    ]
    return Page(items=items)


@router.put("/deployments/{deployment}/writers/{writer:path}", status_code=204)
def hear_writer(deployment: str, writer: str, said: WriterIn, actor: Asking, database: Db) -> None:
    """A program outside tells what it numbered, what waits there and what will never come."""
    actor.must_be("operator")
    if len(writer) > 100:
        raise BadReport("a writer's name has 1 to 100 characters")
    if any(one.last_seq < one.first_seq for one in said.losses):
        raise BadReport("a loss ends before it begins: last_seq must not be below first_seq")
    told = Writer(writer, clock.now(), said.state, said.message, said.model_version)
    sources = [Numbered(writer, one.source, one.last_seq, one.waiting) for one in said.sources]
    losses = [
        Loss(
            writer, one.source, one.first_seq, one.last_seq, clock.from_text(one.since), clock.from_text(one.until), one.reason
        )
        for one in said.losses
    ]  # fmt: skip
    with database.read() as connection:
        found = deployment_store.get(connection, deployment)
    database.write(partial(store.hear, deployment_id=found.id, said=told, sources=sources, losses=losses))
