"""Copies the database as it is at one moment, while others write it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL

from relens.infra.back_up import made
from relens.kit import disk
from relens.kit.errors import Invalid, RelensError

Progress = Callable[[int, int | None], None]
_PAGES = 2000
_LOOK_S = 0.5


class NoDumper(Invalid):
    """PostgreSQL's own program for back-ups is not installed."""


class NotDumped(RelensError):
    """PostgreSQL's own program gave up; the sentence is its own."""


def copy_rows(url: URL, folder: Path, job: str, progress: Progress) -> None:
    """Into `folder`; in the copy of an embedded database `job`, which makes it, has ended. `progress` may raise: then nothing is left."""
    target = folder / (made.ROWS if url.get_backend_name() == "sqlite" else made.DUMP)
    beside = target.with_suffix(".part")
    beside.unlink(missing_ok=True)
    try:
        if target.name == made.ROWS:
            _copy(Path(url.database or ""), beside, progress)
            _end(beside, job)
        else:
            _dump(url, beside, progress)
        beside.replace(target)
    except sqlite3.OperationalError as error:
        raise NotDumped(f"the database could not be copied: {error}") from error
    except OSError as error:
        raise disk.refusal(error, str(folder)) or error from error
    finally:
        beside.unlink(missing_ok=True)


def _copy(source: Path, target: Path, progress: Progress) -> None:
    """In pieces, all of the same moment: while a reader is in a transaction its snapshot stays, and writers go on beside it."""
    with closing(sqlite3.connect(source, isolation_level=None)) as live, closing(sqlite3.connect(target)) as copy:
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        live.backup(copy, pages=_PAGES, progress=lambda _state, left, total: progress(total - left, total))


def _end(copy: Path, job: str) -> None:
    """A server that starts on the copy must not go on making it."""
    with closing(sqlite3.connect(copy)) as rows, rows:
        rows.execute("UPDATE job SET state = 'succeeded', step = NULL, owner = NULL WHERE id = ?", (job,))


def _dump(url: URL, target: Path, progress: Progress) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise NoDumper(
            "a back-up of PostgreSQL needs its program pg_dump on this server: install PostgreSQL's client programs"
        )
    address = url.set(drivername="postgresql", password=None).render_as_string()
    # Not in the command, which every user of the machine can read.
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    command = [program, "--format=custom", f"--file={target}", f"--dbname={address}"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            while True:
                progress(0, None)
                try:
                    _, said = process.communicate(timeout=_LOOK_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise NotDumped(f"pg_dump could not copy the database: {said.strip().splitlines()[-1] if said.strip() else ''}")
