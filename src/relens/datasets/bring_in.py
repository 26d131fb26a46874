"""Imports a dataset: an uploaded zip becomes a dataset version, or a report of what is wrong with it.

A durable job in four steps: unpack, check (every image is decoded), keep (bytes), publish. Nothing is kept before
everything was checked. The upload and what the steps leave for one another lie in one folder, which goes when the job ends.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from relens.access import store as access
from relens.access.actor import Actor
from relens.assets.asset import Asset
from relens.assets.keep import keep_together
from relens.assets.store import unpin
from relens.datasets.check import Checked, check
from relens.datasets.dataset import check_name
from relens.datasets.earlier import earlier
from relens.datasets.formats import FORMATS, named_or_seen
from relens.datasets.found import FoundSet, Problem
from relens.datasets.item import SPLITS, BadItem, Split
from relens.datasets.kinds import kinds_of
from relens.datasets.publish import OtherVersionNow, lay_down, manifest, publish_manifest
from relens.datasets.sides import keep_tested
from relens.datasets.unpack import unpack
from relens.datasets.version import DatasetVersion
from relens.infra.database import Database
from relens.infra.jobs import Job, JobRun, Jobs, Stopping
from relens.infra.settings import Settings
from relens.infra.storage import Storage
from relens.kit.errors import Invalid, NotFound
from relens.vision.task import TASKS

KIND = "import-dataset"
REPORTED = 1000
_KEPT_AT_ONCE = 16
_FORGOTTEN_S = 7 * 86_400.0


class BadDataset(Invalid):
    """Something in the upload is wrong, and nothing of it was imported; `report` in its facts lists what."""


class UploadGone(NotFound):
    """The uploaded archive is not on this machine any more."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an upload is to become. `format`: a format's name or auto; `task`: read it as this one (None: as it says itself).

    `production`: the split that images set apart as production become; None leaves them out.
    """

    dataset: str
    format: str = "auto"
    skip_bad: bool = False
    task: str | None = None
    production: Split | None = None

    def __post_init__(self) -> None:
        check_name(self.dataset)
        if self.production not in (None, *SPLITS):
            raise BadItem(f"images of production can become {', '.join(SPLITS)}, not '{self.production}'")
        if self.format != "auto":
            FORMATS.get(self.format)
        if self.task is not None:
            TASKS.get(self.task)


@dataclass(frozen=True, slots=True)
class Importing:
    """Takes uploads in and carries out the jobs they become."""

    database: Database
    storage: Storage
    settings: Settings

    def spool(self, upload: str) -> Path:
        """The folder of one upload, on this machine."""
        return self.settings.home / "work" / "imports" / upload

    def register(self, jobs: Jobs) -> None:
        """Also clears away uploads that no job came for, days ago."""
        jobs.register(
            KIND, self.carry_out, dropped=lambda job: self._forget(job, self.spool(str(job.payload["upload"])))
        )
        for folder in self.spool("x").parent.glob("*"):
            if time.time() - folder.stat().st_mtime > _FORGOTTEN_S:
                shutil.rmtree(folder, ignore_errors=True)

    def enqueue(self, jobs: Jobs, upload: str, wish: Wish, actor: Actor) -> str:
        """The id of the job that imports `spool(upload)/upload.zip`."""
        payload = {**asdict(wish), "upload": upload, "actor": actor.id}
        title = f"Import into {wish.dataset}"

        def write(connection: Connection) -> str:
            return jobs.enqueue(connection, KIND, payload, title=title, about=wish.dataset, created_by=actor.id)

        return self.database.write(write)

    def carry_out(self, run: JobRun) -> Mapping[str, Any]:
        """The job: answers which version it became."""
        folder = self.spool(str(run.payload["upload"]))
        try:
            result = self._steps(run, folder)
        except Stopping:
            raise
        except BaseException:
            self._forget(run, folder)
            raise
        self._forget(run, folder)
        return result

    def _forget(self, run: Job | JobRun, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.database.write(lambda connection: unpin(connection, KIND, run.id))

    def _steps(self, run: JobRun, folder: Path) -> Mapping[str, Any]:
        unpacked = run.step("unpack", lambda: self._unpack(run, folder))
        run.step("check", lambda: self._check(run, folder, [Problem.from_json(one) for one in unpacked]))
        run.step("keep", lambda: self._keep(run, folder))
        return run.step("publish", lambda: self._publish(run, folder))

    def _unpack(self, run: JobRun, folder: Path) -> list[dict[str, object]]:
        if not (folder / "upload.zip").is_file():
            raise UploadGone("the uploaded archive is not here any more: send it again")

        def progress(done: int, total: int) -> None:
            run.check()
            run.progress(done, total, "unpacking")

        return [problem.to_json() for problem in unpack(folder / "upload.zip", folder / "files", progress)]

    def _check(self, run: JobRun, folder: Path, problems: list[Problem]) -> dict[str, int]:
        root = folder / "files"
        found: FoundSet = named_or_seen(str(run.payload["format"]), root).read(root)
        with self.database.read() as connection:
            there = earlier(connection, str(run.payload["dataset"]))
        checked = check(found, run, problems, run.payload.get("task"), there, run.payload.get("production"))
        if checked.problems and not run.payload["skip_bad"]:
            raise _refused(checked)
        if not checked.images:
            raise _refused(checked, " ".join(["no image in it can be imported.", *checked.notes]))
        (folder / "checked.json").write_text(json.dumps(checked.to_json(root)), encoding="utf-8")
        return {"images": len(checked.images), "problems": len(checked.problems)}

    def _keep(self, run: JobRun, folder: Path) -> int:
        written = _read(folder)
        images = written["images"]
        for start in range(0, len(images), _KEPT_AT_ONCE):
            run.check()
            run.progress(start, len(images), "keeping images")
            piece = images[start : start + _KEPT_AT_ONCE]
            some = [(Asset(**one["asset"]), (folder / "files" / one["path"]).read_bytes()) for one in piece]
            # Pinned by this job until the version pins them: images of the log may leave at any moment.
            keep_together(self.database, self.storage, some, owner=(KIND, run.id))
        return len(images)

    def _publish(self, run: JobRun, folder: Path) -> dict[str, Any]:
        written = _read(folder)
        started = time.time_ns() // 1000
        while True:
            try:
                version = self._published(run, written)
                break
            except OtherVersionNow:
                continue
        return {
            "dataset_version": version.id,
            "dataset": version.dataset_name,
            "number": version.number,
            "images": len(written["images"]),
            "skipped": written["skipped"],
            "created": version.created_at >= started,
            "notes": written["notes"],
            **_report([Problem.from_json(one) for one in written["problems"]]),
        }

    def _published(self, run: JobRun, written: dict[str, Any]) -> DatasetVersion:
        """Raises OtherVersionNow when another version was published while this one was written."""
        name = str(run.payload["dataset"])
        with self.database.read() as connection:
            sides = earlier(connection, name).sides
        # Once more: reviews may have made test images since the check.
        items = keep_tested(Checked.items_from_json(written), sides)
        content = manifest(written["task"], written["labels"], items)
        lay_down(self.database, content, [Asset(**image["asset"]) for image in written["images"]])

        def write(connection: Connection) -> DatasetVersion:
            actor = access.get(connection, str(run.payload["actor"]))
            if actor is None:
                raise NotFound("whoever asked for this import is not known any more")
            return publish_manifest(
                connection,
                content,
                dataset=name,
                origin="import",
                note=written["note"],
                actor=actor,
                after=sides.version,
            )

        return self.database.write(write)


def _read(folder: Path) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads((folder / "checked.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UploadGone("the unpacked upload is not here any more: send it again") from error
    return read


def _refused(checked: Checked, reason: str | None = None) -> BadDataset:
    count = len(checked.problems)
    first = checked.problems[0] if checked.problems else None
    where = f" The first: {first.file or 'the archive'}: {first.problem}" if first else ""
    sentence = (
        reason
        or f"nothing was imported: {count} {'thing is' if count == 1 else 'things are'} wrong; skip bad ones to import the rest."
    )
    return BadDataset(
        sentence + where,
        images=len(checked.images),
        skipped=checked.skipped,
        notes=checked.notes,
        **_report(checked.problems),
    )


def _report(problems: list[Problem]) -> dict[str, Any]:
    """All of them by kind, and the first thousand line by line; `problems` counts all."""
    return {
        "problems": len(problems),
        "kinds": [kind.to_json() for kind in kinds_of(problems)],
        "report": [problem.to_json() for problem in problems[:REPORTED]],
    }
