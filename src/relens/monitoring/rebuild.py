"""Makes the sums anew from the log: a job that takes them away and waits until the follower has counted everything again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs
from relens.infra.jobs import store as job_rows
from relens.monitoring import store
from relens.monitoring.project import Projection
from relens.predictions import filing
from relens.predictions import store as predictions

KIND = "rebuild-metrics"
_PAUSE_S = 0.05


class Rebuilding:
    """`work` goes on after a crash: a deployment whose sums were taken away is not started over."""

    def __init__(self, database: Database, jobs: Jobs, projection: Projection) -> None:
        self._database = database
        self._jobs = jobs
        self._projection = projection
        jobs.register(KIND, self.work, lane="light")

    def start(self, connection: Connection, actor: Actor, deployment: str | None = None) -> str:
        """The job's id; one that waits for the same deployments already answers with its own. Raises BeingFilled."""
        actor.must_be("operator")
        found = (
            [deployments.get(connection, deployment)]
            if deployment
            else deployments.all_of_them(connection, archived=True)
        )
        about = found[0].id if deployment else None
        waiting = [one for one in job_rows.page(connection, ["queued"], about, None, 200) if one.kind == KIND]
        if same := next((one for one in waiting if one.about == about), None):
            return same.id
        what = found[0].name if deployment else "every deployment"
        return self._jobs.enqueue(
            connection,
            KIND,
            {"deployments": [one.id for one in found]},
            title=f"Count the log again for {what}",
            created_by=actor.id,
            about=about,
        )

    def work(self, run: JobRun) -> Mapping[str, Any]:
        counted = 0
        for deployment_id in run.payload["deployments"]:
            run.step(f"take away {deployment_id}", partial(self._projection.rebuild, deployment_id))
            counted += run.step(f"count {deployment_id}", partial(self._count, run, deployment_id))
        return {"deployments": len(run.payload["deployments"]), "log_positions": counted}

    def _count(self, run: JobRun, deployment_id: str) -> int:
        """Counts along with the follower until the end of the log as it was when this began."""
        with self._database.read() as connection:
            last = filing.filed(connection)
        while True:
            run.check()
            with self._database.read() as connection:
                cursor = store.cursors(connection).get(deployment_id, store.Cursor(0, False))
                if not cursor.clearing and not predictions.since(connection, cursor.log_seq, 1, deployment_id):
                    return last
            if not cursor.clearing and cursor.log_seq >= last:
                return last
            run.progress(0 if cursor.clearing else cursor.log_seq, last, "counting the log again")
            if not self._projection.step():
                threading.Event().wait(_PAUSE_S)
