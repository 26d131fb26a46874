"""HTTP: what must be known of a version's file to answer with it elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter

from relens.infra.database import Database
from relens.infra.web import part
from relens.registry import store

router = APIRouter(prefix="/api/v1", tags=["models"])


@router.get("/model-versions/{ref:path}/manifest")
def get_manifest(ref: str, database: Annotated[Database, part(Database)]) -> dict[str, Any]:
    """How to feed the artifact and read its answers, as it was found when the file was tried."""
    with database.read() as connection:
        return dict(store.find(connection, ref).manifest)
