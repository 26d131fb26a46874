"""A PostgreSQL server for tests: a URL in the environment, else Debian's own started in a temporary folder, else a skip that says so."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

FORBID_SKIPS = os.environ.get("RELENS_TEST_NO_SKIPS") == "1"


def _missing(sentence: str) -> None:
    if FORBID_SKIPS:
        pytest.fail(sentence)
    pytest.skip(sentence)


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@functools.cache
def _server_url() -> str | None:
    """Starts one server for the whole run; it goes when the run ends."""
    if url := os.environ.get("RELENS_TEST_POSTGRESQL"):
        return url
    programs = _programs()
    if programs is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="relens-postgresql-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root; Debian's package brings this user.
        shutil.chown(folder, "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": str(folder)}
    subprocess.run(
        [*as_user, str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres"], check=True, **quiet
    )  # type: ignore[call-overload]
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c max_connections=200"
    control = [*as_user, str(programs / "pg_ctl"), "-D", str(data), "-w"]
    subprocess.run([*control, "-o", options, "start"], check=True, **quiet)  # type: ignore[call-overload]

    def stop() -> None:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, **quiet)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def fresh_database_url() -> Iterator[str]:
    """The URL of an empty database that is dropped afterwards."""
    server = _server_url()
    if server is None:
        _missing(
            "PostgreSQL was not found: set RELENS_TEST_POSTGRESQL to a URL, or install the Debian package 'postgresql'"
        )
        return
    name = f"relens_{uuid4().hex[:12]}"
    control = create_engine(server, isolation_level="AUTOCOMMIT")
    with control.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with control.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        control.dispose()


_EMPTY = """DO $$ DECLARE one text; BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' LOOP EXECUTE 'DELETE FROM ' || one; END LOOP;
    PERFORM setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences WHERE schemaname = 'public';
END $$"""


@contextmanager
def emptied_database_url() -> Iterator[str]:
    """The URL of this process' own database, with its tables as an earlier test left them and no rows: making all of them takes longer than most tests."""
    url = _own_database_url()
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(_EMPTY))
    yield url


@functools.cache
def _own_database_url() -> str:
    lasting = fresh_database_url()
    url = lasting.__enter__()
    atexit.register(lasting.__exit__, None, None, None)  # before the server goes: what is registered last is done first
    return url
