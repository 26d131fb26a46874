"""Webhooks of an earlier version become channels, and their addresses are readable nowhere any more."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from relens.alerts import channel_rows, delivery_rows, store
from relens.alerts.address_book import AddressBook
from relens.alerts.channel import Reach
from relens.bootstrap.wire import Relens
from relens.infra.database import Database
from relens.infra.migrations import bring_up_to_date
from relens.infra.secrets import Secrets
from relens.infra.settings import Settings
from tests.migrations import OLDEST, import_every_table, upgraded
from tests.postgresql import fresh_database_url

SECRET = "https://hooks.example.com/services/T0/verysecretpart"
BODY = {
    "specversion": "1.0",
    "id": "d1",
    "data": {"deployment": "conveyor", "sentence": "it is slow", "link": "http://x"},
}
RULE = (
    "INSERT INTO alert_rule (id, deployment, metric, field, operator, value, window_s, min_count, webhook, active, for_s, keep_firing_s, "
    "created_at, created_by, state, state_since, last_held) VALUES "
    "('{id}', 'c', 'latency', 'p95', 'above', 100, 3600, 30, {webhook}, 1, 0, 0, {at}, 'alice', 'firing', 7, 8)"
)
DELIVERY = (
    "INSERT INTO delivery (id, rule, alert, kind, channel, target, body, state, attempts, next_at, error, created_at) VALUES "
    "('{id}', 'r1', NULL, 'firing', 'webhook', '{target}', '{body}', 'waiting', 1, 5, '{target} answered 500', 5)"
)


def written() -> list[str]:
    """What a server of the first revision would have left."""
    body = json.dumps(BODY)
    return [
        RULE.format(id="r1", webhook=f"'{SECRET}'", at=1),
        RULE.format(id="r2", webhook=f"'{SECRET}'", at=2),
        RULE.format(id="r3", webhook="NULL", at=3),
        DELIVERY.format(id="d1", target=SECRET, body=body),
        DELIVERY.format(id="d2", target="https://elsewhere.example.com/gone", body=body),
    ]


@contextmanager
def older(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database of the first revision with these rows in it."""
    if kind == "sqlite":
        with sqlite3.connect(folder / "relens.db") as connection:
            connection.executescript(OLDEST.read_text() + ";\n".join(written()) + ";")
        yield f"sqlite:///{folder / 'relens.db'}"
        return
    with fresh_database_url() as url:
        engine: Engine = create_engine(url)
        with engine.begin() as connection:
            upgraded(connection, to="0001")
            for statement in written():
                connection.exec_driver_sql(statement)
        engine.dispose()
        yield url


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_webhooks_of_an_earlier_version_become_channels(kind: str, tmp_path: Path) -> None:
    import_every_table()
    with older(kind, tmp_path) as url:
        database = Database(url)
        bring_up_to_date(database.engine)
        book = AddressBook(Secrets("a key that only tests have, of some length"), Reach())
        book.seal_all(database)
        with database.read() as connection:
            (channel,) = channel_rows.every(connection)
            rules = store.rules(connection)
            deliveries = {one.id: one for one in delivery_rows.due(connection, 10)}
            standing = store.watches(connection, ["r1"])["r1"][""]
            failed = connection.execute(text("SELECT state, error FROM delivery WHERE id = 'd2'")).one()
        database.close()
    assert book.opened(channel)[1] == {"url": SECRET, "secret": ""}
    assert SECRET not in channel.sealed
    assert (channel.place, channel.name) == ("https://hooks.example.com/…", "https://hooks.example.com")
    assert [rule.channels for rule in rules] == [(channel.id,), (channel.id,), ()]
    assert (standing.state, standing.since, standing.last_held) == ("firing", 7, 8)
    assert list(deliveries) == ["d1"]
    assert deliveries["d1"].body["sentence"] == "it is slow"
    assert deliveries["d1"].error == "the address answered 500"
    assert tuple(failed) == ("failed", "its rule has another address now")


def test_no_byte_of_a_secret_is_left_in_the_file(tmp_path: Path) -> None:
    with older("sqlite", tmp_path):
        pass
    server = Relens(Settings(home=tmp_path))
    server.stop()
    with sqlite3.connect(tmp_path / "relens.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert connection.execute("SELECT count(*) FROM alert_channel").fetchone() == (1,)
    for path in tmp_path.glob("relens.db*"):
        assert b"verysecretpart" not in path.read_bytes(), path.name
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
