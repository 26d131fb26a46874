"""Takes a dataset away: its name and versions at once, its rows in small pieces, its images only as far as nobody else needs them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from relens.assets import store as assets
from relens.datasets.dataset import Dataset
from relens.datasets.publish import PIN
from relens.datasets.store import annotation, annotation_label, dataset, dataset_version, version_item
from relens.infra.database import Database
from relens.kit.clock import Micros

_PIECE = 500


def set_archived(connection: Connection, found: Dataset, at: Micros | None) -> None:
    connection.execute(update(dataset).where(dataset.c.id == found.id).values(archived_at=at))


def hide(connection: Connection, found: Dataset) -> list[str]:
    """From here on there is no such dataset; answers with the contents that `clear` has to look at."""
    mine = dataset_version.c.dataset == found.id
    contents = list(connection.execute(select(dataset_version.c.content_hash).where(mine).distinct()).scalars())
    connection.execute(delete(dataset_version).where(mine))
    connection.execute(delete(dataset).where(dataset.c.id == found.id))
    return contents


def clear(database: Database, contents: Sequence[str]) -> None:
    """The rows of contents that no version holds any more; safe to repeat. Images that nothing pins then leave as they always do."""
    for content in contents:
        while database.write(lambda connection, content=content: _clear_some(connection, content)):  # type: ignore[misc]
            pass


def _clear_some(connection: Connection, content: str) -> bool:
    """True while there may be more."""
    if connection.execute(select(dataset_version.c.id).where(dataset_version.c.content_hash == content)).first():
        return False
    here = version_item.c.content_hash == content
    some = connection.execute(
        select(version_item.c.position, version_item.c.annotation).where(here).limit(_PIECE)
    ).all()
    if not some:
        assets.unpin(connection, PIN, content)
        return False
    connection.execute(delete(version_item).where(here, version_item.c.position.in_([row.position for row in some])))
    truths = {row.annotation for row in some}
    truths -= set(
        connection.execute(
            select(version_item.c.annotation).where(version_item.c.annotation.in_(truths)).distinct()
        ).scalars()
    )
    connection.execute(delete(annotation_label).where(annotation_label.c.annotation.in_(truths)))
    connection.execute(delete(annotation).where(annotation.c.id.in_(truths)))
    return True
