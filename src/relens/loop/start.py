"""Starts runs of the loop: by hand, or by itself when enough images were added; one at a time per deployment."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.jobs import Job, Jobs
from relens.infra.jobs import store as jobs_store
from relens.kit import clock
from relens.loop import feedback_rows, store
from relens.loop.feedback import Feedback, NoFeedbackLoop, tally
from relens.loop.policy import Policies
from relens.loop.promote import loop_actor
from relens.loop.store import LoopRun

RETRAIN = "retrain"


class Follow:
    """Follows the verdicts and starts a run when enough images were added; `step` is for a follower (every 0.25 s)."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs
        self._feedback = Feedback(database)

    def step(self) -> bool:
        more = self._feedback.step()
        with self._database.read() as connection:
            due = [
                deployment
                for deployment, chosen in store.active(connection).items()
                if _is_due(connection, deployment, chosen)
            ]
        for deployment in due:
            self._database.write(partial(_start_if_due, jobs=self._jobs, deployment_id=deployment))
        return more


def start(connection: Connection, jobs: Jobs, deployment: Deployment, actor: Actor, reason: str) -> str:
    """Enqueues a run in the caller's transaction; while one is under way, that one's job is the answer."""
    chosen = store.policies(connection, deployment.id)
    if not chosen.feedback.dataset:
        raise NoFeedbackLoop(
            f"'{deployment.name}' feeds no dataset yet: choose one in its feedback loop settings, then train"
        )
    last = store.last_run(connection, deployment.id)
    if last is not None and _is_open(connection, last):
        return last.job
    number = last.number + 1 if last else 1
    payload = {
        "deployment": deployment.id,
        "trainer": chosen.training.trainer,
        "parameters": dict(chosen.training.parameters),
        "test_share": chosen.feedback.test_share,
        "actor": actor.id,
    }
    title = f"Retrain {deployment.name}"
    key = f"{RETRAIN}/{deployment.id}/{number}"
    job = jobs.enqueue(connection, RETRAIN, payload, title=title, key=key, about=deployment.id, created_by=actor.id)
    seq = feedback_rows.cursor(connection, chosen.feedback.dataset, deployment.id)
    store.add_run(connection, LoopRun(job, deployment.id, number, reason, seq, clock.now()))
    return job


def _start_if_due(connection: Connection, jobs: Jobs, deployment_id: str) -> None:
    """Asked again inside the transaction: another server, or a person, may have been faster."""
    chosen = store.policies(connection, deployment_id)
    if _is_due(connection, deployment_id, chosen):
        deployment = deployments.get(connection, deployment_id)
        start(connection, jobs, deployment, loop_actor(connection), f"{chosen.training.after} images were added")


def _is_due(connection: Connection, deployment: str, chosen: Policies) -> bool:
    if not (chosen.feedback.active and chosen.training.active):
        return False
    last = store.last_run(connection, deployment)
    job = jobs_store.get(connection, last.job) if last else None
    if job is not None and job.is_open:
        return False
    return tally(connection, deployment, chosen.feedback, _counted_from(last, job)).added >= chosen.training.after


def _counted_from(last: LoopRun | None, job: Job | None) -> int:
    """A run that failed or was cancelled before its images entered a version is not begun again until as many new ones came."""
    return last.seq if last is not None and job is not None and job.state != "succeeded" else 0


def _is_open(connection: Connection, run: LoopRun) -> bool:
    job = jobs_store.get(connection, run.job)
    return job is not None and job.is_open
