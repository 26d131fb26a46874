"""Numbers about all traffic rest on the random checks and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import HOUR
from relens.monitoring.estimated import estimates
from relens.monitoring.window import Window
from relens.review import queue_rows
from relens.review.checks import checks
from relens.review.queue import Lineup
from relens.review.settle import settle
from relens.vision.annotation import Annotation
from tests.rooms.monitoring_material import START, Site, make_site

DAY = Window(START, START + 24 * HOUR)
WRONG = 0.3


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def reviewed(site: Site, images: int, reviews: int) -> float:
    """Logs images of which WRONG have an answer that is no such thing; reviews the head of the queue. The true precision."""
    lines = site.log(images)
    site.catch_up()
    lineup = Lineup(site.database)
    while lineup.step():
        pass
    rng = np.random.default_rng(3)
    wrong = {line.id for line in lines if rng.random() < WRONG}
    for _ in range(reviews):
        with site.database.read() as connection:
            (one,) = queue_rows.by_chance(connection, site.deployment.id, 1)
        line = next(line for line in lines if line.id == one)
        label = "nut" if one in wrong else "bolt"
        truth = (Annotation(label, line.detections[0].shape),)
        site.database.write(lambda c, one=one, truth=truth: settle(c, one, "corrected", truth, actor=site.alice))
    return 1 - len(wrong) / images


def test_the_truth_of_all_images_lies_in_the_interval(site: Site) -> None:
    truth = reviewed(site, 260, 110)
    with site.database.read() as connection:
        found = estimates(connection, site.deployment, DAY)
    assert found.images == 260
    assert found.reviews == 110
    assert found.needs is None
    by_name = {one.metric: one for one in found.items}
    assert set(by_name) == {"precision", "recall", "f1", "map50", "map50_95"}
    precision = by_name["precision"].estimate
    assert precision.lower is not None
    assert precision.always_lower is not None
    assert precision.always_upper is not None
    assert precision.always_lower <= precision.lower <= precision.value
    assert precision.always_lower <= truth <= precision.always_upper
    assert by_name["precision"].more > 0


def test_with_too_few_reviews_it_says_how_many_are_missing(site: Site) -> None:
    reviewed(site, 40, 6)
    with site.database.read() as connection:
        found = estimates(connection, site.deployment, DAY)
        drawn = checks(connection, site.deployment.id)
    assert found.reviews == len([one for one in drawn if one.verdict]) == 6
    assert "94 more" in (found.needs or "")
    assert all(one.estimate.lower is None for one in found.items)


def test_without_reviews_there_is_nothing_to_say(site: Site) -> None:
    site.log(5)
    site.catch_up()
    with site.database.read() as connection:
        found = estimates(connection, site.deployment, DAY)
    assert found.items == ()
    assert found.needs


def test_skipped_checks_widen_the_interval(site: Site) -> None:
    reviewed(site, 260, 110)
    with site.database.read() as connection:
        before = estimates(connection, site.deployment, DAY)
        some = queue_rows.by_chance(connection, site.deployment.id, 12)
    for one in some:
        site.database.write(lambda c, one=one: settle(c, one, "skipped", (), actor=site.alice))
    with site.database.read() as connection:
        after = estimates(connection, site.deployment, DAY)
    assert after.skipped > 0.05

    def width(found: object) -> float:
        one = next(one for one in found.items if one.metric == "precision").estimate  # type: ignore[attr-defined]
        return float(one.upper - one.lower)

    assert width(after) > width(before) + 0.05
