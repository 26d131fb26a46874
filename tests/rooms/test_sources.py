"""Every camera by itself: a dead one stays in sight, and says since when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import DAY, HOUR, SECOND
from relens.monitoring.cameras import Cameras
from relens.monitoring.window import Window
from relens.overview import sources as sources_module
from relens.overview.sources import Source, Sources
from tests.rooms.monitoring_material import DARKER, START, Site, make_site

WHOLE = Window(START, START + 3 * HOUR)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def of(site: Site, window: Window, now: int) -> dict[str, Source]:
    with site.database.read() as connection:
        found, _ = Sources(Cameras(site.projection, site.fitted)).of(connection, site.deployment, window, now)
    return {one.name: one for one in found}


def test_each_camera_has_its_own_numbers(site: Site) -> None:
    site.reference(state="ready")
    site.log(40, source="bright")
    site.log(60, source="dark", brightness=DARKER, latency_ms=90.0, hour=2)
    site.log(5, source=None)
    site.log(9, source="bright", role="shadow", version="other")
    site.catch_up()
    found = of(site, WHOLE, START + 3 * HOUR)
    assert set(found) == {"bright", "dark"}
    bright, dark = found["bright"].camera, found["dark"].camera
    assert (bright.images, sum(bright.volume)) == (40, 40)
    assert (dark.images, sum(dark.volume[:16]), sum(dark.volume[16:])) == (60, 0, 60)
    assert bright.p95_ms == pytest.approx(12, rel=0.02)
    assert dark.p95_ms == pytest.approx(90, rel=0.02)
    assert dark.confidence == pytest.approx(0.8)
    one = site.measuring.metric(site.deployment, "volume", replace(WHOLE, source="dark"), "3600").value
    assert one is not None
    assert one["images"] == dark.images
    assert (dark.drift or 0) > 0.5 > (bright.drift or 0)
    # A version that was promoted just now has answered nothing: the numbers stay what they were.
    site.reference(version="promoted", state="ready", ready_seq=1000)
    site.deployment = replace(site.deployment, champion="promoted")
    assert of(site, WHOLE, START + 3 * HOUR)["dark"].camera.drift == dark.drift


def test_a_camera_that_died_is_shown_in_a_window_it_sent_nothing_in(site: Site) -> None:
    site.log(30, source="dead")
    site.log(30, source="alive", hour=5)
    site.catch_up()
    now = START + 5 * HOUR + 40 * SECOND
    found = of(site, Window(START + 5 * HOUR, START + 6 * HOUR), now)
    dead = found["dead"]
    assert dead.camera.images == 0
    assert dead.last is not None
    assert dead.silent_since == dead.last.taken_at < START + HOUR
    assert found["alive"].silent_since is None
    assert next(iter(found)) == "dead"  # what needs a look comes first


def test_no_camera_is_cut_off_without_being_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources_module, "MOST", 3)
    for n in range(5):
        site.log(1, source=f"line-{n}")
    site.catch_up()
    with site.database.read() as connection:
        found, more = Sources(Cameras(site.projection, site.fitted)).of(connection, site.deployment, WHOLE, START + DAY)
    assert (len(found), more) == (3, 2)
