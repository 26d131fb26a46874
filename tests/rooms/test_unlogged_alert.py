"""Answers that could not be logged are told of, without anybody having made a rule for it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection

from relens.alerts import store
from relens.alerts.evaluate import Evaluation
from relens.alerts.unlogged import add_missing
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.keeping import Keeping
from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit import clock
from relens.kit.clock import DAY, HOUR, SECOND
from relens.predictions.retention.store import UNLOGGED
from relens.predictions.tallied import Tallied
from tests.rooms.meanwhile import meanwhile
from tests.rooms.monitoring_material import make_site


def test_an_answer_that_could_not_be_logged_fires_an_alert_until_the_day_after_is_over(
    database: Database, tmp_path: Path
) -> None:
    site, at = make_site(database, Folder(tmp_path / "home")), [clock.now() // DAY * DAY + HOUR]
    evaluation = Evaluation(database, site.measuring, "http://relens", lambda: at[0])
    evaluation.step()
    with database.read() as connection:
        assert store.rules(connection) == [], "who refuses what cannot be logged needs no such rule"

    def choose(connection: Connection) -> None:
        found = deployments.get(connection, site.deployment.id)
        change.set_keeping(connection, found, Keeping(when_full="answer unlogged"), site.alice)

    database.write(choose)
    for _ in range(2):
        at[0] += 20 * SECOND
        evaluation.step()
    with database.read() as connection:
        (rule,) = store.rules(connection)
        assert store.alerts(connection, None, open_only=False) == []
    tallied = Tallied(database)
    tallied.count(site.deployment.id, UNLOGGED, 3)
    tallied.step()
    at[0] += 20 * SECOND
    evaluation.step()
    with database.read() as connection:
        (alert,) = store.alerts(connection, site.deployment.id, open_only=True)
    assert (alert.rule, alert.value) == (rule.id, 3)
    assert alert.sentence.startswith(
        "number of answers that could not be logged since yesterday of conveyor is 3 images, above 0"
    )
    for days, open_ones in ((1, 1), (1, 0)):
        at[0] += days * DAY
        evaluation.step()
        with database.read() as connection:
            assert len(store.alerts(connection, site.deployment.id, open_only=True)) == open_ones


def test_two_servers_that_look_at_once_make_one_rule(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(database, Folder(tmp_path / "home"))
    keeping = Keeping(when_full="answer unlogged")
    database.write(lambda c: change.set_keeping(c, deployments.get(c, site.deployment.id), keeping, site.alice))
    meanwhile(monkeypatch, database, lambda: add_missing(database, clock.now()))
    add_missing(database, clock.now())
    with database.read() as connection:
        assert len(store.rules(connection)) == 1


def test_what_is_counted_is_there_once_while_it_is_written_down(database: Database) -> None:
    tallied, stop, seen = Tallied(database), threading.Event(), list[int]()

    def write() -> None:
        while not stop.is_set():
            tallied.step()

    writing = threading.Thread(target=write)
    writing.start()
    for number in range(1, 40):
        tallied.count("d", UNLOGGED)
        seen.append(tallied.of("d", UNLOGGED) - number)
    stop.set()
    writing.join()
    assert set(seen) == {0}
