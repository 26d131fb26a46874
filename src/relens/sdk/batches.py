"""Many images as one job on the server: a folder, a zip or a video's frames, each answered once also after a crash."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from relens.kit.errors import Invalid
from relens.sdk.archive import chunks, zipped
from relens.sdk.deployment import Tags, checked
from relens.sdk.jobs import Jobs, Json, Progress
from relens.sdk.outbox import time_text
from relens.sdk.transport import Transport


class Batches:
    def __init__(self, transport: Transport, jobs: Jobs) -> None:
        self._transport = transport
        self._jobs = jobs

    def predict(
        self,
        deployment: str,
        pictures: str | Path,
        *,
        stride: int = 1,
        log: bool = True,
        source: str | None = None,
        tags: Tags = (),
        taken_at: datetime | str | None = None,
        progress: Progress | None = None,
    ) -> Json:
        """The finished job: `result` counts the images, `answers` reads what was said of each.

        `pictures`: a folder of images, a zip of them, or a video, of which every `stride`-th frame counts. `taken_at`: of all images, or of
        the video's beginning. Raises JobFailed, and Invalid where there is nothing to send.
        """
        job = self.send(deployment, pictures, stride=stride, log=log, source=source, tags=tags, taken_at=taken_at)
        return self._jobs.wait(job, progress=progress)

    def send(
        self,
        deployment: str,
        pictures: str | Path,
        *,
        stride: int = 1,
        log: bool = True,
        source: str | None = None,
        tags: Tags = (),
        taken_at: datetime | str | None = None,
    ) -> Json:
        """The job; does not wait for it. The pictures are on the server when this returns."""
        asked = {
            "stride": stride,
            "log": log,
            "source": source,
            "tags": ",".join(checked(tags)) or None,
            "taken_at": time_text(taken_at),
        }
        with _one_file(Path(pictures)) as file:
            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(file.stat().st_size)}
            path = f"deployments/{quote(deployment)}/batches"
            sent = self._transport.call("POST", path, params=asked, body=lambda: chunks(file), headers=headers)
        return dict(sent)

    def answers(self, job: Json | str) -> Iterator[Json]:
        """What has been answered so far, in the order of the pictures: {number, name, id, detections, …} or {number, name, problem}."""
        job_id = job if isinstance(job, str) else str(job["id"])
        for line in self._transport.lines(f"batches/{job_id}/results"):
            found: Any = json.loads(line)
            yield dict(found)


def _one_file(path: Path) -> AbstractContextManager[Path]:
    if path.is_dir():
        return zipped(path)
    if not path.is_file():
        raise Invalid(f"{path} is not there: give a folder of images, a zip of them, or a video")
    return nullcontext(path)
