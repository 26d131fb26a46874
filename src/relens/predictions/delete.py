"""Deletes a deployment that was put away, as a job: every line of its log is erased, one by one as a person would, then the deployment goes.

What stays: that lines were there (tombstones, so that no count of anything else changes), models, datasets and what they learnt from its
reviews. Its name is free again. Cancelled, it is spared with what is left of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Select, func, select

from relens.access.actor import Actor
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, NoDeployment
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs
from relens.infra.jobs.job import Stopping
from relens.predictions.erase import Erasure
from relens.predictions.filing import filed
from relens.predictions.logged import ERASED
from relens.predictions.tables import prediction, signal

KIND = "delete-deployment"
_AT_ONCE = 50


class Deletion:
    """Carries it out; `ask_to_delete` begins it."""

    def __init__(self, database: Database, erasure: Erasure) -> None:
        self._database, self._erasure = database, erasure

    def register(self, jobs: Jobs) -> None:
        jobs.register(KIND, self._work, "many", lambda job: self._spare(str(job.payload["deployment"])))

    def _work(self, run: JobRun) -> Mapping[str, Any]:
        deployment = str(run.payload["deployment"])
        try:
            erased = self._erase_all(run, deployment)
        except Stopping:
            raise
        except Exception:
            # Cancelled or failed: no job is left that could be cancelled to bring it back.
            self._spare(deployment)
            raise
        self._database.write(lambda connection: deployments.delete_row(connection, deployment))
        return {"erased": erased}

    def _erase_all(self, run: JobRun, deployment: str) -> int:
        after, done = -1, 0
        with self._database.read() as connection:
            total = _count(connection, deployment)
        while True:
            with self._database.read() as connection:
                lines = _lines(connection, deployment, after)
            if not lines:
                return done
            for log_seq, line in lines:
                run.check()
                run.progress(done, total, "its log is erased")
                self._erasure.erase(line)
                after, done = log_seq, done + 1

    def _spare(self, deployment: str) -> None:
        def work(connection: Connection) -> None:
            try:
                change.spare(connection, deployments.get(connection, deployment))
            except NoDeployment:
                return

        self._database.write(work)


def ask_to_delete(connection: Connection, jobs: Jobs, deployment: Deployment, typed: str, actor: Actor) -> str:
    """Enqueues it in the caller's transaction and answers the job's id. Raises NotAllowed, NotArchived, BadDeployment, BeingDeleted."""
    actor.must_be("owner")
    change.begin_to_delete(connection, deployment, typed)
    payload = {"deployment": deployment.id}
    title = f"Delete {deployment.name} for good"
    return jobs.enqueue(connection, KIND, payload, title=title, about=deployment.id, created_by=actor.id)


def _count(connection: Connection, deployment: str) -> int:
    query = select(func.count()).select_from(signal).where(signal.c.deployment == deployment, signal.c.role != "shadow")
    return int(connection.execute(query).scalar_one())


def _lines(connection: Connection, deployment: str, after: int) -> list[tuple[int, str]]:
    """The next of those that say something; what a shadow said is erased with the answer it stood beside.

    Lines that wait to be filed come last, by their places: no index names the deployment of those. They are looked up first, so that one
    filed between two looks is seen by the second.
    """
    waiting = select(prediction.c.log_seq, prediction.c.id).where(prediction.c.log_seq > filed(connection))
    waiting = waiting.where(prediction.c.deployment == deployment, prediction.c.role != "shadow")
    found = _saying_something(connection, waiting)
    done = select(prediction.c.log_seq, prediction.c.id).join(signal, prediction.c.log_seq == signal.c.log_seq)
    done = done.where(signal.c.deployment == deployment, signal.c.log_seq > after, signal.c.role != "shadow")
    return _saying_something(connection, done) or found


def _saying_something(connection: Connection, query: Select[Any]) -> list[tuple[int, str]]:
    here = query.where(prediction.c.keep_reason != ERASED).order_by(prediction.c.log_seq).limit(_AT_ONCE)
    return [(row.log_seq, row.id) for row in connection.execute(here)]
