"""Points of charts are days of a place: of the deployment's time zone, or of the one who looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from relens.deployments.free_settings import changed
from relens.deployments.time_zone import time_zone_of
from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.calendar import NoTimeZone, cut, following
from relens.kit.clock import DAY, HOUR, Micros, to_text
from relens.monitoring.window import Window
from relens.predictions import browse
from relens.predictions.browse import Filter
from tests.rooms.monitoring_material import START, Site, make_site

PARIS, NEPAL = "Europe/Paris", "Asia/Kathmandu"
FIRST = START - START % DAY


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def log_an_image_an_hour(site: Site, days: int) -> None:
    first = (FIRST - START) // HOUR
    for hour in range(first, first + 24 * days):
        site.log(1, hour=hour)
    site.catch_up()


def points(site: Site, place: str, *, query: str | None = None) -> dict[Micros, int]:
    window = Window(FIRST + DAY, FIRST + 16 * DAY, zone=place, query=query)
    while True:
        found = site.measuring.metric(site.deployment, "volume", window, "86400")
        if found.progress is None or found.progress.complete:
            return {point["t"]: point["images"] for point in found.series}


@pytest.mark.parametrize("place", [PARIS, NEPAL, "America/New_York"])
def test_a_day_begins_at_midnight_there_and_every_image_stands_in_one(site: Site, place: str) -> None:
    """Half-hour zones are cut at the next full hour of UTC, which is how sums are kept."""
    log_an_image_an_hour(site, 17)
    found = points(site, place)
    assert all(cut(at, DAY, place) == at for at in found)
    whole = list(found.values())[1:-1]
    assert set(whole) == {24}
    utc = points(site, "UTC")
    assert found.keys() & utc.keys() == set()
    assert points(site, place, query="source = line-1").keys() >= found.keys() - {min(found)}


def test_a_point_is_traced_to_the_images_of_that_day(site: Site) -> None:
    log_an_image_an_hour(site, 4)
    window = Window(FIRST + DAY, FIRST + 3 * DAY, zone=PARIS)
    series = site.measuring.metric(site.deployment, "volume", window, "86400").series
    point = series[1]
    assert f"taken_at >= {to_text(point['t'])[:19]}Z" in point["query"]
    with site.database.read() as connection:
        lines, _ = browse.page(connection, site.deployment.id, Filter(query=point["query"]), "taken_at", 50, None)
    assert len(lines) == point["images"] == 24
    assert {cut(line.taken_at, DAY, PARIS) for line in lines} == {point["t"]}
    assert following(point["t"], DAY, PARIS) > lines[-1].taken_at


def test_a_deployment_has_a_time_zone_and_a_wrong_one_is_refused() -> None:
    assert time_zone_of({}) == "UTC"
    assert time_zone_of(changed({}, {"time_zone": PARIS})) == PARIS
    assert time_zone_of(changed({"time_zone": PARIS}, {"time_zone": None})) == "UTC"
    for wrong in ("Mars", 3):
        with pytest.raises(NoTimeZone):
            changed({}, {"time_zone": wrong})
