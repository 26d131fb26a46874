"""One review for everything a query finds, as a job that can be undone.

Only what waits is decided: nobody's review is overwritten, and what a person holds at this moment stays theirs. Such a review enters the data like
any other. What it says of the answers (accepted, nothing here) it says without a look, so the image stays among the random checks, comes up in its
turn, and only then speaks for all traffic: whoever accepts by a query what the version is sure of would otherwise raise its precision by not
looking. Unusable and skipped images leave the queue as they always do: the ones are no part of what numbers speak of, the others widen them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from relens.access import store as actors
from relens.access.actor import Actor
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.jobs import Job, JobRun, Jobs
from relens.infra.jobs import store as job_rows
from relens.kit import clock
from relens.kit.errors import Conflict, NotFound, RelensError
from relens.predictions import browse
from relens.predictions.browse import Filter
from relens.predictions.logged import NoPrediction
from relens.review import bulk_rows, queue_rows, store
from relens.review.settle import reopen, settle
from relens.review.verdict import BadVerdict, Status
from relens.vision.task import TASKS

BULK, UNDO = "review-many", "undo-review-many"
SAYING: dict[str, Status] = {
    "accepted": "accepted",
    "nothing here": "corrected",
    "unusable": "unusable",
    "skipped": "skipped",
}
_PAGE, _AT_ONCE = 200, 10
_ORDER = "logged_at"
_NAMED = 20


class NoBulkReview(NotFound):
    """No job of this id decided many images at once."""


class NotUndone(Conflict):
    """It goes on, or was undone already."""


class BulkReview:
    """Carries out and undoes reviews of many images."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, jobs: Jobs) -> None:
        jobs.register(BULK, self._work, "many")
        jobs.register(UNDO, self._undo, "many")

    def _work(self, run: JobRun) -> Mapping[str, Any]:
        asked = run.payload
        wanted = Filter(review="pending", query=str(asked["query"]) or None)
        counts: Counter[str] = Counter()
        problems: list[dict[str, str]] = []
        cursor, page = None, 0
        while True:
            part = run.step(f"page {page}", lambda cursor=cursor: self._page(run, wanted, cursor))  # type: ignore[misc]
            counts.update(part["counts"])
            problems += part["problems"][: _NAMED - len(problems)]
            cursor, page = part["next"], page + 1
            run.progress(sum(counts.values()), max(int(asked["count"]), sum(counts.values())))
            if cursor is None:
                break
        with self._database.read() as connection:
            counts["reviewed"] = bulk_rows.count(connection, run.id)
        return {**dict.fromkeys(("reviewed", "held", "meanwhile", "refused"), 0), **counts, "problems": problems}

    def _page(self, run: JobRun, wanted: Filter, cursor: str | None) -> dict[str, Any]:
        asked = run.payload
        deployment, actor = str(asked["deployment"]), str(asked["actor"])
        with self._database.read() as connection:
            lines, following = browse.page(connection, deployment, wanted, _ORDER, _PAGE, cursor)
            held = set(queue_rows.held(connection, deployment, actor, clock.now()))
        there = [line for line in lines if line.log_seq <= int(asked["until"])]
        counts = Counter(held=sum(line.id in held for line in there))
        problems: list[dict[str, str]] = []
        free = [line.id for line in there if line.id not in held]
        for start in range(0, len(free), _AT_ONCE):
            run.check()
            some = free[start : start + _AT_ONCE]
            done, refused = self._database.write(lambda connection, some=some: _decide(connection, run, some))  # type: ignore[misc]
            counts.update(done)
            problems += refused
        ended = following is None or len(there) < len(lines)
        return {"next": None if ended else following, "counts": dict(counts), "problems": problems[:_NAMED]}

    def _undo(self, run: JobRun) -> Mapping[str, Any]:
        job, after = str(run.payload["job"]), ""
        counts: Counter[str] = Counter(reopened=0, meanwhile=0)
        total = int(run.payload["count"])
        while True:
            run.check()

            def work(connection: Connection, after: str = after) -> tuple[Counter[str], str | None]:
                return _take_back(connection, run, job, after)

            done, following = self._database.write(work)
            counts.update(done)
            run.progress(sum(counts.values()), total)
            if following is None:
                return dict(counts)
            after = following


