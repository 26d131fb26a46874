"""HTTP: what differs between two versions of a dataset."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import Connection

from relens.datasets import diff, diff_rows, store
from relens.datasets.diff_rows import KINDS, Difference, Kind
from relens.datasets.item import SPLITS, Split
from relens.datasets.routes import ItemAnnotationOut, ItemOut
from relens.datasets.version import DatasetVersion
from relens.infra.database import Database
from relens.infra.web import Cursor, Limit, Page, part, read_cursor, write_cursor
from relens.kit.errors import Conflict

router = APIRouter(prefix="/api/v1", tags=["datasets"])
Db = Annotated[Database, part(Database)]
Against = Annotated[str | None, Query(description="the earlier version; without it the one before")]


class NothingToCompare(Conflict):
    """The first version of a dataset has none before it."""


class LabelDiffOut(BaseModel):
    """Annotations of one label that came and went, by split."""

    label: str
    added: dict[str, int]
    removed: dict[str, int]


class VersionDiffOut(BaseModel):
    """`before` and `after` are versions by id and title; `images` counts by kind and split, `only_before` and `only_after` are labels."""

    before: str
    before_title: str
    after: str
    after_title: str
    images: dict[Kind, dict[str, int]]
    labels: list[LabelDiffOut]
    only_before: list[str]
    only_after: list[str]


class DifferenceOut(BaseModel):
    """One image that differs, as it was and as it is; of a changed one also the annotations that are gone, new, and in both."""

    asset: str
    kind: Kind
    before: ItemOut | None
    after: ItemOut | None
    removed: list[ItemAnnotationOut]
    added: list[ItemAnnotationOut]
    kept: list[ItemAnnotationOut]

    @staticmethod
    def of(found: Difference, kind: Kind) -> DifferenceOut:
        told = diff.parts(found.before, found.after)
        shown = {
            name: [ItemAnnotationOut.model_validate(one.to_json()) for one in getattr(told, name)]
            for name in ("removed", "added", "kept")
        }
        asset = (found.after or found.before).asset  # type: ignore[union-attr]
        before, after = (None if one is None else ItemOut.of(one) for one in (found.before, found.after))
        return DifferenceOut(asset=asset, kind=kind, before=before, after=after, **shown)


@router.get("/dataset-versions/{ref:path}/diff")
def get_diff(ref: str, database: Db, against: Against = None) -> VersionDiffOut:
    """Images and annotations that came, went or changed since the earlier version."""
    with database.read() as connection:
        old, new = _both(connection, ref, against)
        images = diff_rows.counts(connection, old, new)
        pairs = ((one.before, one.after) for kind in KINDS for one in diff_rows.page(connection, old, new, kind))
        labels = diff.by_label(pairs)
    order = [*new.labels, *(label for label in old.labels if label not in new.labels)]
    return VersionDiffOut(
        before=old.id,
        before_title=old.title,
        after=new.id,
        after_title=new.title,
        images={kind: {split: found.get(split, 0) for split in SPLITS} for kind, found in images.items()},
        labels=[
            LabelDiffOut(label=label, added=labels[label].added, removed=labels[label].removed)
            for label in order
            if label in labels
        ],
        only_before=[label for label in old.labels if label not in new.labels],
        only_after=[label for label in new.labels if label not in old.labels],
    )


@router.get("/dataset-versions/{ref:path}/diff/images")
def list_differences(
    ref: str,
    kind: Kind,
    database: Db,
    against: Against = None,
    split: Split | None = None,
    label: str | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DifferenceOut]:
    """The images of one kind, page by page."""
    behind = int(read_cursor(cursor, int)[0]) if cursor else -1
    with database.read() as connection:
        old, new = _both(connection, ref, against)
        found = diff_rows.page(connection, old, new, kind, split, label, behind, limit + 1)
    following = write_cursor(found[limit - 1].position) if len(found) > limit else None
    return Page(items=[DifferenceOut.of(one, kind) for one in found[:limit]], next=following)


def _both(connection: Connection, ref: str, against: str | None) -> tuple[DatasetVersion, DatasetVersion]:
    new = store.find(connection, ref)
    if against is not None:
        return store.find(connection, against), new
    earlier = next((one for one in store.versions(connection, new.dataset) if one.number < new.number), None)
    if earlier is None:
        raise NothingToCompare(f"{new.title} is the first version: name another one to compare it with")
    return earlier, new
