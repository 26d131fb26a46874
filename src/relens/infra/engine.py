"""Opens the database: one SQLite file, or PostgreSQL."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from relens.infra.statements import on_driver

BEGUN = "relens_begun"
"""The execution option of a connection whose transactions are begun by its owner, past SQLAlchemy (`database.py`)."""


def open_engine(url: str, durability: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=12, max_overflow=12, pool_pre_ping=True, json_serializer=_to_json)
    arguments = {"timeout": 30, "isolation_level": None, "check_same_thread": False}
    # The connection used last first: each remembers pages of its own, and in turns none would remember what is asked for now.
    engine = create_engine(
        url, pool_size=12, max_overflow=28, pool_use_lifo=True, json_serializer=_to_json, connect_args=arguments
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durability == 'power' else 'NORMAL'}",
            "foreign_keys=ON",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    # The driver's own BEGIN comes too late for a consistent read; SQLAlchemy documents these hooks for it.
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(BEGUN, False):
            on_driver(connection, "BEGIN")

    return engine


def _to_json(value: Any) -> str:
    """Letters stay letters, so that a text search finds them; NaN, which is no JSON, is refused."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
