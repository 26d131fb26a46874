"""HTTP: how much was reviewed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from relens.access.asking import Asking
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.web import part
from relens.kit import clock
from relens.review import store

router = APIRouter(prefix="/api/v1", tags=["review"])


class ReviewedOut(BaseModel):
    """How many predictions were settled and have not been reopened since."""

    count: int


@router.get("/deployments/{deployment}/verdicts/count")
def count_verdicts(
    deployment: str,
    actor: Asking,
    database: Annotated[Database, part(Database)],
    since: Annotated[str, Query(alias="from", description="settled at or after, RFC 3339")],
    mine: Annotated[bool, Query(description="only by whoever asks")] = False,
) -> ReviewedOut:
    """How many predictions were reviewed since a moment."""
    at = clock.from_text(since)
    with database.read() as connection:
        found = deployments.get(connection, deployment)
        return ReviewedOut(count=store.said_since(connection, found.id, at, actor.id if mine else None))
