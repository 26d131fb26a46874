"""Makes the next version of a dataset out of its newest one, as a person asked for: a durable job that publishes once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from relens.access import store as actors
from relens.access.actor import Actor
from relens.datasets import store as datasets
from relens.datasets.item import Item
from relens.datasets.publish import OtherVersionNow, lay_down, manifest, publish_manifest
from relens.datasets.relabel import Relabelling
from relens.datasets.version import DatasetVersion, Origin
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs
from relens.kit.errors import NotFound

CHANGE = "change-dataset"


def _nothing_else(connection: Connection, version: DatasetVersion) -> None:
    return


@dataclass(frozen=True, slots=True)
class Planned:
    """The next version, not published yet. `also`: what happens in the transaction that publishes it."""

    base: DatasetVersion
    labels: Sequence[str]
    items: Sequence[Item]
    origin: Origin
    note: str
    relabelling: Relabelling | None = None
    also: Callable[[Connection, DatasetVersion], None] = _nothing_else


Plan = Callable[[Connection, DatasetVersion, Mapping[str, Any]], Planned]
"""From the newest version and what was wished; raises where that cannot be done."""


def looked_at(newest: DatasetVersion, after: int | None) -> None:
    """Refuses to change another version than the one a person has seen. Raises OtherVersionNow."""
    if after is not None and after != newest.number:
        raise OtherVersionNow(
            f"{newest.title} was published since you looked at version {after}: look at the preview again, then ask once more"
        )


class NextVersions:
    """Asks for next versions and makes them; `plans` by the name of what is wished."""

    def __init__(self, database: Database, plans: Mapping[str, Plan]) -> None:
        self._database, self._plans = database, plans

    def register(self, jobs: Jobs) -> None:
        jobs.register(CHANGE, self._work)

    def ask(
        self,
        connection: Connection,
        jobs: Jobs,
        base: DatasetVersion,
        what: str,
        wish: Mapping[str, Any],
        actor: Actor,
    ) -> str:
        """The id of the job, in the caller's transaction. What cannot be done is refused here and not when nobody looks any more."""
        self._plans[what](connection, base, wish)
        payload = {"what": what, "dataset": base.dataset, "wish": dict(wish), "actor": actor.id}
        title = f"Make {base.dataset_name} v{base.number + 1}"
        return jobs.enqueue(connection, CHANGE, payload, title=title, about=base.dataset_name, created_by=actor.id)

    def _work(self, run: JobRun) -> Mapping[str, Any]:
        return run.step("publish", lambda: self._publish(run))

    def _publish(self, run: JobRun) -> dict[str, Any]:
        payload = run.payload
        while True:
            run.check()
            with self._database.read() as connection:
                newest = datasets.newest(connection, str(payload["dataset"]))
                actor = actors.get(connection, str(payload["actor"]))
                if newest is None or actor is None:
                    raise NotFound("the dataset, or whoever asked for this, is not known any more")
                planned = self._plans[str(payload["what"])](connection, newest, payload["wish"])
            content = manifest(planned.base.task, planned.labels, planned.items)
            run.progress(0, len(content.items), "writing the version")
            lay_down(self._database, content)

            def publish(connection: Connection, planned: Planned = planned, actor: Actor = actor) -> DatasetVersion:
                version = publish_manifest(
                    connection,
                    content,  # noqa: B023 - carried out before the loop goes on
                    dataset=planned.base.dataset_name,
                    parent=planned.base.id,
                    origin=planned.origin,
                    note=planned.note,
                    actor=actor,
                    after=planned.base.number,
                    relabelling=planned.relabelling,
                )
                planned.also(connection, version)
                return version

            try:
                version = self._database.write(publish)
            except OtherVersionNow:
                continue
            return {"dataset_version": version.id, "dataset": version.dataset_name, "number": version.number}
