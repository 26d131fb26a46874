"""What all tests share: a fresh home folder, a database by the one switch, sockets closed except loopback."""

from __future__ import annotations

import functools
import importlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

import relens
from relens.infra.database import Database
from relens.infra.tables import metadata
from tests.postgresql import emptied_database_url

_connect = socket.socket.connect

# No test measures time: on a busy machine a deadline for one example would fail what is right.
hypothesis.settings.register_profile("relens", deadline=None)
hypothesis.settings.load_profile("relens")


def _loopback_only(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise AssertionError(f"a test tried to reach {address[0]}: tests talk to this machine only")
    return _connect(self, address)


@pytest.fixture(autouse=True)
def _closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)
    for name in [name for name in os.environ if name.startswith("RELENS_") and not name.startswith("RELENS_TEST_")]:
        monkeypatch.delenv(name)


def _import_every_table() -> None:
    source = Path(relens.__file__).parent
    for store in sorted(source.glob("*/**/store.py")):
        importlib.import_module(".".join(("relens", *store.relative_to(source).with_suffix("").parts)))


_made: set[str] = set()


def _create_what_is_new(database: Database) -> None:
    """Tables of modules that no test before this one had imported; to look for each of the others takes longer than many tests."""
    if missing := metadata.tables.keys() - _made:
        database.create_tables()
        _made.update(missing)


@functools.cache
def _file_with_tables(names: frozenset[str]) -> bytes:
    """A SQLite file with all the tables there are in the code now, and no rows."""
    with tempfile.TemporaryDirectory() as folder:
        made = Database(f"sqlite:///{folder}/relens.db")
        made.create_tables()
        made.close()
        return Path(folder, "relens.db").read_bytes()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with every table: each test that uses it runs on SQLite and on PostgreSQL."""
    _import_every_table()
    if request.param == "sqlite":
        (tmp_path / "relens.db").write_bytes(_file_with_tables(frozenset(metadata.tables)))
        opened = Database(f"sqlite:///{tmp_path / 'relens.db'}")
        yield opened
        opened.close()
        return
    with emptied_database_url() as url:
        opened = Database(url)
        _create_what_is_new(opened)
        yield opened
        opened.close()
