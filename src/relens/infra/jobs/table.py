"""Jobs on our own table: leased rows, worker threads, remembered steps.

Enqueueing happens inside the caller's transaction, so the event that starts a job and the job are written together or not at all.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from relens.infra.database import Database
from relens.infra.jobs import store
from relens.infra.jobs.job import Cancelled, Job, JobOver, Stopping, Work
from relens.infra.statements import add
from relens.kit import clock
from relens.kit.errors import NotFound, RelensError, StorageFull, Unavailable
from relens.kit.ids import new_id

logger = logging.getLogger("relens.jobs")
Lane = Literal["light", "heavy", "many"]
Result = TypeVar("Result")

LANES: Mapping[Lane, int] = {"light": 2, "heavy": 1, "many": 2}
"""Light: what the loop waits for. Heavy: training. Many: what takes as long as somebody's pictures are many, and nothing else waits for."""
LEASE = 30 * clock.SECOND
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 10.0


class Jobs:
    """`lanes`: how many jobs of each lane run at once on this server. `alone`: no other server shares the database."""

    def __init__(self, database: Database, alone: bool = True, lanes: Mapping[Lane, int] | None = None) -> None:
        self._database = database
        self._alone = alone
        self._lanes: dict[Lane, int] = dict(lanes) if lanes else dict(LANES)
        self._kinds: dict[str, tuple[Work, Lane]] = {}
        self._dropped: dict[str, Callable[[Job], None]] = {}
        self._owner = new_id()
        self._stopping = threading.Event()
        self._wake = {lane: threading.Event() for lane in self._lanes}
        self._asked: set[str] = set()
        self._held: set[str] = set()
        self._threads: list[threading.Thread] = []

    def register(
        self, kind: str, work: Work, lane: Lane = "light", dropped: Callable[[Job], None] | None = None
    ) -> None:
        """`work` does the jobs of `kind` on this server.

        `dropped` gets one that was cancelled while nobody worked on it: before its work began, or before it went on after a stop.
        """
        self._kinds[kind] = (work, lane)
        if dropped is not None:
            self._dropped[kind] = dropped

    def enqueue(
        self,
        connection: Connection,
        kind: str,
        payload: Mapping[str, Any],
        *,
        title: str,
        created_by: str,
        key: str | None = None,
        about: str | None = None,
    ) -> str:
        """Writes a job into the caller's transaction and returns its id; the same `key` again is the same job."""
        if key is not None and (there := store.by_key(connection, key)):
            return there
        job_id = new_id()
        row = {
            "id": job_id,
            "kind": kind,
            "key": key,
            "title": title,
            "about": about,
            "state": "queued",
            "payload": dict(payload),
        }
        add(
            connection,
            store.job,
            {**row, "created_by": created_by, "created_at": clock.now(), "done": 0, "message": "", "cancel_asked": 0},
        )
        if kind in self._kinds:
            self._wake[self._kinds[kind][1]].set()
        return job_id

    def get(self, job_id: str) -> Job:
        with self._database.read() as connection:
            job = store.get(connection, job_id)
        if job is None:
            raise NotFound(f"there is no job {job_id}")
        return job

    def cancel(self, job_id: str) -> Job:
        """Asks it to stop; it ends at its next check."""
        if not self.get(job_id).is_open:
            raise JobOver(f"the job {job_id} has ended: there is nothing to cancel")
        ended = self._database.write(lambda connection: store.ask_to_stop(connection, job_id, clock.now()))
        job = self.get(job_id)
        if ended:
            self._drop(job)
        elif job.is_open:
            self._asked.add(job_id)
        return job

    def _drop(self, job: Job) -> None:
        if job.kind in self._dropped:
            self._dropped[job.kind](job)

    def start(self) -> None:
        """Takes up what an earlier life of this server left, then works until stopped."""
        if self._alone:
            self._database.write(lambda connection: store.release(connection, None))
        for lane, count in self._lanes.items():
            for number in range(count):
                self._threads.append(
                    threading.Thread(target=self._work, args=(lane,), name=f"job-{lane}-{number}", daemon=True)
                )
        self._threads.append(threading.Thread(target=self._keep_leases, name="job-leases", daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Running jobs end at their next check and wait for the next server."""
        self._stopping.set()
        for event in self._wake.values():
            event.set()
        for thread in self._threads:
            thread.join(timeout=20)
        self._database.write(lambda connection: store.release(connection, self._owner))

    def must_stop(self, job_id: str) -> None:
        """Raises Cancelled or Stopping when the job's work should end here."""
        if job_id in self._asked:
            raise Cancelled("cancelled")
        if self._stopping.is_set():
            raise Stopping("the server stops")

    def _work(self, lane: Lane) -> None:
        while not self._stopping.is_set():
            kinds = [kind for kind, (_, its_lane) in self._kinds.items() if its_lane == lane]
            try:
                job = self._take(kinds)
            except Exception:
                logger.exception("no job could be taken; trying again")
                job = None
            if job is None:
                self._wake[lane].wait(0.5)
                self._wake[lane].clear()
            else:
                self._held.add(job.id)
                try:
                    self._carry_out(job)
                except Stopping:
                    return
                except Exception:
                    logger.exception("job %s (%s) could not be carried out; it is taken up again", job.id, job.kind)
                finally:
                    self._held.discard(job.id)

    def _take(self, kinds: list[str]) -> Job | None:
        def waiting(connection: Connection) -> Job | None:
            now = clock.now()
            return store.take(connection, kinds, self._owner, now, now + LEASE, set(self._held))

        with self._database.read(behind=True) as connection:
            if not store.any_open(connection, kinds):
                return None
        return self._database.write(waiting)

    def _carry_out(self, job: Job) -> None:
        run = self.surely(lambda: _Run(self, self._database, job, self._owner))
        begun = False
        try:
            run.check()
            begun = True
            result = self._kinds[job.kind][0](run)
            ended: dict[str, Any] = {"state": "succeeded", "result": dict(result) if result else None, "error": None}
        except Stopping:
            return
        except Cancelled:
            ended = {"state": "cancelled", "error": "cancelled"}
            if not begun:
                self._drop(job)
        except RelensError as error:
            ended = {"state": "failed", "error": str(error), "result": dict(error.facts) or None}
        except Exception as error:
            logger.exception("job %s (%s) failed", job.id, job.kind)
            ended = {"state": "failed", "error": f"{type(error).__name__}: {error}"}
        self._asked.discard(job.id)
        final = {**run.shown(), **ended, "step": None, "owner": None, "finished_at": clock.now()}
        try:
            self._end(job, final)
        except (TypeError, ValueError, SQLAlchemyError) as error:
            logger.exception("the result of job %s (%s) cannot be kept", job.id, job.kind)
            self._end(job, {**final, "state": "failed", "result": None, "error": f"its result cannot be kept: {error}"})

    def _end(self, job: Job, final: Mapping[str, Any]) -> None:
        self.surely(
            lambda: self._database.write(lambda connection: store.change(connection, job.id, self._owner, **final))
        )

    def surely(self, work: Callable[[], Result]) -> Result:
        """What `work` on the database answers, as soon as that can be: a full disk or a lost database makes it wait. Raises Stopping."""
        pause = _FIRST_PAUSE_S
        while True:
            try:
                return work()
            except (StorageFull, Unavailable) as error:
                logger.warning("a job waits for the database: %s", error)
            if self._stopping.wait(pause):
                raise Stopping("the server stops")
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _keep_leases(self) -> None:
        while not self._stopping.wait(2.0):
            try:
                held, until = set(self._held), clock.now() + LEASE
                self._asked |= set(
                    self._database.write(partial(store.renew, owner=self._owner, held=held, lease_until=until))
                )
            except Exception:
                logger.exception("the leases of running jobs could not be renewed; trying again")


class _Run:
    """The JobRun of one job on this server."""

    def __init__(self, jobs: Jobs, database: Database, job: Job, owner: str) -> None:
        self.id = job.id
        self._owner = owner
        self._lost = False
        self.payload = job.payload
        self._jobs = jobs
        self._database = database
        self._shown: dict[str, Any] = {}
        self._last_written = 0.0
        with database.read() as connection:
            self._finished = store.steps(connection, job.id)

    def step(self, name: str, work: Callable[[], Result]) -> Result:
        if name in self._finished:
            return self._finished[name]  # type: ignore[no-any-return]
        self.check()
        self._show(step=name, done=0, total=None, message="")
        self._write()
        result = work()
        finish = partial(store.finish_step, job_id=self.id, by=self._owner, name=name, result=result, now=clock.now())
        self._lost = not self._jobs.surely(lambda: self._database.write(finish))
        self._must_be_ours()
        self._finished[name] = result
        return result

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        self._show(done=done, total=total, message=message)
        if clock.stopwatch() - self._last_written > 0.3:
            self._write()

    def check(self) -> None:
        self._must_be_ours()
        self._jobs.must_stop(self.id)

    def _must_be_ours(self) -> None:
        if self._lost:
            raise Stopping("another server has taken this job up: it goes on there")

    def shown(self) -> dict[str, Any]:
        return dict(self._shown)

    def _show(self, **values: Any) -> None:
        self._shown |= values

    def _write(self) -> None:
        self._last_written = clock.stopwatch()
        shown = self.shown()
        # What is only for people to look at ends no work: where it cannot be written now, the next one may be.
        with suppress(StorageFull, Unavailable):
            self._lost = not self._database.write(lambda c: store.change(c, self.id, self._owner, **shown))