def _decide(connection: Connection, run: JobRun, predictions: list[str]) -> tuple[Counter[str], list[dict[str, str]]]:
    asked = run.payload
    actor = _actor(connection, str(asked["actor"]))
    counts: Counter[str] = Counter()
    problems: list[dict[str, str]] = []
    # Since the page was read, somebody may have been given one of these, or have reviewed it.
    store.hold_still(connection)
    held = set(queue_rows.held(connection, str(asked["deployment"]), actor.id, clock.now()))
    for one in predictions:
        if one in held:
            counts["held"] += 1
            continue
        now = store.get(connection, one)
        if now is not None and now.status != "pending":
            # Also by this very job, where a crash came between its page and the note that it was done.
            counts["meanwhile"] += not bulk_rows.written_by_any(connection, [now])
            continue
        try:
            settle(connection, one, SAYING[str(asked["status"])], actor=actor, reason=str(asked["reason"]), bulk=run.id)
            counts["reviewed"] += 1
        except NoPrediction:
            counts["meanwhile"] += 1
        except RelensError as error:
            counts["refused"] += 1
            problems.append({"prediction": one, "problem": str(error)})
    return counts, problems


def _take_back(connection: Connection, run: JobRun, job: str, after: str) -> tuple[Counter[str], str | None]:
    actor = _actor(connection, str(run.payload["actor"]))
    store.hold_still(connection)
    rows = bulk_rows.of_job(connection, job, after, _AT_ONCE)
    counts: Counter[str] = Counter()
    for prediction, revision in rows:
        now = store.get(connection, prediction)
        if now is None or now.revision != revision:
            counts["meanwhile"] += 1
            continue
        reopen(connection, prediction, actor=actor, hold=False)
        counts["reopened"] += 1
    return counts, rows[-1][0] if len(rows) == _AT_ONCE else None


def ask(
    connection: Connection, jobs: Jobs, deployment: Deployment, query: str, status: str, reason: str, actor: Actor
) -> str:
    """Enqueues it for everything that waits now and fits; the job's id. Raises BadQuery, BadVerdict."""
    actor.must_be("reviewer")
    check(deployment, status)
    counted = browse.count(connection, deployment.id, Filter(review="pending", query=query or None))
    newest = browse.look(connection, deployment.id, Filter(), f"-{_ORDER}", 1).lines
    payload = {
        "deployment": deployment.id,
        "query": query,
        "status": status,
        "reason": reason,
        "actor": actor.id,
        "count": counted.count,
        "until": newest[0].log_seq if newest else 0,
    }
    title = f"Review in {deployment.name} as {status}: {query[:120] or 'everything that waits'}"
    return jobs.enqueue(connection, BULK, payload, title=title, about=deployment.id, created_by=actor.id)


def check(deployment: Deployment, status: str) -> None:
    """Refuses what cannot be said of many images of this deployment."""
    if status not in SAYING:
        raise BadVerdict(f"many images at once can be {', '.join(SAYING)}, not '{status}'")
    if status == "nothing here" and TASKS.get(deployment.task).whole_image:
        raise BadVerdict("every image has a label here: 'nothing here' can be said where there are shapes")


def ask_undo(connection: Connection, jobs: Jobs, done: Job, actor: Actor) -> str:
    """Enqueues that everything a job decided waits again; what somebody changed since stays. Raises NoBulkReview, NotUndone."""
    actor.must_be("reviewer")
    if done.kind != BULK:
        raise NoBulkReview(f"the job {done.id} reviewed no images")
    if done.is_open:
        raise NotUndone("it still goes on: cancel it first, then undo what it did")
    payload = {"job": done.id, "actor": actor.id, "count": bulk_rows.count(connection, done.id)}
    title = f"Undo: {done.title}"
    key = _undo_key(connection, done)
    return jobs.enqueue(connection, UNDO, payload, title=title, about=done.about, created_by=actor.id, key=key)


def _undo_key(connection: Connection, done: Job) -> str:
    """The same for whoever asks again, until an undo failed or was cancelled: the next one then takes back what is left."""
    key, tries = f"undo {done.id}", 1
    while (there := job_rows.by_key(connection, key)) is not None:
        before = job_rows.get(connection, there)
        if before is None or before.state not in ("failed", "cancelled"):
            break
        tries += 1
        key = f"undo {done.id} {tries}"
    return key


def _actor(connection: Connection, actor_id: str) -> Actor:
    found = actors.get(connection, actor_id)
    if found is None:
        raise NotFound(f"there is no person {actor_id} any more")
    return found
