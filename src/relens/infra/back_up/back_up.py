"""Makes a back-up as a job: rows of one moment, then all bytes that were there at that moment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from relens import __version__
from relens.infra.back_up import made
from relens.infra.back_up.bring import bring, copy
from relens.infra.back_up.made import Made
from relens.infra.back_up.rows import copy_rows
from relens.infra.database import Database
from relens.infra.files_in import files_in
from relens.infra.jobs import JobRun, Jobs
from relens.infra.jobs import store as job_rows
from relens.infra.jobs.job import OPEN, Stopping
from relens.infra.settings import Settings
from relens.infra.storage.folder import Folder
from relens.kit import clock, disk
from relens.kit.errors import StorageFull

KIND, DELETE = "back-up", "delete-back-up"
_REST = ("secret.key", "plugins", "work")
_WITH_ROOM = 1.1


class BackUps:
    """In `place`, one folder each. `work` goes on after a crash where it was: what was deleted since then is still aside."""

    def __init__(self, database: Database, storage: Folder, settings: Settings) -> None:
        self._database = database
        self._storage = storage
        self._settings = settings
        self.place = settings.back_ups

    def register(self, jobs: Jobs) -> None:
        """And lets go what a back-up held that nobody goes on with."""
        jobs.register(KIND, self.work, lane="many")
        jobs.register(DELETE, self._delete, lane="many")
        with self._database.read() as connection:
            if not job_rows.page(connection, OPEN, None, None, 1, KIND):
                self._storage.release()

    def start(self, connection: Connection, jobs: Jobs, created_by: str) -> str:
        """The job's id; of the one under way, if one is."""
        if there := job_rows.page(connection, OPEN, None, None, 1, KIND):
            return there[0].id
        at = clock.now()
        name = made.name_of(at)
        return jobs.enqueue(
            connection, KIND, {"name": name}, title="Back-up of everything", created_by=created_by, key=name
        )

    def delete(self, connection: Connection, jobs: Jobs, name: str, created_by: str) -> str:
        """The job's id. Raises NoSuchBackUp."""
        made.get(self.place, name)
        return jobs.enqueue(
            connection, DELETE, {"name": name}, title=f"Delete the back-up {name}", created_by=created_by
        )

    def work(self, run: JobRun) -> Mapping[str, Any]:
        target = self.place / run.payload["name"]
        # Also when a server was brought back from a dump that was made in the middle of this very job.
        done = made.read(target)
        if done is None:
            try:
                done = self._make(run, target)
            except Stopping:
                raise
            except BaseException:
                shutil.rmtree(target, ignore_errors=True)
                self._storage.release()
                raise
        self._storage.release()
        return done.facts()

    def _make(self, run: JobRun, target: Path) -> Made:
        at = run.step("database", partial(self._rows, run, target))
        counts = run.step("images and models", partial(self._bytes, run, target))
        rest = run.step("settings", partial(self._rest, target))
        rows = sum(one.stat().st_size for one in (target / made.ROWS, target / made.DUMP) if one.exists())
        done = Made(target.name, __version__, at, counts[0] + 1, counts[1] + rows + rest, counts[2] + rows + rest)
        os.sync()
        made.write(target, done)
        return done

    def _rows(self, run: JobRun, target: Path) -> int:
        """From before the rows until after the bytes nothing goes: every row of the copy finds its bytes."""

        def show(done: int, total: int | None) -> None:
            run.check()
            run.progress(done, total, "copying the database")

        try:
            target.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk.refusal(error, str(self.place)) or StorageFull(
                f"no back-up can be written to {self.place}: {error.strerror}"
            ) from error
        self._check_room(target)
        self._storage.hold()
        at = clock.now()
        copy_rows(self._database.engine.url, target, run.id, show)
        return at

    def _check_room(self, target: Path) -> None:
        """The rows are written anew on any disk; of the bytes one knows only while they are brought."""
        url = self._database.engine.url
        needed = Path(url.database or "").stat().st_size if url.get_backend_name() == "sqlite" else 0
        free = shutil.disk_usage(target).free
        if needed * _WITH_ROOM > free:
            raise StorageFull(
                f"the back-up needs {needed / 1e9:.1f} GB for the database alone, and {target.parent} has {free / 1e9:.1f} GB "
                "left: free some space there, or name another folder with RELENS_BACK_UPS"
            )

    def _bytes(self, run: JobRun, target: Path) -> tuple[int, int, int]:
        """Files, their bytes, and how many bytes were written for them."""
        earlier = next((self.place / one.name / "files" for one in made.all_in(self.place)), None)
        total = sum(1 for _ in self._storage.everything())
        files = size = written = 0
        for key, source in self._storage.everything():
            if files % 64 == 0:
                run.check()
                run.progress(files, max(total, files), "bringing images and models")
            to = target / "files" / key
            try:
                written += bring(source, to, earlier / key if earlier else None)
                size += to.stat().st_size
            except FileNotFoundError:
                continue  # it was deleted since one looked, and comes with those that lie aside
            files += 1
        return files, size, written

    def _rest(self, target: Path) -> int:
        """The key that opens what is kept sealed, people's plug-ins, and what unfinished work has written."""
        home, size = self._settings.home, 0
        but = frozenset({home / "work" / "tmp"})
        for name in _REST:
            sources = [home / name] if (home / name).is_file() else files_in(home / name, but)
            for source in sources:
                try:
                    size += copy(source, target / source.relative_to(home))
                except FileNotFoundError:
                    continue  # work that has just ended
        return size

    def _delete(self, run: JobRun) -> None:
        """First it is no back-up any more, then it goes."""
        folder = self.place / run.payload["name"]
        leaving = self.place / f".leaving-{run.payload['name']}"
        if folder.exists():
            folder.replace(leaving)
        run.step("delete", lambda: shutil.rmtree(leaving, ignore_errors=True))
