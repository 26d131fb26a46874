"""Another threshold is judged by the champion's random checks alone, and a day's images are answered again without guessing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import HOUR
from relens.metrics.any_threshold import THRESHOLDS
from relens.monitoring.checked import Checked
from relens.monitoring.simulated import needs, simulated
from relens.monitoring.simulating import Simulating
from relens.monitoring.threshold_routes import get_thresholds
from relens.review import queue_rows
from relens.vision.annotation import Annotation
from tests.rooms.monitoring_material import START, Site, make_site
from tests.rooms.test_estimates import lined_up, reviewed, say

HALF = int(np.abs(THRESHOLDS - 0.5).argmin())
LOW = int(np.abs(THRESHOLDS - 0.05).argmin())
DAY = (START, START + 24 * HOUR)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def head(site: Site, n: int) -> list[str]:
    """The first of the random checks."""
    with site.database.read() as connection:
        return queue_rows.by_chance(connection, site.deployment.id, n)


def test_the_true_precision_lies_in_the_interval_and_the_wrong_answers_below_the_threshold_are_known(
    site: Site,
) -> None:
    truth = reviewed(site, 260, 120)
    with site.database.read() as connection:
        found = simulated(connection, site.deployment, Checked())
    bolts = found.labels["bolt"]
    assert found.reviews == 120
    assert bolts.precision.lower[HALF] <= truth <= bolts.precision.upper[HALF]
    # Every image has a nut at 0.1 that is none: at 0.05 they are answered too.
    assert found.all.precision.value[LOW] < found.all.precision.value[HALF] * 0.6
    assert found.all.best_f1 is not None
    assert 0.1 < THRESHOLDS[found.all.best_f1.best] <= 0.8
    assert np.isnan(bolts.precision.value[-1])  # nothing is said surer than 0.8


def test_the_checks_of_an_earlier_version_say_nothing_of_this_one(site: Site) -> None:
    reviewed(site, 130, 110)
    newer = replace(site.deployment, champion="another")
    with site.database.read() as connection:
        found = simulated(connection, newer, Checked())
    assert found.reviews == 0
    assert "100 more" in (needs(found.all, found.reviews) or "")
    assert found.all.best_f1 is None


def test_a_label_nobody_found_often_gets_no_advice_but_says_what_is_missing(site: Site) -> None:
    site.log(130)
    lined_up(site)
    say(site, "accepted", dict.fromkeys(head(site, 120), ()))
    with site.database.read() as connection:
        found = simulated(connection, site.deployment, Checked())
    assert found.labels["nut"].best_f1 is None
    assert "nobody found any" in (needs(found.labels["nut"], found.reviews) or "")


def test_a_days_images_are_answered_again(site: Site) -> None:
    site.log(40)
    site.log(3, hour=30)
    simulating = Simulating(Checked())
    with site.database.read() as connection:
        day = simulating.day(connection, site.deployment, DAY)
        assert day.counted.count == len(day.ids) == 40
        assert day.detections()[HALF] == pytest.approx(1.0)
        assert day.detections()[LOW] == pytest.approx(2.0)
        assert day.detections("nut")[LOW] == pytest.approx(1.0)
        assert day.silent()[-1] == pytest.approx(1.0)
        assert int((day.moved(0.05, 0.5) > 0).sum()) == 40
        assert not day.moved(0.3, 0.5).any()
        assert len(simulating.moved(connection, site.deployment, day, 0.05, 5)) == 5
        assert simulating.moved(connection, site.deployment, day, 0.4, 5) == []


def test_how_many_checks_were_skipped_is_not_known_before_there_is_one(site: Site) -> None:
    site.log(5)
    site.catch_up()
    said = get_thresholds(site.deployment.id, site.database, Simulating(Checked()), DAY)
    assert (said.reviews, said.skipped) == (0, None)


def test_without_a_window_the_last_day_that_had_images_is_replayed(site: Site) -> None:
    site.log(5)
    site.log(3, hour=30)
    with site.database.read() as connection:
        day = Simulating(Checked()).day(connection, site.deployment, None)
    assert len(day.ids) == 3


def test_a_classifier_below_the_threshold_is_unsure(database: Database, tmp_path: Path) -> None:
    site = make_site(database, Folder(tmp_path / "home"), task="classification")
    site.log(130)
    lined_up(site)
    first = head(site, 120)
    say(site, "accepted", dict.fromkeys(first[:90], ()))
    say(site, "corrected", dict.fromkeys(first[90:], (Annotation("nut"),)))
    with site.database.read() as connection:
        found = simulated(connection, site.deployment, Checked())
        day = Simulating(Checked()).day(connection, site.deployment, DAY)
    assert found.all.precision.value[HALF] == pytest.approx(0.75, abs=0.03)
    assert found.labels["bolt"].recall.value[HALF] == pytest.approx(1.0)
    assert np.isnan(found.all.precision.value[85])
    assert found.all.recall.value[85] == 0.0
    assert day.silent()[HALF] == 0.0
    assert day.silent()[85] == 1.0
