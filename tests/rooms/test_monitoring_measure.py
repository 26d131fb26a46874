"""Numbers for people: right, filtered, and silent about what is not known."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from relens.assets import store as assets
from relens.assets.asset import Asset
from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import HOUR
from relens.kit.errors import NotFound
from relens.kit.ids import content_id
from relens.metrics.average_precision import ApStore
from relens.metrics.kinds import average_precision
from relens.monitoring.marking import Marking
from relens.monitoring.measure import Measurement, Measuring
from relens.monitoring.window import BadWindow, Window, width
from relens.predictions import browse
from relens.predictions import store as predictions
from relens.predictions.browse import Filter
from relens.predictions.logged import Entry
from relens.review.settle import reopen, settle
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection
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


def test_a_metric_never_says_that_there_are_no_predictions_where_there_are(site: Site) -> None:
    site.log(10, latency_ms=0.0)
    site.catch_up()
    measured = site.measuring.metric(site.deployment, "latency", DAY)
    assert (measured.available, measured.count) == (False, 10)
    assert "`latency_ms`" in (measured.needs or "")


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
    assert there["features"][0]["sentence"].startswith("darker: median brightness 0.4")
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

    def asked(until: int) -> tuple[object, ...]:
        value = site.measuring.metric(site.deployment, "average_precision", Window(START, until)).value or {}
        return tuple(value[name] for name in ("map50_95", "map50", "ar100"))

    first = asked(START + 24 * HOUR)
    assert asked(START + 24 * HOUR + 1) == first, "the window has moved, the images are the same"
    assert len(computed) == 1
    site.database.write(lambda c: settle(c, lines[2].id, "corrected", (), actor=site.alice))
    assert asked(START + 24 * HOUR + 2) == first, "an image outside of the window changed"
    assert len(computed) == 1
    site.database.write(lambda c: settle(c, lines[0].id, "corrected", (), actor=site.alice))
    assert asked(START + 24 * HOUR + 3) != first
    assert len(computed) == 2


def test_what_was_chosen_once_follows_reviews_that_come_change_and_go(site: Site) -> None:
    """What windows ask beside time is kept in order; a fresh server, which keeps nothing yet, sees the same images."""
    windows = [DAY, replace(DAY, source="line-1"), replace(DAY, role="shadow"), replace(DAY, since=START + HOUR)]
    lines = [*site.log(2, hour=3, source="line-1"), *site.log(2, hour=1, source="line-2"), *site.log(1)]

    def fresh() -> Measuring:
        return Measuring(site.database, site.projection, site.fitted)

    def counted(measuring: Measuring) -> list[int]:
        return [measuring.metric(site.deployment, "detection_report", window).count for window in windows]

    assert counted(site.measuring) == [0, 0, 0, 0]
    for line in lines:
        site.database.write(lambda c, line=line: settle(c, line.id, "accepted", (), actor=site.alice))
        assert counted(site.measuring) == counted(fresh())
    assert counted(site.measuring) == [5, 3, 0, 4]
    site.database.write(lambda c: reopen(c, lines[0].id, actor=site.alice))
    site.database.write(lambda c: settle(c, lines[2].id, "corrected", (), actor=site.alice))
    assert counted(site.measuring) == counted(fresh()) == [4, 2, 0, 3]


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


def every_query(measured: Measurement) -> list[str]:
    """All queries in a measurement, wherever they stand."""

    def within(thing: object) -> list[str]:
        if isinstance(thing, dict):
            own = [thing["query"]] if isinstance(thing.get("query"), str) else []
            named = [q for key, some in thing.items() if key.endswith("queries") for q in flat(some)]
            return own + named + [q for some in thing.values() if isinstance(some, dict) for q in within(some)]
        return []

    def flat(some: object) -> list[str]:
        if isinstance(some, str):
            return [some]
        parts = some.values() if isinstance(some, dict) else some if isinstance(some, list) else []
        return [q for part in parts for q in flat(part)]

    return within(measured.value) + [str(point["query"]) for point in measured.series]


def test_every_point_row_and_cell_answers_with_the_query_of_what_is_behind_it(site: Site) -> None:
    lines = [*site.log(3, hour=1), *site.log(2, hour=2, source='the "new" line', label="nut")]
    site.log(4, role="shadow", version="other", hour=1)
    say = {0: "bolt", 1: "nut", 3: "nut"}
    for at, label in say.items():
        truth = (Annotation(label, lines[at].detections[0].shape),)
        site.database.write(lambda c, at=at, truth=truth: settle(c, lines[at].id, "corrected", truth, actor=site.alice))
    site.catch_up()
    while Marking(site.database).step():
        pass

    @cache
    def count(query: str) -> int:
        with site.database.read() as connection:
            return browse.count(connection, site.deployment.id, Filter(query=query)).count

    for window in (DAY, replace(DAY, source='the "new" line'), replace(DAY, query="count > 0 or count = 0", tag=None)):
        metrics = site.measuring.dashboard(site.deployment, window, "3600").metrics
        for point in metrics["volume"].series:
            assert count(point["query"]) == point["images"]
        for point in metrics["detection_report"].series:
            assert count(point["query"]) == point["n"]
        for row in (metrics["label_distribution"].value or {})["labels"].values():
            if row["count"]:
                assert count(row["query"]) == row["images"]
        heat = metrics["heatmap"].value or {}
        assert sum(count(query) for query in heat["cell_queries"]) == sum(n for _, n in heat["cells"]) > 0
        sure = metrics["confidence"].value or {}
        assert [count(query) if query else 0 for query in sure["bin_queries"]] == sure["counts"]
        boxes = metrics["box_size"].value or {}
        for rows in (boxes["sides"], boxes["shares"], boxes["ratios"]):
            assert [count(row["query"]) for row in rows] == [row["count"] for row in rows] != []
        assert {size: count(query) for size, query in boxes["size_queries"].items()} == {"medium": boxes["count"]}
        size = metrics["image_size"].value or {}
        for rows in (size["width"]["counts"], size["height"]["counts"], size["areas"]):
            assert [count(row["query"]) for row in rows] == [row["images"] for row in rows] != []
        assert {name: count(query) for name, query in size["ratio_queries"].items()} == {"wide": size["ratios"]["wide"]}
        for look in (metrics["image_statistics"].value or {}).values():
            assert [count(query) if query else 0 for query in look["bin_queries"]] == look["counts"]
        confusion = (metrics["detection_report"].value or {})["confusion"]
        for numbers, queries in zip(confusion["counts"], confusion["queries"], strict=True):
            assert [count(query) if query else 0 for query in queries] == numbers
        errors = metrics["detection_report"].value or {}
        assert {kind: count(query) for kind, query in errors["error_queries"].items()} == {
            kind: n for kind, n in errors["errors"].items() if n
        }
        for measured in metrics.values():
            assert all(count(query) >= 0 for query in every_query(measured))
    assert {name for name, m in metrics.items() if m.series and not every_query(m)} == set()


def test_the_map_of_one_label_is_asked_for_by_itself_and_lies_over_a_typical_image(site: Site) -> None:
    lines = [*site.log(9), *site.log(1, brightness=-0.4), *site.log(3, source="line-2", label="nut")]
    for line in lines:
        site.database.write(lambda c, line=line: assets.remember(c, [Asset(line.asset, 640, 480, "jpeg", 9, "", 0)]))
    site.catch_up()
    whole = site.measuring.metric(site.deployment, "heatmap", DAY, "3600").value
    assert whole is not None
    assert whole["labels"] == {"bolt": {"count": 10}, "nut": {"count": 3}}
    assert sum(n for _, n in whole["cells"]) == whole["count"] == 13
    nut = site.measuring.metric(site.deployment, "heatmap", replace(DAY, label="nut"), "3600").value
    assert nut is not None
    assert sum(n for _, n in nut["cells"]) == 3
    assert nut["typical"]["prediction"] in {line.id for line in lines[10:]}
    assert whole["typical"]["asset"] in {line.asset for line in lines} - {lines[9].asset}
    dark = site.measuring.metric(site.deployment, "heatmap", replace(DAY, query=f"id = {lines[9].id}"), "3600").value
    assert dark is not None
    assert dark["typical"]["asset"] == lines[9].asset


def test_the_support_of_a_label_is_what_reviews_say_and_otherwise_what_was_answered(
    database: Database, tmp_path: Path
) -> None:
    site = make_site(database, Folder(tmp_path / "home"), task="classification")
    day = Window(START, START + 24 * HOUR)
    empty = site.measuring.metric(site.deployment, "support", day)
    assert (empty.available, empty.value) == (False, None)
    lines = [
        site.database.write(lambda c, i=i, label=label: predictions.append(c, whole(site, i, label))[0])
        for i, label in enumerate(["bolt", "bolt", "bolt", "nut"])
    ]
    site.catch_up()
    unreviewed = site.measuring.metric(site.deployment, "support", day, "3600").value
    assert unreviewed is not None
    assert {label: row["count"] for label, row in unreviewed["labels"].items()} == {"bolt": 3, "nut": 1}
    site.database.write(lambda c: settle(c, lines[0].id, "corrected", (Annotation("nut"),), actor=site.alice))
    site.database.write(lambda c: settle(c, lines[1].id, "accepted", (), actor=site.alice))
    for measured in (
        site.measuring.metric(site.deployment, "support", day, "3600"),
        site.measuring.dashboard(site.deployment, day, "3600").metrics["support"],
    ):
        assert measured.value is not None
        assert {label: row["count"] for label, row in measured.value["labels"].items()} == {"bolt": 2, "nut": 2}
        assert measured.value["labels"]["nut"]["share"] == 0.5
        assert (measured.value["total"], measured.value["reviewed"], measured.count) == (4, 2, 4)


def whole(site: Site, i: int, label: str) -> Entry:
    asset = content_id(f"whole {i}".encode())
    return Entry(site.deployment.id, asset, 64, 64, site.deployment.champion, "champion", (Detection(label, 0.9),), 0.5, 3.0, START + i)  # fmt: skip
