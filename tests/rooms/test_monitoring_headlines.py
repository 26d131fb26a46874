"""Headlines: numbers alone, and the same as the metrics say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import HOUR
from relens.monitoring.headlines import Headlines
from relens.monitoring.window import Window
from tests.rooms.monitoring_material import START, Site, make_site

DAY = Window(START, START + 24 * HOUR)
NAMES = ("volume", "latency", "outlier", "drift", "errors", "average_precision")


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def said(site: Site, window: Window) -> dict[str, dict[str, object]]:
    with site.database.read() as connection:
        return Headlines(site.projection, site.fitted).of(connection, site.deployment, NAMES, window)


def test_what_headlines_say_is_what_the_metrics_say(site: Site) -> None:
    site.reference(state="ready")
    for source in ("line-1", "line-2"):
        site.log(60, source=source, brightness=-0.1)
    site.catch_up()
    told = said(site, DAY)
    assert told["average_precision"] == {}, "it is for what every image says"
    for name in NAMES[:-1]:
        whole = site.measuring.metric(site.deployment, name, DAY, "3600").value or {}
        assert told[name], name
        assert told[name] == {one: whole[one] for one in told[name]}


def test_what_is_not_known_has_no_headline(site: Site) -> None:
    site.log(5)
    site.catch_up()
    assert {name for name, value in said(site, DAY).items() if value} == {"volume", "latency", "errors"}
    assert said(site, replace(DAY, since=START - 48 * HOUR, until=START)) == {name: {} for name in NAMES}
