"""Starts runs of the loop: by hand, or by itself when enough images were added; one at a time per deployment."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.alerts import store as alert_store
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, must_be_in_use
from relens.infra.database import Database
from relens.infra.jobs import Job, Jobs
from relens.infra.jobs import store as jobs_store
from relens.kit import clock
from relens.loop import feedback_rows, guard, store
from relens.loop.beside import Shadows
from relens.loop.configure import must_fit, must_train_for
from relens.loop.due import Due, Situation, due, firing
from relens.loop.feedback import Feedback, NoFeedbackLoop, share_of_reviews, tally
from relens.loop.policy import Policies
from relens.loop.promote import loop_actor
from relens.loop.quiet_hours import BadPolicy
from relens.loop.store import LoopRun

RETRAIN = "retrain"


class Follow:
    """Follows the verdicts and the shadows, starts a run when one is due, and takes back a promotion that its guard objects to; `step` is for a follower."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs
        self._feedback = Feedback(database)
        self._shadows = Shadows(database)

    def step(self) -> bool:
        more = self._feedback.step()
        self._shadows.step()
        with self._database.read() as connection:
            used = {one.id for one in deployments.all_of_them(connection)}
            there = {one: chosen for one, chosen in store.everywhere(connection).items() if one in used}
            begin = [one for one, chosen in there.items() if what_is_due(connection, one, chosen).now]
            objected = [one for one, chosen in there.items() if guard.objection(connection, one, chosen) is not None]
        for deployment in begin:
            self._database.write(partial(_start_if_due, jobs=self._jobs, deployment_id=deployment))
        for deployment in objected:
            self._database.write(partial(guard.go_back, deployment_id=deployment))
        return more


def start(connection: Connection, jobs: Jobs, deployment: Deployment, actor: Actor, reason: str) -> str:
    """Enqueues a run in the caller's transaction; while one is under way, that one's job is the answer."""
    must_be_in_use(deployment)
    chosen = store.policies(connection, deployment.id)
    if not chosen.feedback.dataset:
        raise NoFeedbackLoop(
            f"'{deployment.name}' feeds no dataset yet: choose one in its feedback loop settings, then train"
        )
    last = store.last_run(connection, deployment.id)
    if last is not None and _is_open(connection, last):
        return last.job
    must_train_for(deployment, chosen.training.trainer)
    must_fit(connection, deployment, chosen.feedback.dataset)
    number = last.number + 1 if last else 1
    payload = {
        "deployment": deployment.id,
        "trainer": chosen.training.trainer,
        "parameters": dict(chosen.training.parameters),
        "start": chosen.training.start,
        "test_share": share_of_reviews(deployment, chosen.feedback),
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
    seen = what_is_due(connection, deployment_id, store.policies(connection, deployment_id))
    if seen.now and seen.reason is not None:
        start(connection, jobs, deployments.get(connection, deployment_id), loop_actor(connection), seen.reason)


def what_is_due(connection: Connection, deployment: str, chosen: Policies) -> Due:
    """Whether a run should begin by itself now, why, and what holds it back."""
    if chosen.frozen or not (chosen.feedback.active and chosen.training.active):
        return Due(None)
    last = store.last_run(connection, deployment)
    job = jobs_store.get(connection, last.job) if last else None
    if job is not None and job.is_open:
        return Due(None)
    training, now = chosen.training, clock.now()
    alerts = alert_store.alerts(connection, deployment, open_only=True) if training.on_alert else []
    situation = Situation(
        now=now,
        added=tally(connection, deployment, chosen.feedback, _counted_from(last, job)).added,
        began=last.started_at if last else None,
        spent=_spent(connection, deployment, now) if training.minutes_per_day is not None else (),
        alerts=firing([(alert.metric, alert.since) for alert in alerts]),
    )
    seen = due(training, situation)
    return Due(seen.reason, in_vain) if seen.now and (in_vain := _in_vain(connection, deployment, chosen)) else seen


def _in_vain(connection: Connection, deployment: str, chosen: Policies) -> str | None:
    """Why no candidate could pass: another champion may answer by now than when the dataset was chosen."""
    try:
        must_fit(connection, deployments.get(connection, deployment), chosen.feedback.dataset or "")
    except BadPolicy as error:
        return str(error)
    return None


def _spent(connection: Connection, deployment: str, now: clock.Micros) -> list[tuple[clock.Micros, float]]:
    """When each run of the last 24 hours began, and the seconds it took."""
    spent = []
    for job_id, began in store.jobs_since(connection, deployment, now - clock.DAY):
        job = jobs_store.get(connection, job_id)
        if job is not None and job.started_at is not None:
            spent.append((began, ((job.finished_at or now) - job.started_at) / clock.SECOND))
    return spent


def _counted_from(last: LoopRun | None, job: Job | None) -> int:
    """A run that failed or was cancelled before its images entered a version is not begun again until as many new ones came."""
    return last.seq if last is not None and job is not None and job.state != "succeeded" else 0


def _is_open(connection: Connection, run: LoopRun) -> bool:
    job = jobs_store.get(connection, run.job)
    return job is not None and job.is_open
