"""The workers: threads that do what waits, and do what may wait longer (shadows) only when nothing else does.

Nobody waits for a batch to fill: a free worker takes what is there.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from typing import Generic

from relens.kit import clock
from relens.serving.waiting import Job, Waiting

logger = logging.getLogger("relens.serving")

MOST_WAITING = 128
MOST_BYTES = 256 << 20
MOST_BEHIND = 32
# A shadow beside a champion that is always busy would otherwise never be seen to answer at all.
FLOOR = 0.05


class Floor:
    """What is owed to the second row: a share of the time the first row worked while the second one waited.

    It must have saved up what its last turn took before it gets another one.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._owed = 0.0
        self._last = 0.0

    def earn(self, seconds: float) -> None:
        self._owed = min(self._owed + self._share * seconds, 2 * max(self._last, 1.0))

    def spend(self, seconds: float) -> None:
        self._owed -= seconds
        self._last = seconds

    @property
    def owes(self) -> bool:
        return self._owed > 0.0 and self._owed >= self._last


class Crew(Generic[Job]):
    """`do` gets one or several jobs of one version, at most `most(version)`; it settles them and raises nothing."""

    def __init__(
        self,
        workers: int,
        do: Callable[[list[Job]], None],
        most: Callable[[str], int],
        most_waiting: int = MOST_WAITING,
        floor: float = FLOOR,
    ) -> None:
        self._do = do
        self._most = most
        self._workers = workers
        self._front: Waiting[Job] = Waiting(most_waiting, MOST_BYTES)
        self._behind: Waiting[Job] = Waiting(MOST_BEHIND, MOST_BYTES // 4)
        self._floor = Floor(floor)
        self._behind_now = 0
        self._seconds_each = 0.05
        self._stopping = False
        self._ready = threading.Condition()
        self._threads = [threading.Thread(target=self._run, name=f"predict-{n}", daemon=True) for n in range(workers)]
        for thread in self._threads:
            thread.start()

    def offer(self, job: Job) -> bool:
        """False when too much of its deployment waits already."""
        return self._put(self._front, job)

    def offer_behind(self, job: Job) -> bool:
        """The same in the second row, which nobody waits for."""
        return self._put(self._behind, job)

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

    def stop(self) -> list[Job]:
        """Finishes the first row; answers with what nobody will look at any more."""
        with self._ready:
            self._stopping = True
            left = list(self._behind.drain())
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()
        return left

    def _put(self, row: Waiting[Job], job: Job) -> bool:
        with self._ready:
            if self._stopping or not row.put(job):
                return False
            self._ready.notify()
            return True

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            jobs, behind, hurry = taken
            started = clock.stopwatch()
            try:
                self._do(jobs)
            except Exception:
                logger.exception("%d images were not worked on", len(jobs))
            with self._ready:
                self._account(len(jobs), clock.stopwatch() - started, behind, hurry)

    def _account(self, jobs: int, seconds: float, behind: bool, hurry: bool) -> None:
        self._seconds_each = 0.9 * self._seconds_each + 0.1 * seconds / jobs
        if behind:
            self._behind_now -= 1
            if hurry:
                self._floor.spend(seconds)
        elif len(self._behind):
            self._floor.earn(seconds)

    def _next(self) -> tuple[list[Job], bool, bool] | None:
        """The next jobs, whether they come from the second row, and whether the first row waits for them. None: stop."""
        with self._ready:
            while True:
                hurry = len(self._front) > 0
                if len(self._behind) and self._may_look_behind(hurry):
                    self._behind_now += 1
                    return self._behind.take(lambda _: 1), True, hurry
                if hurry:
                    return self._front.take(self._fair), False, True
                if self._stopping:
                    return None
                self._ready.wait()

    def _may_look_behind(self, hurry: bool) -> bool:
        """One worker is kept for the first row, where there are several."""
        return self._behind_now < max(1, self._workers - 1) and (not hurry or self._floor.owes)

    def _fair(self, version: str) -> int:
        """No worker takes what the others could begin with at once."""
        return min(self._most(version), math.ceil(len(self._front) / self._workers))
