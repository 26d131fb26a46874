"""HTTP: import a dataset, look at its versions and images, take them out again."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import Connection

from relens.access import store as access
from relens.access.asking import Asking
from relens.assets.read import image_bytes
from relens.datasets import store
from relens.datasets.bring_in import Importing, Wish
from relens.datasets.dataset import Dataset
from relens.datasets.export import zip_stream
from relens.datasets.formats import FORMATS, must_write
from relens.datasets.item import Item, Split, split_named
from relens.datasets.receive import receive
from relens.datasets.version import DatasetVersion, Origin
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import JobOut
from relens.infra.storage import Storage
from relens.infra.upload import ONE_FILE
from relens.infra.web import (
    Corners,
    Cursor,
    Instant,
    Limit,
    Page,
    RunLengths,
    TaskName,
    part,
    read_cursor,
    write_cursor,
)

router = APIRouter(prefix="/api/v1", tags=["datasets"])

Db = Annotated[Database, part(Database)]


class DatasetVersionOut(BaseModel):
    """A dataset version as the API shows it; `images` and `statistics` count images and annotations by split."""

    id: str
    dataset: str
    dataset_name: str
    number: int
    title: str
    content_hash: str
    task: TaskName
    labels: list[str]
    parent: str | None
    origin: Origin
    note: str
    images: dict[str, int]
    statistics: dict[str, dict[str, int]]
    created_at: Instant
    created_by: str

    @staticmethod
    def of(version: DatasetVersion, created_by: str) -> DatasetVersionOut:
        names = DatasetVersionOut.model_fields.keys() - {"labels", "created_by"}
        shown = {name: getattr(version, name) for name in names}
        return DatasetVersionOut(**shown, labels=list(version.labels), created_by=created_by)


class DatasetOut(BaseModel):
    """A dataset and its latest version."""

    id: str
    name: str
    task: TaskName
    labels: list[str]
    versions: int
    latest: DatasetVersionOut | None
    created_at: Instant
    archived_at: Instant | None


class ItemAnnotationOut(BaseModel):
    """What is true of one thing in an image: a label and box, polygon or rle (whole image: none). `area`: the dataset's own."""

    label: str
    box: Corners | None = None
    polygon: list[list[float]] | None = None
    rle: RunLengths | None = None
    crowd: bool = False
    area: float | None = None


class ItemOut(BaseModel):
    """One image of a version."""

    asset: str
    split: str
    group: str
    file_name: str
    source: str | None
    width: int | None
    height: int | None
    annotations: list[ItemAnnotationOut]

    @staticmethod
    def of(item: Item) -> ItemOut:
        names = ItemOut.model_fields.keys() - {"annotations"}
        written = [ItemAnnotationOut.model_validate(annotation.to_json()) for annotation in item.annotations]
        return ItemOut(**{name: getattr(item, name) for name in names}, annotations=written)


class FormatOut(BaseModel):
    """A way to lay a dataset out in a folder; `tasks` are those it can be written for."""

    name: str
    title: str
    layout: str
    tasks: list[str]


@router.get("/dataset-formats")
def list_formats() -> Page[FormatOut]:
    """Every format that can be imported and exported."""
    found = [FormatOut(name=name, title=one.title, layout=one.layout, tasks=list(one.tasks)) for name, one in FORMATS]
    return Page(items=found)


@router.get("/datasets")
def list_datasets(
    database: Db, archived: Annotated[bool, Query(description="those that are archived instead")] = False
) -> Page[DatasetOut]:
    with database.read() as connection:
        there = [found for found in store.datasets(connection) if (found.archived_at is not None) == archived]
        return Page(items=[dataset_out(connection, found) for found in there])


@router.post("/datasets/{name}/import", status_code=202, openapi_extra=ONE_FILE)
async def import_dataset(
    name: str,
    request: Request,
    actor: Asking,
    importing: Annotated[Importing, part(Importing)],
    jobs: Annotated[Jobs, part(Jobs)],
    format: Annotated[str, Query(description="auto, or the name of a dataset format")] = "auto",  # noqa: A002 - its public name
    skip_bad: Annotated[bool, Query(description="import the rest when something is wrong")] = False,
    task: Annotated[str | None, Query(description="read the set as this task (segmentation as detection)")] = None,
    production: Annotated[
        Split | None,
        Query(description="the split that images set apart as production become; without it they are left out"),
    ] = None,
) -> JobOut:
    """Imports the zip in the body as a job; its result names the version and reports what was wrong, line by line."""
    actor.must_be("operator")
    wish = Wish(name.strip(), format, skip_bad, task, production)
    upload = await receive(request, importing)
    job_id = await run_in_threadpool(importing.enqueue, jobs, upload, wish, actor)
    return JobOut.of(await run_in_threadpool(jobs.get, job_id), actor.name)


@router.get("/datasets/{ref}")
def get_dataset(ref: str, database: Db) -> DatasetOut:
    with database.read() as connection:
        return dataset_out(connection, store.find_dataset(connection, ref))


@router.get("/datasets/{ref}/versions")
def list_versions(ref: str, database: Db) -> Page[DatasetVersionOut]:
    with database.read() as connection:
        found = store.versions(connection, store.find_dataset(connection, ref).id)
        return Page(items=_shown(connection, found))


@router.get("/dataset-versions/{ref:path}/items")
def list_items(
    ref: str,
    database: Db,
    split: str | None = None,
    label: str | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ItemOut]:
    after = int(read_cursor(cursor, int)[0]) if cursor else -1
    wanted = split_named(split) if split else None
    with database.read() as connection:
        version = store.find(connection, ref)
        found = store.page_of_items(connection, version.id, wanted, label, after, limit + 1)
    following = write_cursor(found[limit - 1][0]) if len(found) > limit else None
    return Page(items=[ItemOut.of(item) for _, item in found[:limit]], next=following)


@router.get(
    "/dataset-versions/{ref:path}/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}}},
)
def export_version(
    ref: str,
    database: Db,
    storage: Annotated[Storage, part(Storage)],
    format: Annotated[str, Query(description="the name of a dataset format")] = "coco",  # noqa: A002 - its public name
) -> StreamingResponse:
    """The version as a zip, ready to be imported again."""
    with database.read() as connection:
        version = store.find(connection, ref)
        items = store.items(connection, version.id)
    entries = must_write(format, version.task).write(version.dataset_name, version.task, version.labels, items)
    file_name = quote(f"{version.dataset_name}-v{version.number}-{format}.zip")
    return StreamingResponse(
        zip_stream(entries, lambda asset: image_bytes(storage, asset)),
        media_type="application/zip",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{file_name}"},
    )


@router.get("/dataset-versions/{ref:path}")
def get_version(ref: str, database: Db) -> DatasetVersionOut:
    with database.read() as connection:
        return _shown(connection, [store.find(connection, ref)])[0]


def _shown(connection: Connection, versions: list[DatasetVersion]) -> list[DatasetVersionOut]:
    people = access.names(connection, {version.created_by for version in versions})
    return [DatasetVersionOut.of(version, people.get(version.created_by, version.created_by)) for version in versions]


def dataset_out(connection: Connection, found: Dataset) -> DatasetOut:
    versions = store.versions(connection, found.id)
    latest = _shown(connection, versions[:1])
    return DatasetOut(
        id=found.id,
        name=found.name,
        task=found.task,
        labels=latest[0].labels if latest else [],
        versions=len(versions),
        latest=latest[0] if latest else None,
        created_at=found.created_at,
        archived_at=found.archived_at,
    )
