"""Puts a checkpoint beside a version that was registered without one, so that a trainer can go on from it."""

from __future__ import annotations

import threading

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.kit.errors import Conflict, Invalid
from relens.kit.ids import content_id
from relens.registry import store
from relens.registry.model_version import ModelVersion, checkpoint_key

_ONE_BY_ONE = threading.Lock()
"""Two files for one version at the same moment: the second is refused before its bytes are kept, which nothing would ever take away."""


class BadCheckpoint(Invalid):
    """An empty file."""


class HasCheckpoint(Conflict):
    """The version has a checkpoint already, and versions do not change."""


def attach_checkpoint(
    database: Database, storage: Storage, version_id: str, checkpoint: bytes, actor: Actor
) -> ModelVersion:
    """The same file again changes nothing. What is in it only the trainer can say, when it starts from it.

    Raises NoModel, BadCheckpoint, HasCheckpoint.
    """
    actor.must_be("operator")
    if not checkpoint:
        raise BadCheckpoint("the file is empty: send the checkpoint that the trainer wrote beside the model")
    name = content_id(checkpoint)

    def attach(connection: Connection) -> ModelVersion:
        store.set_checkpoint(connection, version_id, name)
        now = store.get(connection, version_id)
        if now.checkpoint != name:
            raise HasCheckpoint(
                f"{now.title} has another checkpoint already, and versions never change: register the model again "
                "with this one, under another name"
            )
        return now

    with _ONE_BY_ONE:
        with database.read() as connection:
            version = store.get(connection, version_id)
        if version.checkpoint is None:
            storage.put(checkpoint_key(name), checkpoint)
        return database.write(attach)
