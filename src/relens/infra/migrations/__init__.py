"""Brings a database to the schema of this version: a fresh one is made, an older one upgraded, a newer one refused.

Revisions are files `versions/NNNN_title.py`, run by Alembic; the number is the revision's name. None may rewrite the prediction table.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select, text

from relens.infra.tables import metadata
from relens.kit.errors import Conflict

SCRIPTS = Path(__file__).parent
FIRST = "0001"
_version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


class NewerDatabase(Conflict):
    """The database was written by a later version of Relens; nothing was changed in it."""


class UnknownDatabase(Conflict):
    """The database holds tables that no revision of ours made; nothing was changed in it."""


def known(scripts: Path = SCRIPTS) -> list[str]:
    """The revisions this version has, the oldest first."""
    return sorted(path.name[:4] for path in (scripts / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def bring_up_to_date(engine: Engine, scripts: Path = SCRIPTS) -> str:
    """Returns the revision the database has now. Every room's tables must have been imported. One transaction: all of it or nothing.

    Raises NewerDatabase and UnknownDatabase.
    """
    revisions = known(scripts)
    with engine.begin() as connection:
        _alone(connection)
        present = _present(connection)
        if present is None and not _ours(connection):
            metadata.create_all(connection)
            _stamp(connection, revisions[-1])
        elif present is None:
            _refuse_strangers(connection)
            _stamp(connection, FIRST)
            _upgrade(connection, scripts)
        elif present not in revisions:
            raise NewerDatabase(
                f"this database was written by a newer Relens (its revision is {present}, this version knows {revisions[-1]}): "
                "start that version, or a newer one; nothing was changed",
                revision=present,
            )
        elif present != revisions[-1]:
            _upgrade(connection, scripts)
    return revisions[-1]


def _alone(connection: Connection) -> None:
    """Of several servers that start at once on PostgreSQL, one upgrades and the others wait; SQLite has one server anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(72636577)"))


def _present(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_version.name):
        return None
    found = connection.execute(select(_version.c.version_num)).scalars().all()
    return max(found) if found else None


def _ours(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) & set(metadata.tables)


def _refuse_strangers(connection: Connection) -> None:
    """A database without a revision is taken as ours only when every column of the first one is there."""
    if missing := sorted({"prediction", "deployment", "job", "counter"} - _ours(connection)):
        raise UnknownDatabase(
            f"this database has tables of ours but no revision, and lacks {', '.join(missing)}: "
            "it was not made by Relens, or by an unreleased version; choose another home or database"
        )


def _stamp(connection: Connection, revision: str) -> None:
    _version.create(connection, checkfirst=True)
    connection.execute(_version.delete())
    connection.execute(_version.insert().values(version_num=revision))


def _upgrade(connection: Connection, scripts: Path) -> None:
    # Alembic takes a fifth of a second to import; a database that is up to date does not need it.
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "metadata": metadata})
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    command.upgrade(config, "head")
