"""HTTP: changes of a dataset that make its next version, each with a preview: other labels, or without some reviews."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.datasets import store as datasets
from relens.datasets.routes import DatasetOut, dataset_out
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import JobOut
from relens.infra.web import Page, part
from relens.loop import change_labels, dataset_end, leave_out
from relens.loop.dataset_bodies import (
    ArchiveIn,
    DatasetUsesOut,
    LabelPreviewOut,
    LabelsIn,
    ReviewedVersionOut,
    UndoIn,
    UndoPreviewOut,
)
from relens.loop.feedback import newest_version
from relens.loop.next_version import NextVersions, looked_at
from relens.loop.reviewed_versions import reviewed_versions

router = APIRouter(prefix="/api/v1", tags=["datasets"])
Db = Annotated[Database, part(Database)]
AllJobs = Annotated[Jobs, part(Jobs)]
Making = Annotated[NextVersions, part(NextVersions)]


@router.post("/datasets/{dataset}/labels/preview")
def preview_labels(dataset: str, wanted: LabelsIn, database: Db) -> LabelPreviewOut:
    """What the change would do to the newest version, and what it means for the deployments that feed it."""
    with database.read() as connection:
        newest = newest_version(connection, dataset)
        looked_at(newest, wanted.after)
        return LabelPreviewOut.of(change_labels.preview(connection, newest, wanted.wish()))


@router.post("/datasets/{dataset}/labels", status_code=202)
def change_the_labels(
    dataset: str, wanted: LabelsIn, actor: Asking, database: Db, jobs: AllJobs, making: Making
) -> JobOut:
    """Makes the next version with these labels, as a job; its result names the version."""
    actor.must_be("operator")

    def ask(connection: Connection) -> str:
        newest = newest_version(connection, dataset)
        return making.ask(connection, jobs, newest, change_labels.LABELS, wanted.wish(), actor)

    return JobOut.of(jobs.get(database.write(ask)), actor.name)


@router.get("/datasets/{dataset}/reviews")
def list_reviewed_versions(dataset: str, database: Db) -> Page[ReviewedVersionOut]:
    """The versions since the last import that reviews made, the newest first."""
    with database.read() as connection:
        found = reviewed_versions(connection, newest_version(connection, dataset))
    return Page(items=[ReviewedVersionOut.of(one) for one in found])


@router.get("/datasets/{dataset}/uses")
def get_uses(dataset: str, database: Db) -> DatasetUsesOut:
    """Why the dataset cannot be deleted; nothing where it can."""
    with database.read() as connection:
        return DatasetUsesOut(reasons=dataset_end.why_kept(connection, datasets.find_dataset(connection, dataset)))


@router.put("/datasets/{dataset}/archive")
def put_archive(dataset: str, wanted: ArchiveIn, actor: Asking, database: Db) -> DatasetOut:
    """Takes it out of the lists, or back in; everything that rests on it stays."""

    def change(connection: Connection) -> DatasetOut:
        found = datasets.find_dataset(connection, dataset)
        (dataset_end.archive if wanted.archived else dataset_end.restore)(connection, found, actor)
        return dataset_out(connection, datasets.find_dataset(connection, found.id))

    return database.write(change)


@router.delete("/datasets/{dataset}", status_code=202)
def delete_dataset(
    dataset: str,
    actor: Asking,
    database: Db,
    jobs: AllJobs,
    confirm: Annotated[str, Query(description="the dataset's name")],
) -> JobOut:
    """Deletes it as a job, with every version; refused, with reasons, while anything rests on it. Images that are needed elsewhere stay."""

    def ask(connection: Connection) -> str:
        found = datasets.find_dataset(connection, dataset)
        return dataset_end.ask_to_delete(connection, jobs, found, confirm, actor)

    return JobOut.of(jobs.get(database.write(ask)), actor.name)


@router.post("/datasets/{dataset}/undo/preview")
def preview_undo(dataset: str, wanted: UndoIn, database: Db) -> UndoPreviewOut:
    """What the newest version would be without the chosen reviews."""
    with database.read() as connection:
        newest = newest_version(connection, dataset)
        looked_at(newest, wanted.after)
        found = leave_out.without(connection, newest, leave_out.chosen_of(wanted.wish()))
    return UndoPreviewOut.of(found, newest.number)


@router.post("/datasets/{dataset}/undo", status_code=202)
def undo(dataset: str, wanted: UndoIn, actor: Asking, database: Db, jobs: AllJobs, making: Making) -> JobOut:
    """Makes the next version without the chosen reviews, as a job; test images stay test images."""
    actor.must_be("operator")

    def ask(connection: Connection) -> str:
        newest = newest_version(connection, dataset)
        return making.ask(connection, jobs, newest, leave_out.UNDO, wanted.wish(), actor)

    return JobOut.of(jobs.get(database.write(ask)), actor.name)
