"""The workers: threads that do what waits, and others, of lower priority, that do what may wait longer (shadows) while nothing else does.

Nobody waits for a batch to fill: a free worker takes what is there. Nor does anybody wait for a shadow: its work begins only when no image waits
and a processor is free, and an image that comes meanwhile finds its worker idle.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from typing import Generic

from relens.kit import clock
from relens.serving.quietly import be_nice
from relens.serving.waiting import Job, Waiting

logger = logging.getLogger("relens.serving")

MOST_WAITING = 128
MOST_BYTES = 256 << 20
MOST_BEHIND = 32


class Crew(Generic[Job]):
    """`do` gets one or several jobs of one version, at most `most(version)`; it settles them and raises nothing."""

    def __init__(
        self,
        workers: int,
        do: Callable[[list[Job]], None],
        most: Callable[[str], int],
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._do = do
        self._most = most
        self._workers = workers
        self._front: Waiting[Job] = Waiting(most_waiting, MOST_BYTES)
        self._behind: Waiting[Job] = Waiting(MOST_BEHIND, MOST_BYTES // 4)
        self._at_work = 0
        self._seconds_each = 0.05
        self._stopping = False
        lock = threading.RLock()
        self._ready, self._idle, self._done = (threading.Condition(lock) for _ in range(3))
        self._threads = [threading.Thread(target=self._run, name=f"predict-{n}", daemon=True) for n in range(workers)]
        self._threads += [
            threading.Thread(target=self._run_behind, name=f"shadow-{n}", daemon=True)
            for n in range(max(1, workers - 1))
        ]
        for thread in self._threads:
            thread.start()

    def offer(self, job: Job) -> bool:
        """False when too much of its deployment waits already."""
        return self._put(self._front, self._ready, job)

    def offer_behind(self, job: Job) -> bool:
        """The same in the second row, which nobody waits for."""
        return self._put(self._behind, self._idle, job)

    @property
    def more_waits(self) -> bool:
        """Whether images of the first row wait for a worker."""
        return len(self._front) > 0

    @property
    def pace_s(self) -> float:
        """Seconds from one image that is done to the next, while all workers work."""
        return self._seconds_each / self._workers

    def come_back_s(self, deployment: str) -> float:
        """In how many seconds the queue of this deployment will have become shorter by half, at the present pace."""
        with self._ready:
            return max(1.0, self._front.of(deployment) / 2 * self._seconds_each / self._workers)

    def wait_for_calm(self, seconds: float) -> None:
        """Until nothing is worked on or waits, at most so long."""
        with self._done:
            self._done.wait_for(lambda: self._stopping or not (self._at_work or len(self._front)), seconds)

    def stop(self) -> list[Job]:
        """Finishes the first row; answers with what nobody will look at any more."""
        with self._ready:
            self._stopping = True
            left = list(self._behind.drain())
            self._ready.notify_all()
            self._idle.notify_all()
            self._done.notify_all()
        for thread in self._threads:
            thread.join()
        return left

    def _put(self, row: Waiting[Job], whose: threading.Condition, job: Job) -> bool:
        with whose:
            if self._stopping or not row.put(job):
                return False
            whose.notify()
            return True

    def _run(self) -> None:
        while jobs := self._next():
            started = clock.stopwatch()
            self._work(jobs)
            self._seconds_each = 0.9 * self._seconds_each + 0.1 * (clock.stopwatch() - started) / len(jobs)

    def _run_behind(self) -> None:
        be_nice()
        while jobs := self._next_behind():
            self._work(jobs)

    def _work(self, jobs: list[Job]) -> None:
        try:
            self._do(jobs)
        except Exception:
            logger.exception("%d images were not worked on", len(jobs))
        with self._ready:
            self._at_work -= 1
            if len(self._behind):
                self._idle.notify()
            if not self._at_work:
                self._done.notify_all()

    def _next(self) -> list[Job]:
        """The next jobs of the first row; none: stop."""
        with self._ready:
            self._ready.wait_for(lambda: len(self._front) > 0 or self._stopping)
            return self._taken(self._front, self._fair)

    def _next_behind(self) -> list[Job]:
        """The next job of the second row; none: stop."""
        with self._idle:
            self._idle.wait_for(lambda: self._nobody_is_kept_waiting() or self._stopping)
            return self._taken(self._behind, lambda _: 1)

    def _taken(self, row: Waiting[Job], most: Callable[[str], int]) -> list[Job]:
        jobs = row.take(most)
        self._at_work += bool(jobs)
        return jobs

    def _nobody_is_kept_waiting(self) -> bool:
        return len(self._behind) > 0 and not len(self._front) and self._at_work < self._workers

    def _fair(self, version: str) -> int:
        """No worker takes what the others could begin with at once."""
        return min(self._most(version), math.ceil(len(self._front) / self._workers))
