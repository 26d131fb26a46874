"""What happens to an image while the model runs: monitoring looks at it, and its bytes are written, so that neither makes the answer wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple, Protocol

from relens.deployments.deployment import Deployment
from relens.inference import features
from relens.inference.predict import Prepared
from relens.predictions.record import Recorder
from relens.serving.cores import Elsewhere

Glance = Callable[[], features.Look]


class Keeps(Protocol):
    """A job whose image may be worth its place on the disk."""

    @property
    def live(self) -> Deployment: ...
    @property
    def data(self) -> bytes: ...
    @property
    def logs(self) -> bool: ...


class _Done(NamedTuple):
    look: features.Look
    let_go: Callable[[], None] | None


class _Second:
    """One thread beside another."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._elsewhere = Elsewhere(self._thread.submit(threading.get_native_id).result())

    def submit(self, work: Callable[[], _Done]) -> Future[_Done]:
        self._elsewhere.stay_away()
        return self._thread.submit(work)

    def stop(self) -> None:
        self._thread.shutdown(wait=True)


class Meanwhile:
    """A thread beside each that works on images, on another core than it.

    `busy`: whether more images wait than there are workers. Then no core is free for a thread beside the model's, and it is done before the model
    runs, while the image is still in the processor's cache.
    """

    def __init__(self, recorder: Recorder, busy: Callable[[], bool]) -> None:
        self._recorder = recorder
        self._busy = busy
        self._mine = threading.local()
        self._all: list[_Second] = []

    def of(self, jobs: Sequence[Keeps]) -> Beside:
        return Beside(self, jobs)

    def begin(self, job: Keeps, prepared: Prepared) -> Callable[[], _Done]:
        if self._busy():
            done = self._do(job, prepared)
            return lambda: done
        return self._second().submit(lambda: self._do(job, prepared)).result

    def stop(self) -> None:
        for one in self._all:
            one.stop()

    def _second(self) -> _Second:
        """The calling thread's own."""
        found: _Second | None = getattr(self._mine, "second", None)
        if found is None:
            found = self._mine.second = _Second()
            self._all.append(found)
        return found

    def _do(self, job: Keeps, prepared: Prepared) -> _Done:
        let_go = self._recorder.ahead(job.live.id, prepared.asset, job.data) if job.logs else None
        try:
            return _Done(features.look(prepared.image), let_go)
        except BaseException:
            if let_go is not None:
                let_go()
            raise


class Beside:
    """For the jobs of one run; leave the block when their lines are recorded: then nothing holds the bytes but the lines."""

    def __init__(self, meanwhile: Meanwhile, jobs: Sequence[Keeps]) -> None:
        self._meanwhile = meanwhile
        self._jobs = jobs
        self._begun: list[Callable[[], _Done]] = []

    def glance(self, place: int, prepared: Prepared) -> Glance:
        begun = self._meanwhile.begin(self._jobs[place], prepared)
        self._begun.append(begun)
        return lambda: begun().look

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *_: object) -> None:
        for begun in self._begun:
            with suppress(Exception):  # what could not be looked at holds nothing
                let_go = begun().let_go
                if let_go is not None:
                    let_go()
