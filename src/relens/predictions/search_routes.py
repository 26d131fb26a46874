"""HTTP: how many predictions a search finds, and what could be written next in its query."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from relens.deployments import store as deployment_store
from relens.infra.database import Database
from relens.infra.web import part
from relens.predictions import browse
from relens.predictions.browse import Filter
from relens.predictions.complete import complete
from relens.predictions.file_along import Filing

router = APIRouter(prefix="/api/v1", tags=["predictions"])
Db = Annotated[Database, part(Database)]
COUNT_S = 0.25


class CountOut(BaseModel):
    """How many were found."""

    count: int
    more: bool = Field(description="there are at least so many")
    waiting: int = Field(description="predictions that are logged and not yet found by any search, of all deployments")


class SuggestionOut(BaseModel):
    """One way to go on."""

    text: str
    kind: str
    says: str


class CompletionOut(BaseModel):
    """A suggestion's text takes the place of the characters from `start` to `end` (from 0, end exclusive)."""

    start: int
    end: int
    suggestions: list[SuggestionOut]


@router.get("/deployments/{deployment}/predictions/count")
def count_predictions(
    deployment: str,
    database: Db,
    filing: Annotated[Filing, part(Filing)],
    query: Annotated[str | None, Query(description="as for the list of predictions")] = None,
) -> CountOut:
    """How many predictions a query finds: exactly up to 10,000, then at least that many."""
    with database.read() as connection:
        found = deployment_store.get(connection, deployment)
        counted = browse.count(connection, found.id, Filter(query=query), COUNT_S)
    return CountOut(count=counted.count, more=counted.more, waiting=filing.behind())


@router.get("/deployments/{deployment}/predictions/complete")
def complete_query(
    deployment: str,
    database: Db,
    query: str = "",
    at: Annotated[int | None, Query(ge=0, description="where the cursor stands; at the end when left out")] = None,
) -> CompletionOut:
    """What could be written next: fields, operators, and values from this deployment's log."""
    with database.read() as connection:
        found = deployment_store.get(connection, deployment)
        made = complete(connection, found.id, query, len(query) if at is None else at)
    return CompletionOut(
        start=made.start,
        end=made.end,
        suggestions=[SuggestionOut(text=one.text, kind=one.kind, says=one.says) for one in made.suggestions],
    )
