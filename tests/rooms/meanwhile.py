"""What comes between the reading of a piece of work and its writing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from relens.infra.database import Database


def meanwhile(monkeypatch: pytest.MonkeyPatch, database: Database, happens: Callable[[], object]) -> None:
    """`happens` once: right before the next writing transaction begins, when what it builds on has been read."""
    write = database.write

    def once(work: Callable[[Connection], object]) -> object:
        monkeypatch.setattr(database, "write", write)
        happens()
        return write(work)

    monkeypatch.setattr(database, "write", once)
