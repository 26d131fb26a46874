"""Many images as one durable job: an uploaded zip, or every n-th frame of a video, answered like single ones.

Each picture's client id is made of the job and its number, so that a job that goes on after a crash logs nothing twice. What was answered
is kept in parts of a hundred lines; a part that is there is not worked on again.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments.deployment import Deployment
from relens.inference.errors import BrokenModel
from relens.infra.database import Database
from relens.infra.jobs import JobRun, Jobs, Stopping
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.errors import Invalid, NotFound, TooLarge, Unavailable
from relens.serving.answer import Engine, NotLive
from relens.serving.asked import asked
from relens.serving.pictures import Kind, Picture, pictures
from relens.vision.prediction import Detection

KIND = "predict-many"
PART = 100
_PATIENCE_S = 600.0
_FORGOTTEN_S = 7 * 86_400.0
Line = dict[str, Any]


class UploadGone(NotFound):
    """The uploaded pictures are not on this machine any more."""


class BadBatch(Invalid):
    """A batch that cannot be carried out as it was asked for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`log`: whether the answers become lines of the log. `taken_at`: of every picture, or of a video's beginning (RFC 3339);
    without it each was taken when its turn came, in their order.
    """

    kind: Kind
    stride: int = 1
    log: bool = True
    source: str | None = None
    tags: list[str] = field(default_factory=list)
    taken_at: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.stride <= 1_000_000:
            raise BadBatch("stride is at least 1: every frame, every second one, and so on")
        asked(self.beside(), None)

    def beside(self) -> dict[str, list[str]]:
        """The fields every picture is sent with."""
        given = {"source": self.source, "taken_at": self.taken_at}
        return {"tags": self.tags, **{name: [value] for name, value in given.items() if value}}


class Batches:
    """Takes uploads in and carries out the jobs they become. `loop` is the server's, set before the jobs begin."""

    def __init__(self, database: Database, storage: Storage, settings: Settings, engine: Engine) -> None:
        self._database = database
        self._storage = storage
        self._settings = settings
        self._engine = engine
        self.loop: asyncio.AbstractEventLoop | None = None

    def spool(self, upload: str) -> Path:
        """The folder of one upload, on this machine."""
        return self._settings.home / "work" / "batches" / upload

    def forget(self, upload: str) -> None:
        """Takes an upload away that no job will come for."""
        shutil.rmtree(self.spool(upload), ignore_errors=True)

    def register(self, jobs: Jobs) -> None:
        """Also clears away uploads that no job came for, days ago."""
        jobs.register(KIND, self.carry_out, "many", lambda job: self.forget(str(job.payload["upload"])))
        for folder in self.spool("x").parent.glob("*"):
            if time.time() - folder.stat().st_mtime > _FORGOTTEN_S:
                shutil.rmtree(folder, ignore_errors=True)

    def enqueue(self, jobs: Jobs, upload: str, deployment: Deployment, wish: Wish, actor: Actor) -> str:
        """The id of the job that answers `spool(upload)/upload`."""
        payload = {**asdict(wish), "upload": upload, "deployment": deployment.id}
        title = f"Predict a {wish.kind} with '{deployment.name}'"

        def write(connection: Connection) -> str:
            return jobs.enqueue(connection, KIND, payload, title=title, about=deployment.id, created_by=actor.id)

        return self._database.write(write)

    def results(self, job_id: str) -> Iterator[bytes]:
        """The lines that are there, in the order of the pictures; also while the job runs."""
        for key in sorted(self._storage.keys(f"batches/{job_id}/")):
            yield self._storage.get(key)

    def carry_out(self, run: JobRun) -> Mapping[str, Any]:
        """The job: answers how many were answered, and how many could not be."""
        folder = self.spool(str(run.payload["upload"]))
        try:
            if not (folder / "upload").is_file():
                raise UploadGone("the uploaded pictures are not here any more: send them again")
            counts = self._all(run, folder / "upload")
        except Stopping:
            raise
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
        return {**counts, "results": f"/api/v1/batches/{run.id}/results"}

    def _all(self, run: JobRun, path: Path) -> dict[str, int]:
        names = Wish.__dataclass_fields__
        wish = Wish(**{name: value for name, value in run.payload.items() if name in names})
        done, problems = self._done(run.id)
        total, found = pictures(path, wish.kind, wish.stride, done, self._settings.max_image_bytes)
        answers = _shown(run, self._answers(run, wish, found), done, total, problems)
        while lines := list(islice(answers, PART)):
            written = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            self._storage.put(f"batches/{run.id}/{done // PART:08d}.jsonl", written.encode())
            done += len(lines)
            problems += sum("problem" in line for line in lines)
        if not done:
            raise BadBatch("there is no picture in it")
        return {"images": done, "answered": done - problems, "problems": problems}

    def _done(self, job_id: str) -> tuple[int, int]:
        """How many pictures have their lines in whole parts, and how many of those could not be answered."""
        lines = [json.loads(line) for part in self.results(job_id) for line in part.splitlines()]
        whole = lines[: len(lines) // PART * PART]
        return len(whole), sum("problem" in line for line in whole)

    def _answers(self, run: JobRun, wish: Wish, found: Iterator[Picture]) -> Iterator[Line]:
        """A line for each picture, in order; a few are under way at once, and one core's worth is left to other requests."""
        assert self.loop is not None
        under_way: deque[Future[Line]] = deque()
        at = 0
        try:
            for picture in found:
                run.check()
                # Of two that are under way at once the second may be answered first.
                at = max(at + 1, clock.now())
                under_way.append(asyncio.run_coroutine_threadsafe(self._one(run, wish, picture, at), self.loop))
                if len(under_way) > max(1, self._settings.threads - 1):
                    yield _waited(run, under_way.popleft())
            while under_way:
                yield _waited(run, under_way.popleft())
        finally:
            for future in under_way:
                future.cancel()

    async def _one(self, run: JobRun, wish: Wish, picture: Picture, at: Micros) -> Line:
        about: Line = {"number": picture.number, "name": picture.name}
        if picture.at_s is not None:
            about["at_s"] = round(picture.at_s, 3)
        if picture.data is None:
            return {**about, "problem": picture.problem}
        give_up = clock.stopwatch() + _PATIENCE_S
        while True:
            try:
                return {**about, **await self._said(run, wish, picture, picture.data, at)}
            except (Invalid, TooLarge, BrokenModel) as error:
                return {**about, "problem": str(error)}
            except NotLive:
                raise
            except Unavailable as error:
                if clock.stopwatch() > give_up:
                    raise
                await asyncio.sleep(error.retry_after_s)

    async def _said(self, run: JobRun, wish: Wish, picture: Picture, data: bytes, at: Micros) -> Line:
        deployment = str(run.payload["deployment"])
        if not wish.log:
            live, said = await self._engine.try_out(deployment, data)
            line: Line = {"asset": said.asset, "width": said.width, "height": said.height, "threshold": live.threshold}
            return {**line, "model_version": said.model_version, "detections": _written(said.detections)}
        fields = {
            **wish.beside(),
            "client_id": [f"{run.id}/{picture.number}"],
            "metadata": [json.dumps({"batch": run.id, "name": picture.name})],
        }
        if not wish.taken_at:
            fields["taken_at"] = [clock.to_text(at)]
        elif picture.at_s is not None:
            start = clock.from_text(wish.taken_at)
            fields["taken_at"] = [clock.to_text(start + round(picture.at_s * clock.SECOND))]
        logged, _ = await self._engine.answer(deployment, data, asked(fields, None))
        line = {"id": logged.id, "asset": logged.asset, "width": logged.width, "height": logged.height}
        line |= {"threshold": logged.threshold, "model_version": logged.model_version}
        return {**line, "detections": _written(logged.answered)}


def _shown(run: JobRun, answers: Iterable[Line], done: int, total: int | None, problems: int) -> Iterator[Line]:
    """The same lines. With each it is shown how far the job is: a hundred of a slow model take minutes."""
    run.progress(done, total, _left_out(problems))
    for line in answers:
        done += 1
        problems += "problem" in line
        run.progress(done, total, _left_out(problems))
        yield line


def _left_out(problems: int) -> str:
    return f"{problems} could not be answered" if problems else ""


def _waited(run: JobRun, future: Future[Line]) -> Line:
    """The line, when it is there; a job that should end does not wait for it."""
    while True:
        try:
            return future.result(timeout=0.5)
        except NotYet:
            if future.done():
                raise
            run.check()


def _written(detections: tuple[Detection, ...]) -> list[dict[str, object]]:
    return [detection.to_json() for detection in detections]
