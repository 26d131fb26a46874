"""Reviewed lines are found by what is true of them, and their matches outlast a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.metrics.kinds import average_precision
from relens.monitoring import match_rows
from relens.monitoring.marking import Marking, forget
from relens.monitoring.measure import Measuring
from relens.predictions import browse
from relens.predictions import store as predictions
from relens.predictions.browse import Filter
from relens.predictions.complete import complete
from relens.predictions.logged import Entry, Logged
from relens.review.settle import reopen, settle
from relens.vision.annotation import Annotation
from tests.rooms.monitoring_material import START, Site, make_site
from tests.rooms.test_monitoring_measure import DAY


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def marked(site: Site) -> Marking:
    marking = Marking(site.database)
    while marking.step():
        pass
    return marking


def found(site: Site, query: str) -> set[str]:
    with site.database.read() as connection:
        lines, _ = browse.page(connection, site.deployment.id, Filter(query=query), "taken_at", 100, None)
    return {line.id for line in lines}


def say(site: Site, line: Logged, *truth: Annotation) -> None:
    site.database.write(lambda c: settle(c, line.id, "corrected", truth, actor=site.alice))


def test_reviewed_lines_are_found_by_truth_mistake_and_what_was_taken_for_what(site: Site) -> None:
    right, confused, invented, _ = site.log(4)
    say(site, right, Annotation("bolt", right.detections[0].shape))
    say(site, confused, Annotation("nut", confused.detections[0].shape))
    say(site, invented)
    marked(site)
    assert found(site, "truth = bolt") == {right.id}
    assert found(site, 'taken_for = "bolt as bolt"') == {right.id}
    assert found(site, "mistake = label and truth = nut") == {confused.id}
    assert found(site, 'taken_for = "nut as bolt"') == {confused.id}
    assert found(site, "mistake = background") == found(site, 'taken_for ~ "nothing as *"') == {invented.id}
    assert found(site, "taken_for is not empty") == {right.id, confused.id, invented.id}
    with site.database.read() as connection:
        texts = [one.text for one in complete(connection, site.deployment.id, "truth = ", 8).suggestions]
        kinds = [one.text for one in complete(connection, site.deployment.id, "mistake = ", 10).suggestions]
    assert texts == ['"bolt"', '"nut"']
    assert "missed" in kinds


def test_what_is_said_otherwise_later_is_found_otherwise(site: Site) -> None:
    (line,) = site.log(1)
    say(site, line)
    marking = marked(site)
    assert found(site, "mistake = background") == {line.id}
    say(site, line, Annotation("bolt", line.detections[0].shape))
    marking.step()
    assert found(site, "mistake is not empty") == set()
    assert found(site, "truth = bolt") == {line.id}
    site.database.write(lambda c: reopen(c, line.id, actor=site.alice))
    marking.step()
    assert found(site, "taken_for is not empty") == set()
    with site.database.read() as connection:
        assert match_rows.several(connection, [line.id]) == {}


def test_what_is_erased_is_found_by_no_mistake(site: Site) -> None:
    (line,) = site.log(1)
    say(site, line)
    marked(site)
    site.database.write(lambda c: forget(c, line))
    assert found(site, "mistake is not empty") == set()


def test_a_shadow_is_marked_by_its_own_mistakes_whenever_it_answers(site: Site) -> None:
    (line,) = site.log(1)
    say(site, line, Annotation("bolt", line.detections[0].shape))
    marking = marked(site)
    silent = Entry(site.deployment.id, line.asset, 640, 480, "other", "shadow", (), 0.5, 3.0, START, parent=line.id)
    shadow = site.database.write(lambda c: predictions.append(c, silent))[0]
    marking.step()
    assert found(site, "role = shadow and mistake = missed") == {shadow.id}
    assert found(site, "mistake = missed") == set()


def test_a_restart_matches_nothing_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = site.log(5)
    for line in lines[:4]:
        say(site, line, Annotation("bolt", line.detections[0].shape))
    marked(site)
    say(site, lines[4])
    before = site.measuring.dashboard(site.deployment, DAY).metrics
    matched: list[object] = []
    real = average_precision.match_image
    monkeypatch.setattr(average_precision, "match_image", lambda *a, **k: matched.append(1) or real(*a, **k))
    again = Measuring(site.database, site.projection, site.fitted).dashboard(site.deployment, DAY).metrics
    assert len(matched) == 1, "only what nobody has kept yet"
    assert {name: replace(m, since=0, until=0) for name, m in again.items()} == {
        name: replace(m, since=0, until=0) for name, m in before.items()
    }
