"""A server opens any database an earlier version left, and refuses what it cannot understand before it touches it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect, text

from relens.bootstrap.wire import Relens
from relens.infra import migrations
from relens.infra.database import Database
from relens.infra.migrations import NewerDatabase, UnknownDatabase, bring_up_to_date
from relens.infra.settings import Settings
from relens.infra.tables import metadata
from tests.migrations import OLDEST, difference, import_every_table, upgraded
from tests.postgresql import fresh_database_url

NEXT = '''"""A column more."""
import sqlalchemy as sa
from alembic import op
revision = "{number}"
down_revision = "{down}"
def upgrade() -> None:
    op.add_column("deployment", sa.Column("test_note", sa.String(20)))
{more}
'''


@pytest.fixture
def oldest(tmp_path: Path) -> Engine:
    """The file a first version left, with a deployment in it."""
    path = tmp_path / "oldest.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(OLDEST.read_text())
        connection.execute("INSERT INTO counter VALUES ('log', 7)")
    return create_engine(f"sqlite:///{path}")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    import_every_table()
    with ExitStack() as stack:
        sqlite = f"sqlite:///{tmp_path / 'bare.db'}"
        opened = Database(sqlite if request.param == "sqlite" else stack.enter_context(fresh_database_url()))
        yield opened.engine
        opened.close()


def with_one_more(tmp_path: Path, more: str = "") -> Path:
    """The revisions of a version after this one."""
    scripts = tmp_path / "later"
    shutil.copytree(migrations.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    last = migrations.known()[-1]
    number = f"{int(last) + 1:04d}"
    (scripts / "versions" / f"{number}_more.py").write_text(NEXT.format(number=number, down=last, more=more))
    return scripts


def columns(engine: Engine, table: str) -> set[str]:
    return {column["name"] for column in inspect(engine).get_columns(table)}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_the_revisions_make_exactly_the_tables_of_the_code(kind: str, tmp_path: Path) -> None:
    """A table or column added to the code needs a revision: `python -m tests.migrations "what changes"` writes it."""
    import_every_table()

    def compare(url: str) -> None:
        engine = create_engine(url)
        with engine.begin() as connection:
            upgraded(connection)
            assert difference(connection).upgrade_ops.as_diffs() == []  # type: ignore[union-attr]
        engine.dispose()

    if kind == "sqlite":
        return compare(f"sqlite:///{tmp_path / 'empty.db'}")
    with fresh_database_url() as url:
        return compare(url)


def test_the_file_a_first_version_left_is_upgraded_with_its_rows(oldest: Engine) -> None:
    import_every_table()
    assert bring_up_to_date(oldest) == migrations.known()[-1]
    with oldest.begin() as connection:
        assert connection.execute(text("SELECT value FROM counter WHERE name = 'log'")).scalar_one() == 7
        assert difference(connection).upgrade_ops.as_diffs() == []  # type: ignore[union-attr]


def test_an_older_database_gets_what_a_later_version_adds(oldest: Engine, tmp_path: Path) -> None:
    later = with_one_more(tmp_path)
    bring_up_to_date(oldest, later)
    assert "test_note" in columns(oldest, "deployment")
    assert bring_up_to_date(oldest, later) == migrations.known(later)[-1]


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(bare: Engine, tmp_path: Path) -> None:
    bring_up_to_date(bare)
    broken = with_one_more(tmp_path, "    raise RuntimeError('half way')")
    with pytest.raises(RuntimeError, match="half way"):
        bring_up_to_date(bare, broken)
    assert "test_note" not in columns(bare, "deployment")
    assert bring_up_to_date(bare) == migrations.known()[-1]


def test_a_fresh_database_and_one_made_before_there_were_revisions_are_taken(bare: Engine, oldest: Engine) -> None:
    for engine in (bare, oldest):
        assert bring_up_to_date(engine) == migrations.known()[-1]
        with engine.connect() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        assert found == [migrations.known()[-1]]
        ours = {name for name in metadata.tables if not name.startswith("test_")}
        assert ours <= set(inspect(engine).get_table_names())


def test_a_database_of_a_newer_version_is_refused_untouched(oldest: Engine, tmp_path: Path) -> None:
    later = with_one_more(tmp_path)
    bring_up_to_date(oldest, later)
    with pytest.raises(NewerDatabase, match="written by a newer Relens"):
        bring_up_to_date(oldest)


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    import_every_table()
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE job (id TEXT)"))
    with pytest.raises(UnknownDatabase, match="choose another home"):
        bring_up_to_date(engine)


def test_a_server_upgrades_the_file_in_its_home(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "relens.db") as connection:
        connection.executescript(OLDEST.read_text())
    server = Relens(Settings(home=tmp_path))
    assert bring_up_to_date(server.database.engine) == migrations.known()[-1]
    server.stop()


def test_no_revision_after_the_first_rewrites_the_prediction_table() -> None:
    """On SQLite a batch operation copies the whole table: at ten million predictions that is an outage."""
    for path in sorted((migrations.SCRIPTS / "versions").glob("0*.py"))[1:]:
        written = path.read_text()
        assert "batch_alter_table" not in written, path.name
        assert 'op.alter_column("prediction"' not in written, path.name
        assert 'op.drop_column("prediction"' not in written, path.name
