"""Answers one image: predict, log, and only then say it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from relens.assets.asset import Asset
from relens.deployments.deployment import Deployment, Role
from relens.inference.predict import Inferred, predict
from relens.infra.telemetry import ANSWERS, REFUSALS
from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.errors import Conflict, NotFound, Unavailable
from relens.predictions.logged import Entry, Logged, believable
from relens.predictions.record import Recorder
from relens.serving.swap import Swapper
from relens.vision.prediction import Prediction

WAIT_LIVE_S = 20.0


class Busy(Unavailable):
    """More requests wait than this server takes."""


class NotLive(Unavailable):
    """The deployment cannot answer yet, or its version failed to load."""


class AnswersElsewhere(Conflict):
    """The deployment's models run on the user's own machines."""


@dataclass(frozen=True, slots=True)
class Request:
    """What came with the image."""

    client_id: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    taken_at: Micros | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    trace: str | None = None


class Engine:
    """`threads` images are worked on at once, `most_waiting` wait; beyond that requests are told to come back."""

    def __init__(self, swapper: Swapper, recorder: Recorder, threads: int, most_waiting: int = 256) -> None:
        self._swapper = swapper
        self._recorder = recorder
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="predict")
        self._shadows = ThreadPoolExecutor(1, thread_name_prefix="shadow")
        self._inside = 0
        self._shadows_inside = 0
        self._most = most_waiting
        self._lock = threading.Lock()

    async def answer(self, reference: str, data: bytes, request: Request) -> tuple[Logged, bool]:
        """The logged prediction, and whether it is new; when this returns, it survives a crash."""
        deployment = await self._live(reference)
        with self._a_place(deployment):
            work = asyncio.get_running_loop().run_in_executor(
                self._pool, self._predict_and_record, deployment, data, request
            )
            line, fresh = await asyncio.wrap_future(await work)
        ANSWERS.labels(deployment.name, "champion").observe(line.latency_ms / 1e3)
        if fresh and deployment.shadow is not None:
            self._ask_shadow(deployment, deployment.shadow, data, line)
        return line, fresh

    async def try_out(self, reference: str, data: bytes) -> tuple[Deployment, Prediction]:
        """What the champion says; nothing is logged."""
        deployment = await self._live(reference)
        with self._a_place(deployment):
            loop = asyncio.get_running_loop()
            inferred = await loop.run_in_executor(self._pool, self._predict, str(deployment.champion), data)
        return deployment, inferred.prediction.above(deployment.threshold)

    def stop(self) -> None:
        """Finishes what is inside."""
        self._pool.shutdown(wait=True)
        self._shadows.shutdown(wait=True, cancel_futures=True)

    async def _live(self, reference: str) -> Deployment:
        deployment = self._swapper.live(reference)
        if deployment is None:
            deployment = await asyncio.to_thread(self._swapper.wait_live, reference, WAIT_LIVE_S)
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

    def _a_place(self, deployment: Deployment) -> _Place:
        with self._lock:
            if self._inside >= self._most:
                REFUSALS.labels(deployment.name, "busy").inc()
                raise Busy(f"{self._inside} images are waiting already: send it again in a moment", 1.0)
            self._inside += 1
        return _Place(self)

    def _leave(self) -> None:
        with self._lock:
            self._inside -= 1

    def _predict(self, version_id: str, data: bytes) -> Inferred:
        with self._swapper.fleet.use(version_id) as loaded:
            return predict(data, loaded)

    def _predict_and_record(self, deployment: Deployment, data: bytes, request: Request) -> Future[tuple[Logged, bool]]:
        try:
            inferred = self._predict(str(deployment.champion), data)
        except KeyError as error:
            # The version was swapped out between looking it up and using it; the new one is there.
            latest = self._swapper.live(deployment.id)
            if latest is None:
                raise NotFound(f"the deployment '{deployment.name}' was just removed") from error
            deployment, inferred = latest, self._predict(str(latest.champion), data)
        entry = _entry(deployment, "champion", inferred, request)
        return self._recorder.record(entry, _asset(inferred, data), data)

    def _ask_shadow(self, deployment: Deployment, version_id: str, data: bytes, answered: Logged) -> None:
        """The shadow sees the image when it has room; what it misses is counted, and the champion never waits for it."""
        with self._lock:
            if self._shadows_inside >= 32:
                REFUSALS.labels(deployment.name, "shadow dropped").inc()
                return
            self._shadows_inside += 1
        self._shadows.submit(self._shadow, deployment, version_id, data, answered)

    def _shadow(self, deployment: Deployment, version_id: str, data: bytes, answered: Logged) -> None:
        try:
            inferred = self._predict(version_id, data)
            request = Request(
                None, answered.source, answered.tags, answered.taken_at, answered.metadata, answered.trace
            )
            entry = replace(_entry(deployment, "shadow", inferred, request), parent=answered.id)
            self._recorder.record(entry, None, None)
            ANSWERS.labels(deployment.name, "shadow").observe(inferred.prediction.latency_ms / 1e3)
        except Exception:  # noqa: BLE001 - a shadow's failure is counted and must reach nobody
            REFUSALS.labels(deployment.name, "shadow failed").inc()
        finally:
            with self._lock:
                self._shadows_inside -= 1


class _Place:
    """One of the places inside, given back at the end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._engine._leave()


def _asset(inferred: Inferred, data: bytes) -> Asset:
    said = inferred.prediction
    return Asset(said.asset, said.width, said.height, inferred.format, len(data), inferred.fingerprint, clock.now())


def _entry(deployment: Deployment, role: Role, inferred: Inferred, request: Request) -> Entry:
    said, now = inferred.prediction, clock.now()
    return Entry(
        deployment=deployment.id,
        asset=said.asset,
        width=said.width,
        height=said.height,
        model_version=said.model_version,
        role=role,
        detections=said.detections,
        threshold=deployment.threshold,
        latency_ms=said.latency_ms,
        taken_at=believable(now if request.taken_at is None else request.taken_at, now),
        client_id=request.client_id,
        source=request.source,
        tags=request.tags,
        metadata=request.metadata,
        trace=request.trace,
        scalars=inferred.scalars,
        feature=inferred.feature,
    )
