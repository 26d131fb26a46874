"""Numbers for people: right, filtered, and silent about what is not known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import HOUR
from relens.kit.errors import NotFound
from relens.metrics.average_precision import ApStore
from relens.metrics.kinds import average_precision
from relens.monitoring.window import BadWindow, Window, width
from relens.predictions import store as predictions
from relens.predictions.logged import Entry
from relens.review.settle import settle
from relens.vision.annotation import Annotation
from tests.rooms.monitoring_material import START, Site, make_site

DAY = Window(START, START + 24 * HOUR)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


def test_what_is_not_known_is_said_with_what_it_needs_and_never_zero(site: Site) -> None:
    for name, measured in site.measuring.dashboard(site.deployment, DAY).metrics.items():
        assert not measured.available, name
        assert measured.value is None
        assert measured.needs
        assert measured.count == 0


def test_a_drift_without_training_data_asks_for_it(site: Site) -> None:
    site.log(10)
    site.catch_up()
    measured = site.measuring.metric(site.deployment, "drift", DAY)
    assert not measured.available
    assert measured.count == 10
    assert "training data" in (measured.needs or "")


def test_sums_of_hours_and_the_log_itself_give_the_same_numbers(site: Site) -> None:
    site.reference(state="ready")
    site.log(60)
    site.log(40, source="line-2", brightness=-0.3, label="nut", latency_ms=80)
    site.log(9, role="shadow", version="other")
    site.catch_up()
    hour = Window(START, START + HOUR)
    fine = site.measuring.dashboard(site.deployment, hour)
    coarse = site.measuring.dashboard(site.deployment, hour, "3600")
    assert fine.width < coarse.width
    for name, measured in coarse.metrics.items():
        assert fine.metrics[name].value == measured.value, name
        assert (
            fine.metrics[name].count
            == measured.count
            == (0 if name.endswith(("precision", "report", "calibration")) else 100)
        )


def test_filters_choose_what_is_counted(site: Site) -> None:
    site.log(5)
    site.log(3, source="line-2")
    site.log(2, hour=30)
    site.log(4, role="shadow", version="other")
    site.catch_up()

    def images(**only: object) -> int:
        return site.measuring.metric(site.deployment, "volume", replace(DAY, **only)).count  # type: ignore[arg-type]

    assert images() == 8
    assert images(source="line-2") == 3
    assert images(role="shadow") == 4
    assert images(model_version="other", role="shadow") == 4
    assert images(until=START + 48 * HOUR) == 10
    only_nut = site.measuring.metric(site.deployment, "label_distribution", replace(DAY, label="nut"))
    assert only_nut.count == 8
    assert only_nut.value is None


def test_a_quiet_line_gives_no_notice_and_a_dark_one_does_with_its_name(site: Site) -> None:
    site.reference(state="ready")
    for source in ("line-1", "line-2", "line-3"):
        site.log(80, source=source)
    site.catch_up()
    quiet = site.measuring.metric(site.deployment, "drift", DAY).value
    assert quiet is not None
    assert quiet["usual"] is True
    assert quiet["d_beyond_chance"] < 0.15

    dark = site.log(60, hour=3, source="line-2", brightness=-0.25)
    site.catch_up()
    value = site.measuring.metric(site.deployment, "drift", DAY).value
    assert value is not None
    assert value["usual"] is False
    assert value["slice"]["source"] == "line-2"
    top = value["features"][0]
    assert top["name"] == "brightness"
    assert top["direction"] == "down"
    assert top["sentence"].startswith("darker: ")
    # The middle of all images hardly moves when a fifth of them is dark; within the line it does.
    there = site.measuring.metric(site.deployment, "drift", replace(DAY, since=START + 3 * HOUR)).value
    assert there is not None
    assert there["features"][0]["sentence"].startswith("darker: median brightness 12")
    assert set(value["images"]["now"]) <= {line.asset for line in dark}
    assert len(value["images"]["usual"]) == 6


def test_too_few_images_give_no_notice(site: Site) -> None:
    site.reference(state="ready")
    site.log(40, brightness=-0.3)
    site.catch_up()
    value = site.measuring.metric(site.deployment, "drift", DAY).value
    assert value is not None
    assert value["d"] > 0.5
    assert value["notice"] is False


def test_the_share_of_unusual_images_is_about_one_in_a_hundred_without_drift(site: Site) -> None:
    site.reference(state="ready", images=900)
    site.log(500)
    site.catch_up()
    value = site.measuring.metric(site.deployment, "outlier", DAY).value
    assert value is not None
    assert value["scored"] == 500
    assert value["unusual_share"] < 0.04
    assert 0.4 < value["mean"] < 0.6


def test_reviews_bring_precision_and_it_follows_when_a_verdict_changes(site: Site) -> None:
    lines = site.log(4)
    site.catch_up()
    for line in lines[:3]:
        site.database.write(lambda c, line=line: settle(c, line.id, "accepted", (), actor=site.alice))
    report = site.measuring.metric(site.deployment, "detection_report", DAY)
    assert report.count == 3
    assert report.value is not None
    assert report.value["precision"] == 1.0
    site.database.write(lambda c: settle(c, lines[0].id, "corrected", (), actor=site.alice))
    after = site.measuring.metric(site.deployment, "detection_report", DAY).value
    assert after is not None
    assert (after["tp"], after["fp"], after["fn"]) == (2, 1, 0)
    mean = site.measuring.metric(site.deployment, "average_precision", DAY).value
    assert mean is not None
    assert 0 < mean["map50"] <= 1


def test_a_shadow_is_judged_by_the_reviews_of_the_images_it_saw_too(site: Site) -> None:
    (line,) = site.log(1)
    shadow = site.log(1, role="shadow", version="other")[0]
    with site.database.read() as connection:
        assert predictions.get(connection, shadow.id).role == "shadow"
    site.database.write(
        lambda c: c.execute(
            predictions.prediction.update().where(predictions.prediction.c.id == shadow.id).values(parent=line.id)
        )
    )
    truth = (Annotation("bolt", line.detections[0].shape),)
    site.database.write(lambda c: settle(c, line.id, "corrected", truth, actor=site.alice))
    champion = site.measuring.metric(site.deployment, "detection_report", DAY).value
    other = site.measuring.metric(site.deployment, "detection_report", replace(DAY, role="shadow"))
    assert champion is not None
    assert champion["recall"] == 1.0
    assert other.count == 1
    assert other.value is not None
    assert other.value["recall"] == 0.0


def test_a_metric_of_another_task_is_not_found(site: Site) -> None:
    with pytest.raises(NotFound):
        site.measuring.metric(site.deployment, "classification_report", DAY)


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(BadWindow):
        Window(5, 5)


def test_a_chart_has_a_bearable_number_of_points() -> None:
    for hours in (1, 5, 24, 24 * 20, 24 * 400):
        window = Window(0, hours * HOUR)
        assert hours * HOUR / width(window) <= 125
    with pytest.raises(BadWindow):
        width(Window(0, 24 * 400 * HOUR), "60")


def test_a_query_chooses_the_reviews_too(site: Site) -> None:
    right = site.log(3, source="line-1")
    wrong = site.log(2, source="line-2")
    for line in right:
        site.database.write(lambda c, line=line: settle(c, line.id, "accepted", (), actor=site.alice))
    for line in wrong:
        site.database.write(lambda c, line=line: settle(c, line.id, "corrected", (), actor=site.alice))
    site.catch_up()
    asked = {one: replace(DAY, query=f'source = "{one}"') for one in ("line-1", "line-2")}
    for source, precision, images in (("line-1", 1.0, 3), ("line-2", 0.0, 2)):
        board = site.measuring.dashboard(site.deployment, asked[source]).metrics["detection_report"]
        assert board.value is not None
        assert (board.count, board.value["precision"]) == (images, precision)
    with site.database.read() as connection:
        images, curves = site.measuring.curves(connection, site.deployment, asked["line-2"], 0.5)
    assert images == 2
    assert curves["bolt"] is None
    assert site.measuring.metric(site.deployment, "detection_report", replace(DAY, query="source = nowhere")).count == 0


def test_a_label_keeps_what_was_wrongly_said_to_be_it(site: Site) -> None:
    (line,) = site.log(1)
    truth = (Annotation("nut", line.detections[0].shape),)
    site.database.write(lambda c: settle(c, line.id, "corrected", truth, actor=site.alice))
    bolt = site.measuring.metric(site.deployment, "detection_report", replace(DAY, label="bolt")).value
    assert bolt is not None
    assert (bolt["tp"], bolt["fp"], bolt["fn"]) == (0, 1, 0)
    assert bolt["errors"]["label"] == 1
    assert bolt["confusion"]["labels"] == ["bolt", "nut", "background"]
    assert bolt["confusion"]["counts"][1][0] == 1


def test_what_a_shadow_failed_to_answer_is_not_judged(site: Site) -> None:
    (line,) = site.log(1)
    failed = Entry(
        site.deployment.id, line.asset, 640, 480, "other", "shadow", (), 0.5, 3.0, START, parent=line.id, error="ModelFailed"
    )  # fmt: skip
    site.database.write(lambda c: predictions.append(c, failed))
    site.database.write(lambda c: settle(c, line.id, "accepted", (), actor=site.alice))
    shadow = site.measuring.metric(site.deployment, "detection_report", replace(DAY, role="shadow"))
    assert (shadow.available, shadow.count) == (False, 0)


def test_a_shadow_that_answers_after_the_review_is_judged(site: Site) -> None:
    (line,) = site.log(1)
    site.database.write(lambda c: settle(c, line.id, "accepted", (), actor=site.alice))
    asked = replace(DAY, role="shadow")
    assert site.measuring.metric(site.deployment, "detection_report", asked).count == 0
    late = Entry(
        site.deployment.id, line.asset, 640, 480, "other", "shadow", line.detections, 0.5, 3.0, START, parent=line.id
    )
    site.database.write(lambda c: predictions.append(c, late))
    assert site.measuring.metric(site.deployment, "detection_report", asked).count == 1


def test_reviewed_images_make_a_chart_over_time(site: Site) -> None:
    first, second = site.log(2, hour=1), site.log(1, hour=5)
    for line in first:
        site.database.write(lambda c, line=line: settle(c, line.id, "accepted", (), actor=site.alice))
    site.database.write(lambda c: settle(c, second[0].id, "corrected", (), actor=site.alice))
    site.catch_up()
    metrics = site.measuring.dashboard(site.deployment, DAY, "3600").metrics
    points = metrics["detection_report"].series
    assert [(p["t"], p["n"], p["precision"]) for p in points] == [(START + HOUR, 2, 1.0), (START + 5 * HOUR, 1, 0.0)]
    precise = metrics["average_precision"].series
    assert [(p["n"], p["map50"]) for p in precise] == [(2, pytest.approx(1.0)), (1, None)]


def test_an_answer_is_computed_once_until_a_review_of_its_images_changes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [*site.log(2), *site.log(1, hour=30)]
    for line in lines:
        site.database.write(lambda c, line=line: settle(c, line.id, "accepted", (), actor=site.alice))
    computed: list[object] = []
    kept = ApStore.summary
    monkeypatch.setattr(ApStore, "summary", lambda *a, **k: computed.append(1) or kept(*a, **k))

    def asked(until: int) -> dict[str, object] | None:
        return site.measuring.metric(site.deployment, "average_precision", Window(START, until)).value

    first = asked(START + 24 * HOUR)
    assert asked(START + 24 * HOUR + 1) == first, "the window has moved, the images are the same"
    assert len(computed) == 1
    site.database.write(lambda c: settle(c, lines[2].id, "corrected", (), actor=site.alice))
    assert asked(START + 24 * HOUR + 2) == first, "an image outside of the window changed"
    assert len(computed) == 1
    site.database.write(lambda c: settle(c, lines[0].id, "corrected", (), actor=site.alice))
    assert asked(START + 24 * HOUR + 3) != first
    assert len(computed) == 2


def test_each_review_is_matched_once_whatever_is_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    matched: list[object] = []
    real = average_precision.match_image
    monkeypatch.setattr(average_precision, "match_image", lambda *a, **k: matched.append(1) or real(*a, **k))
    lines = site.log(5)
    for line in lines:
        site.database.write(lambda c, line=line: settle(c, line.id, "accepted", (), actor=site.alice))
    site.measuring.dashboard(site.deployment, DAY)
    site.measuring.dashboard(site.deployment, replace(DAY, until=START + 2))
    site.measuring.metric(site.deployment, "calibration", replace(DAY, label="bolt"))
    assert len(matched) == 5
    site.database.write(lambda c: settle(c, lines[0].id, "corrected", (), actor=site.alice))
    site.measuring.dashboard(site.deployment, DAY)
    assert len(matched) == 6
