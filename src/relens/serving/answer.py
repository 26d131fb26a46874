"""Answers one image: predict, log, and only then say it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from fastapi.concurrency import run_in_threadpool

from relens.assets.asset import Asset
from relens.deployments.deployment import Deployment, Role
from relens.inference import features
from relens.inference.predict import Prepared
from relens.infra.telemetry import ANSWERS, REFUSALS
from relens.kit import clock
from relens.kit.errors import Conflict, NotFound, RelensError, Unavailable
from relens.kit.ids import content_id
from relens.predictions.logged import Logged
from relens.predictions.record import Recorder
from relens.predictions.retention.store import SHADOW_BUSY, SHADOW_LEFT, SHADOW_STOPPED
from relens.serving import shadow
from relens.serving.batch import Failure, Outcome, answer_all
from relens.serving.crew import MOST_WAITING, Crew
from relens.serving.fleet import NotHere
from relens.serving.line import Request, answered_line, asset_of, failed_line
from relens.serving.meanwhile import Meanwhile
from relens.serving.once import Once
from relens.serving.roles import chosen
from relens.serving.swap import Swapper
from relens.serving.told import Told
from relens.vision.prediction import Prediction

WAIT_LIVE_S = 20.0
MOST_COMING = 64
_LOOK_AGAIN_S = 0.05
_LARGE = 1 << 18
SOON_S = 0.03
CALM_S = 0.1
"""So long does what brings another version wait, at each of its steps, for a moment in which nobody is being answered."""
Line = tuple[Logged, bool]


class Busy(Unavailable):
    """More images wait for this deployment than it may let wait."""


class NotLive(Unavailable):
    """The deployment cannot answer yet, or its version failed to load."""


class AnswersElsewhere(Conflict):
    """The deployment's models run on the user's own machines."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One image for one version. `settle` gets the job and its outcome on a worker's thread, once.

    `logs`: a line of the log will say what was answered, so that the image can be kept while the model runs.
    """

    live: Deployment
    role: Role
    version: str
    data: bytes
    settle: Callable[[Job, Outcome], None]
    logs: bool = False

    @property
    def deployment(self) -> str:
        return self.live.id

    @property
    def size(self) -> int:
        return len(self.data)


class Engine:
    """`workers` images are worked on at once; `most_waiting` wait per deployment, and beyond that requests are told to come back."""

    def __init__(
        self,
        swapper: Swapper,
        recorder: Recorder,
        workers: int,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._swapper = swapper
        self._recorder = recorder
        self._crew: Crew[Job] = Crew(workers, self._do, swapper.fleet.together, most_waiting)
        swapper.steps_aside(lambda: self._crew.wait_for_calm(CALM_S))
        self._meanwhile = Meanwhile(recorder, lambda: self._crew.more_waits)
        self._once: Once[Line] = Once()
        self._coming = 0
        self._answered_last = ""

    async def answer(self, reference: str, data: bytes, request: Request) -> Line:
        """The logged prediction, and whether it is new; when this returns, it survives a crash."""
        deployment = await self.live(reference)
        if request.client_id is None:
            return await self._answer(deployment, data, request)
        key = deployment.id, request.client_id
        (line, fresh), mine = await self._once.ask(key, data, lambda: self._answer(deployment, data, request))
        return line, fresh and mine

    async def try_out(
        self, reference: str, data: bytes, threshold: float | None = None
    ) -> tuple[Deployment, Prediction]:
        """What the champion says from `threshold` on, or from the deployment's own; nothing is logged."""
        deployment = await self.live(reference)
        told: Told[Outcome] = Told()
        self._offer(Job(deployment, "champion", str(deployment.champion), data, lambda _, outcome: told.say(outcome)))
        outcome = await told.future
        if isinstance(outcome, Failure):
            raise outcome.error
        return deployment, outcome.prediction.above(deployment.threshold if threshold is None else threshold)

    def stop(self) -> None:
        """Finishes what is inside."""
        for job in self._crew.stop():
            shadow.missed(self._recorder, job.live, SHADOW_STOPPED)
        self._recorder.flush()
        with suppress(RelensError):
            self._recorder.tallied.step()
        self._meanwhile.stop()

    async def live(self, reference: str) -> Deployment:
        """The deployment as it answers now; waits a while for one that is being loaded. Raises NoDeployment, NotLive, AnswersElsewhere, Busy."""
        deployment = self._swapper.live(reference) or await self._when_live(reference)
        if deployment is None:
            raise NotLive(
                f"'{reference}' does not answer yet: its version is still being loaded, or failed to; see the deployment's page",
                2.0,
            )
        if deployment.target == "external":
            raise AnswersElsewhere(
                f"'{deployment.name}' answers on your own machines: log its predictions at …/deployments/{deployment.name}/predictions"
            )
        return deployment

    async def _when_live(self, reference: str) -> Deployment | None:
        """Those who wait for a version hold no thread, and no more than MOST_COMING may: the others are told to come back."""
        if self._coming >= MOST_COMING:
            raise Busy(f"too many wait for '{reference}' to be loaded already: send it again in a moment", 2.0)
        self._coming += 1
        try:
            identity = await run_in_threadpool(self._swapper.identity, reference)
            give_up = clock.stopwatch() + WAIT_LIVE_S
            while (found := self._swapper.live(identity)) is None:
                if self._swapper.has_failed(identity) or clock.stopwatch() > give_up:
                    break
                await asyncio.sleep(_LOOK_AGAIN_S)
            return found
        finally:
            self._coming -= 1

    async def _answer(self, deployment: Deployment, data: bytes, request: Request) -> Line:
        by_image = deployment.canary is not None and not request.source and not request.client_id
        key = await self._hash(data) if by_image else request.source or request.client_id or ""
        told: Told[Line] = Told()

        def settle(job: Job, outcome: Outcome) -> None:
            try:
                self._log(job, outcome, request, told)
            except Exception as error:  # noqa: BLE001 - nobody else would tell the one who waits
                told.fail(error)

        self._offer(Job(deployment, *chosen(deployment, key), data, settle, logs=True))
        line, fresh = await told.future
        if fresh and deployment.shadow is not None:
            self._show_shadow(deployment, deployment.shadow, data, line)
        return line, fresh

    async def _hash(self, data: bytes) -> str:
        """Of a large image away from the event loop; a small one takes less than the way there."""
        return content_id(data) if len(data) < _LARGE else await run_in_threadpool(content_id, data)

    def _offer(self, job: Job) -> None:
        if not self._crew.offer(job):
            REFUSALS.labels(job.live.name, "busy").inc()
            seconds = self._crew.come_back_s(job.deployment)
            raise Busy(f"too many images wait for '{job.live.name}' already: send it again in {seconds:.0f} s", seconds)

    def _do(self, jobs: list[Job]) -> None:
        """On a worker's thread: the images of one version, each settled on its own."""
        if jobs[0].version != self._answered_last:
            # It may take its time, and lines of another version should not wait for it.
            self._recorder.flush()
        try:
            self._settle(jobs)
        finally:
            self._answered_last = jobs[0].version
            if not self._crew.more_waits:
                self._recorder.flush()

    def _settle(self, jobs: list[Job]) -> None:
        with self._meanwhile.of(jobs) as beside:
            try:
                with self._swapper.fleet.use(jobs[0].version) as loaded:
                    outcomes = answer_all([job.data for job in jobs], loaded, beside.glance)
            except NotHere:
                for job in jobs:
                    self._do_again(job)
                return
            except Exception as error:  # noqa: BLE001 - whoever waits for these must be told
                outcomes = [Failure(error) for _ in jobs]
            for job, outcome in zip(jobs, outcomes, strict=True):
                job.settle(job, outcome)

    def _do_again(self, job: Job) -> None:
        """The version was swapped out while the image waited; whoever has its role now is there, or else the champion."""
        if job.role == "shadow":
            shadow.missed(self._recorder, job.live, SHADOW_LEFT)
            return
        live = self._swapper.live(job.deployment)
        now: tuple[Role, str | None] = ("champion", None)
        if live is not None:
            now = (job.role, live.version_in(job.role)) if live.version_in(job.role) else ("champion", live.champion)
        role, version = now
        if live is None or version is None or version == job.version:
            job.settle(job, Failure(NotFound(f"the deployment '{job.live.name}' was just removed")))
        else:
            self._do([replace(job, live=live, role=role, version=version)])

    def _log(self, job: Job, outcome: Outcome, request: Request, told: Told[Line]) -> None:
        """The answer becomes a line of the log, and is told when that is durable."""
        if isinstance(outcome, Failure):
            self._log_failure(job, outcome, request, told)
            return
        entry = answered_line(job.live, job.role, outcome, request)
        asset = asset_of(entry.asset, outcome.image, outcome.look, len(job.data))
        ANSWERS.labels(job.live.name, job.role).observe(entry.latency_ms / 1e3)
        alone = not self._crew.more_waits
        logged = self._recorder.record(entry, asset, job.data, self._others_follow(), here=alone)
        logged.add_done_callback(told.by)
        if alone:
            # The event loop has the answer and wants the interpreter, which this thread would keep while it puts its things away.
            clock.give_way()

    def _log_failure(self, job: Job, failure: Failure, request: Request, told: Told[Line]) -> None:
        """An image that is none is refused; a sound one gets a line that says what went wrong. For a canary the champion answers."""
        first = self._first_answer(job.live, request)
        if first is not None:
            told.say((first, False))
            return
        if failure.prepared is None:
            told.fail(failure.error)
            return
        REFUSALS.labels(job.live.name, f"{job.role} failed").inc()
        entry = failed_line(job.live, job.role, job.version, failure.prepared, request, failure.error)
        logged = self._recorder.record(entry, self._asset(failure.prepared, job), job.data)
        if job.role == "canary":
            self._do([replace(job, role="champion", version=str(job.live.champion))])
        else:
            # Whether or not the line could be written, this is the error the request has to hear.
            logged.add_done_callback(lambda _: told.fail(failure.error))

    def _others_follow(self) -> bool:
        """Whether the next line comes so soon that this one may wait for it: on a saturated server, with a quick model."""
        return self._crew.more_waits and self._crew.pace_s <= SOON_S

    def _first_answer(self, deployment: Deployment, request: Request) -> Logged | None:
        """What this client id was answered with earlier."""
        if request.client_id is None:
            return None
        return self._recorder.first(deployment.id, request.client_id)

    def _asset(self, prepared: Prepared, job: Job) -> Asset:
        return asset_of(prepared.asset, prepared.image, features.look(prepared.image), len(job.data))

    def _show_shadow(self, deployment: Deployment, version: str, data: bytes, answered: Logged) -> None:
        """It sees the image when nobody waits, unless too many wait for it already."""

        def settle(job: Job, outcome: Outcome) -> None:
            shadow.log_shadow(self._recorder, job.live, job.version, answered, outcome)

        if not self._crew.offer_behind(Job(deployment, "shadow", version, data, settle)):
            shadow.missed(self._recorder, deployment, SHADOW_BUSY)
