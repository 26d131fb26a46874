"""HTTP: puts a checkpoint beside a version that came without one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, UploadFile

from relens.access.asking import Asking
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.infra.web import part
from relens.registry import store
from relens.registry.checkpoint import attach_checkpoint
from relens.registry.routes import ModelVersionOut, file_bytes, version_bodies

router = APIRouter(prefix="/api/v1", tags=["models"])


@router.put("/model-versions/{ref:path}/checkpoint")
def put_checkpoint(
    ref: str,
    actor: Asking,
    database: Annotated[Database, part(Database)],
    storage: Annotated[Storage, part(Storage)],
    checkpoint: Annotated[UploadFile, File(description="what a trainer goes on from")],
) -> ModelVersionOut:
    """Runs of the loop can then start from this version. A version that has another checkpoint keeps it."""
    actor.must_be("operator")
    with database.read() as connection:
        version = store.find(connection, ref)
    made = attach_checkpoint(database, storage, version.id, file_bytes(checkpoint), actor)
    with database.read() as connection:
        return version_bodies(connection, [made])[0]
