"""Archives a dataset, or deletes one that nothing rests on; what still does is said, thing by thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.datasets import store as datasets
from relens.datasets.dataset import Dataset, NoDataset
from relens.datasets.remove import clear, hide, set_archived
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs
from relens.kit import clock
from relens.kit.errors import Conflict, Invalid
from relens.loop import feedback_rows
from relens.loop.change_labels import feeding
from relens.monitoring import store as monitoring
from relens.registry import store as registry
from relens.training import store as trainings

DELETE = "delete-dataset"
_SHOWN = 3


class DatasetInUse(Conflict):
    """Something rests on it; `reasons` in its facts lists what."""


class NotConfirmed(Invalid):
    """Whoever deletes a dataset types its name."""


class Deleting:
    """Does the job "delete-dataset"."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, jobs: Jobs) -> None:
        jobs.register(DELETE, self._work)

    def _work(self, run: JobRun) -> Mapping[str, Any]:
        # First: whoever begins anew after a crash does not see them any longer.
        seen: list[str] = run.step("look", lambda: self._look(run))
        # One step: cancelled between the two, it would leave what nobody can find any more.
        contents: list[str] = run.step("delete", lambda: self._delete(run, seen))
        return {"dataset": run.payload["name"], "contents": len(contents)}

    def _delete(self, run: JobRun, seen: list[str]) -> list[str]:
        hidden = self._database.write(lambda connection: self._hide(connection, run))
        contents = sorted({*seen, *hidden})
        clear(self._database, contents)
        return contents

    def _look(self, run: JobRun) -> list[str]:
        with self._database.read() as connection:
            return sorted({one.content_hash for one in datasets.versions(connection, str(run.payload["dataset"]))})

    def _hide(self, connection: Connection, run: JobRun) -> list[str]:
        try:
            found = datasets.find_dataset(connection, str(run.payload["dataset"]))
        except NoDataset:
            return []
        must_be_free(connection, found)
        feedback_rows.forget_dataset(connection, found.id, _versions(connection, found))
        return hide(connection, found)


def archive(connection: Connection, found: Dataset, actor: Actor) -> None:
    """Out of the lists, and nothing new goes in; everything that rests on it stays. Raises DatasetInUse while reviews feed it."""
    actor.must_be("operator")
    fed = _fed_by(connection, found)
    if fed:
        raise DatasetInUse(f"'{found.name}' cannot be archived: {'; '.join(fed)}", reasons=fed)
    set_archived(connection, found, clock.now())


def restore(connection: Connection, found: Dataset, actor: Actor) -> None:
    actor.must_be("operator")
    set_archived(connection, found, None)


def ask_to_delete(connection: Connection, jobs: Jobs, found: Dataset, confirm: str, actor: Actor) -> str:
    """The id of the job that does it. Raises NotConfirmed or DatasetInUse."""
    actor.must_be("operator")
    if confirm != found.name:
        raise NotConfirmed(f"type the dataset's name, '{found.name}', to delete it")
    must_be_free(connection, found)
    payload = {"dataset": found.id, "name": found.name}
    return jobs.enqueue(
        connection, DELETE, payload, title=f"Delete the dataset '{found.name}'", about=found.name, created_by=actor.id
    )


def must_be_free(connection: Connection, found: Dataset) -> None:
    reasons = why_kept(connection, found)
    if reasons:
        raise DatasetInUse(
            f"'{found.name}' cannot be deleted: {'; '.join(reasons)}. Archive it to have it out of the way",
            reasons=reasons,
        )


def why_kept(connection: Connection, found: Dataset) -> list[str]:
    """Sentences, one for each kind of thing that rests on it."""
    versions = _versions(connection, found)
    reasons = _fed_by(connection, found)
    for chosen in monitoring.all_training_data(connection):
        if chosen.dataset_version in versions:
            reasons.append(f"it is the training data of '{deployments.get(connection, chosen.deployment).name}'")
    models = [one.title for one in registry.trained_on(connection, versions)]
    if models:
        more = f" and {len(models) - _SHOWN} more" if len(models) > _SHOWN else ""
        reasons.append(f"{', '.join(models[:_SHOWN])}{more} learned from it")
    runs, evaluations = trainings.uses(connection, versions)
    if runs and not models:
        reasons.append(f"{runs} training {'run' if runs == 1 else 'runs'} used it")
    if evaluations:
        reasons.append(f"{evaluations} {'evaluation rests' if evaluations == 1 else 'evaluations rest'} on it")
    return reasons


def _fed_by(connection: Connection, found: Dataset) -> list[str]:
    return [
        f"the reviews of '{deployments.get(connection, one).name}' go into it" for one in feeding(connection, found.id)
    ]


def _versions(connection: Connection, found: Dataset) -> list[str]:
    return [one.id for one in datasets.versions(connection, found.id)]
