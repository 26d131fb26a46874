"""HTTP: changes of a dataset that make its next version, each with a preview: other labels, or without some reviews."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.infra.database import Database
from relens.infra.jobs import Jobs
from relens.infra.jobs.routes import JobOut
from relens.infra.web import Page, part
from relens.loop import change_labels, leave_out
from relens.loop.dataset_bodies import LabelPreviewOut, LabelsIn, ReviewedVersionOut, UndoIn, UndoPreviewOut
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
