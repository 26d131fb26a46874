"""The images behind a cell of the heatmap or a bar of the confidences are those that were counted there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import HOUR
from relens.monitoring import counted_here
from relens.monitoring.counted_here import Place, search
from relens.monitoring.window import Window
from tests.rooms.monitoring_material import START, Site, make_site

DAY = Window(START, START + 24 * HOUR)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def counted(site: Site, window: Window, place: Place) -> int:
    """How many answers are found there, page after page."""
    answers, cursor = 0, None
    while True:
        with site.database.read() as connection:
            found = search(connection, site.deployment, window, place, 4, cursor)
        answers += sum(len(one.detections) for one in found.found)
        cursor = found.next
        if cursor is None:
            return answers


def test_every_cell_and_bar_leads_to_as_many_answers_as_it_counts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted_here, "_AT_ONCE", 5)
    site.log(17)
    site.log(6, source="line-2", label="nut", hour=2)
    site.catch_up()
    for window in (DAY, replace(DAY, source="line-2"), replace(DAY, label="nut")):
        heatmap = site.measuring.metric(site.deployment, "heatmap", window, "3600").value
        assert heatmap is not None
        cells = {cell: counted(site, window, Place(window.label, cell=cell)) for cell, _ in heatmap["cells"]}
        assert cells == dict(heatmap["cells"])
        confidence = site.measuring.metric(site.deployment, "confidence", window, "3600").value
        assert confidence is not None
        bars = {b: n for b, n in enumerate(confidence["counts"]) if n}
        assert {b: counted(site, window, Place(window.label, bin=b)) for b in bars} == bars


def test_a_search_ends_when_it_has_enough_and_goes_on_where_it_stopped(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted_here, "_AT_ONCE", 3)
    lines = site.log(10)
    seen: Counter[str] = Counter()
    cursor, pages = None, 0
    while cursor is not None or pages == 0:
        with site.database.read() as connection:
            found = search(connection, site.deployment, DAY, Place(), 3, cursor)
        assert found.read == len(found.found) <= 3
        seen.update(one.line.id for one in found.found)
        cursor, pages = found.next, pages + 1
    assert seen == Counter(line.id for line in lines)
    assert pages > 2
