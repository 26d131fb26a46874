"""Numbers about all traffic rest on the random checks and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import HOUR
from relens.monitoring import estimating as estimating_module
from relens.monitoring.checked import Checked
from relens.monitoring.estimated import Estimates, estimates
from relens.monitoring.estimating import Estimating
from relens.monitoring.window import Window
from relens.review import queue_rows
from relens.review.checks import checks
from relens.review.lineup import Lineup
from relens.review.settle import settle
from relens.review.verdict import Status
from relens.vision.annotation import Annotation
from tests.rooms.monitoring_material import START, Site, make_site

DAY = Window(START, START + 24 * HOUR)
WRONG = 0.3


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def made(site: Site, **chosen: Any) -> Estimates:
    """The estimates of the day, or of a part of it."""
    with site.database.read() as connection:
        return estimates(connection, site.deployment, replace(DAY, **chosen), Checked())


def by_name(found: Estimates) -> dict[str, Any]:
    return {one.metric: one for one in found.items}


def say(site: Site, status: Status, said: Mapping[str, tuple[Annotation, ...]]) -> None:
    """The same of several predictions."""

    def review(connection: Connection) -> None:
        for one, truth in said.items():
            settle(connection, one, status, truth, actor=site.alice)

    site.database.write(review)


def lined_up(site: Site) -> None:
    site.catch_up()
    lineup = Lineup(site.database)
    while lineup.step():
        pass


def reviewed(site: Site, images: int, reviews: int) -> float:
    """Logs images of which WRONG have an answer that is no such thing; reviews the head of the queue. The true precision."""
    lines = site.log(images)
    lined_up(site)
    rng = np.random.default_rng(3)
    wrong = {line.id for line in lines if rng.random() < WRONG}
    by_id = {line.id: line for line in lines}

    def review(connection: Connection) -> None:
        for _ in range(reviews):
            (one,) = queue_rows.by_chance(connection, site.deployment.id, 1)
            label = "nut" if one in wrong else "bolt"
            truth = (Annotation(label, by_id[one].detections[0].shape),)
            settle(connection, one, "corrected", truth, actor=site.alice)

    site.database.write(review)
    return 1 - len(wrong) / images


def test_the_truth_of_all_images_lies_in_the_interval(site: Site) -> None:
    truth = reviewed(site, 260, 110)
    with site.database.read() as connection:
        found = estimates(connection, site.deployment, DAY, Checked())
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
        found = estimates(connection, site.deployment, DAY, Checked())
        drawn = checks(connection, site.deployment.id)
    assert found.reviews == len([one for one in drawn if one.verdict]) == 6
    assert "94 more" in (found.needs or "")
    assert all(one.estimate.lower is None for one in found.items)


def test_without_reviews_there_is_nothing_to_say(site: Site) -> None:
    site.log(5)
    site.catch_up()
    with site.database.read() as connection:
        found = estimates(connection, site.deployment, DAY, Checked())
    assert found.items == ()
    assert found.needs
    assert found.skipped is None


def test_skipped_checks_are_taken_at_their_worst_and_their_best(site: Site) -> None:
    reviewed(site, 260, 110)
    before = made(site)
    with site.database.read() as connection:
        some = queue_rows.by_chance(connection, site.deployment.id, 12)
    say(site, "skipped", dict.fromkeys(some, ()))
    after = made(site)
    assert after.skipped is not None
    assert after.skipped > 0.05
    with site.database.read() as connection:
        drawn = [one for one in checks(connection, site.deployment.id) if one.verdict]
    weights = {
        status: sum(1 / one.probability for one in drawn if one.status == status) for status in ("corrected", "skipped")
    }
    assert after.skipped == pytest.approx(weights["skipped"] / sum(weights.values()))
    for name in ("precision", "recall", "f1", "map50", "map50_95"):
        old, new = (by_name(one)[name].estimate for one in (before, after))
        assert new.upper - new.lower > old.upper - old.lower + 0.03, name
        assert new.lower <= new.value <= new.upper, name
        assert new.always_lower < new.lower, name


def test_an_unusable_image_is_neither_skipped_nor_judged(site: Site) -> None:
    reviewed(site, 260, 104)
    before = made(site)
    with site.database.read() as connection:
        some = queue_rows.by_chance(connection, site.deployment.id, 12)
    say(site, "unusable", dict.fromkeys(some, ()))
    after = made(site)
    assert after.skipped == 0.0
    assert after.reviews == 116
    assert by_name(after)["precision"].estimate.value == pytest.approx(
        by_name(before)["precision"].estimate.value, abs=0.03
    )


def test_what_lies_on_a_crowd_counts_neither_way(site: Site) -> None:
    """As in the plain report beside it."""
    lines = site.log(30)
    lined_up(site)
    say(
        site,
        "corrected",
        {line.id: (Annotation("bolt", line.detections[0].shape, crowd=n < 10),) for n, line in enumerate(lines)},
    )
    plain = site.measuring.metric(site.deployment, "detection_report", DAY).value
    assert plain is not None
    assert plain["precision"] == 1.0
    assert by_name(made(site))["precision"].estimate.value == pytest.approx(1.0)


def test_traffic_whose_images_are_never_kept_is_said_to_be_out_of_reach(site: Site) -> None:
    site.log(40, keep=("none", 0.0))
    lined_up(site)
    found = made(site)
    assert found.items == ()
    assert found.unseen == 40
    assert "no image of this traffic is kept" in (found.needs or "")


def test_the_numbers_speak_only_for_the_traffic_that_had_a_chance(site: Site) -> None:
    site.log(200, keep=("none", 0.0))
    truth = reviewed(site, 160, 110)
    found = made(site)
    assert (found.unseen, found.images) == (200, 160)
    assert "200 images were not kept" in (found.needs or "")
    precision = by_name(found)["precision"].estimate
    assert precision.always_lower <= truth <= precision.always_upper
    apart = made(site, source="line-2")
    assert (apart.unseen, apart.items) == (0, ())


def test_a_label_a_tag_a_version_a_source_and_a_query_have_estimates_of_their_own(site: Site) -> None:
    reviewed(site, 80, 30)
    lines = site.log(40, source="line-2", version="another version", tags=("night",))
    lined_up(site)
    say(site, "corrected", {line.id: (Annotation("nut", line.detections[0].shape),) for line in lines})
    everything = by_name(made(site))["precision"].estimate.value
    for chosen in (
        {"source": "line-2"},
        {"model_version": "another version"},
        {"tag": "night"},
        {"query": "tag = night"},
        {"source": "line-2", "tag": "night"},
    ):
        found = made(site, **chosen)
        assert found.reviews > 0, chosen
        assert by_name(found)["precision"].estimate.value == 0.0 < everything, chosen
    bolt, nut = (by_name(made(site, label=label)) for label in ("bolt", "nut"))
    assert 0 < bolt["precision"].estimate.value < 1
    assert bolt["recall"].estimate.value == pytest.approx(1.0)
    assert nut["recall"].estimate.value == 0.0


def test_a_shadow_is_judged_on_the_random_checks_of_its_champion(site: Site) -> None:
    lines = site.log(40)
    shadows = [site.log(1, role="shadow", label="nut", version="challenger", parent=line.id)[0] for line in lines]
    lined_up(site)
    truths = zip(lines, shadows, strict=True)
    say(site, "corrected", {line.id: (Annotation("nut", shadow.detections[0].shape),) for line, shadow in truths})
    assert by_name(made(site, role="shadow"))["precision"].estimate.value == pytest.approx(1.0)
    assert by_name(made(site))["precision"].estimate.value == 0.0


def test_until_there_are_enough_checks_a_guess_stands_apart_and_then_goes(site: Site) -> None:
    reviewed(site, 130, 20)
    early = made(site)
    assert set(early.guess) == {"precision"}
    assert 0 < early.guess["precision"] < 1
    with site.database.read() as connection:
        rest = queue_rows.by_chance(connection, site.deployment.id, 100)
    say(site, "accepted", dict.fromkeys(rest, ()))
    assert made(site).guess == {}


def test_estimates_are_kept_until_a_review_changes_them(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    reviewed(site, 60, 20)
    estimating, counted = Estimating(), []
    real = estimating_module.estimates

    def counting(*asked: Any) -> Estimates:
        counted.append(asked)
        return real(*asked)

    monkeypatch.setattr(estimating_module, "estimates", counting)
    monkeypatch.setattr(estimating_module, "_REVIEWS_S", 0.0)

    def asked() -> Estimates:
        with site.database.read() as connection:
            return estimating.of(connection, site.deployment, DAY)

    first = asked()
    assert asked() == first
    assert len(counted) == 1
    with site.database.read() as connection:
        (one,) = queue_rows.by_chance(connection, site.deployment.id, 1)
    site.database.write(lambda c: settle(c, one, "accepted", (), actor=site.alice))
    assert asked().reviews == first.reviews + 1
    assert len(counted) == 2


def test_a_classifier_has_averages_over_its_labels(database: Database, tmp_path: Path) -> None:
    site = make_site(database, Folder(tmp_path / "home"), ("glass", "paper", "tin"), task="classification")
    rng = np.random.default_rng(5)
    truths: dict[str, str] = {}
    for label, share in (("glass", 0.9), ("paper", 0.6), ("tin", 0.3)):
        for line in site.log(60, label=label):
            truths[line.id] = label if rng.random() < share else str(rng.choice(["glass", "paper", "tin"]))
    lined_up(site)
    say(site, "corrected", {one: (Annotation(label),) for one, label in truths.items()})
    plain = site.measuring.metric(site.deployment, "classification_report", DAY).value
    found = by_name(made(site))
    assert plain is not None
    expected = {
        "accuracy": plain["accuracy"],
        "balanced_accuracy": plain["balanced_accuracy"],
        "macro_precision": plain["precision"],
        "macro_recall": plain["recall"],
        "macro_f1": plain["macro_f1"],
        **{f"weighted_{name}": plain["weighted"][name] for name in ("precision", "recall", "f1")},
    }
    assert {name: one.estimate.value for name, one in found.items()} == pytest.approx(expected), (
        "who looks at everything has the plain numbers"
    )
    glass = by_name(made(site, label="glass"))
    assert glass["precision"].estimate.value == pytest.approx(plain["labels"]["glass"]["precision"])
    assert glass["recall"].estimate.value == pytest.approx(plain["labels"]["glass"]["recall"])
