"""What rules can be about and how they behave, on real rows: large volumes, silence, each source, bounds, snoozes, stops and reminders."""

from __future__ import annotations

from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from prometheus_client import REGISTRY, generate_latest
from sqlalchemy import bindparam, select, update

from relens.alerts import channel_rows, delivery_rows, feed, stop_rows, store
from relens.alerts.alert import Alert
from relens.alerts.evaluate import Evaluation
from relens.alerts.heartbeat import Heartbeat
from relens.alerts.reading import Numbers
from relens.alerts.rule import AlertRule
from relens.alerts.series import Series
from relens.alerts.stop import PlannedStop
from relens.alerts.subject import BadRule
from relens.bootstrap.wire import Relens
from relens.infra.database import Database
from relens.infra.settings import BadSetting, Settings
from relens.infra.storage.folder import Folder
from relens.infra.telemetry import forget_all_but
from relens.kit import clock
from relens.kit.clock import DAY, HOUR, SECOND
from relens.kit.errors import Invalid, NotAllowed
from relens.kit.ids import content_id, new_id
from relens.monitoring.estimating import Estimating
from relens.monitoring.headlines import Headlines
from relens.predictions import store as predictions
from relens.predictions.logged import Entry
from relens.predictions.tables import posting, prediction, signal
from tests.rooms.monitoring_material import START, Site, make_site
from tests.rooms.test_alerts import BOOK, NOW, Clock, add_rule, all_alerts, client_of
from tests.rooms.test_estimates import reviewed

MINUTE = 60 * SECOND


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


class Watcher:
    """An evaluation and its clock."""

    def __init__(self, site: Site, at: int = NOW) -> None:
        self.site, self.now = site, Clock()
        self.now.at = at
        self.evaluation = Evaluation(site.database, site.measuring, "http://relens", self.now)

    def look(self, rule: AlertRule, after: int = 0) -> Any:
        self.now.at += after
        return self.evaluation.look(rule, self.now.at)


def said(site: Site) -> list[tuple[str, str]]:
    """Kind and sentence of every delivery, in order."""
    return [(str(one["state"]), str(one["sentence"])) for one in bodies(site)]


def bodies(site: Site) -> list[dict[str, Any]]:
    """What every delivery brings, in order."""
    with site.database.read() as connection:
        return [dict(one.body) for one in delivery_rows.due(connection, 2**62, 1000)]


def inbox(site: Site) -> str:
    """A channel that is always there."""
    made = BOOK.made(f"inbox {new_id()}", "in_app", {}, site.alice.id, START)
    site.database.write(lambda connection: channel_rows.insert(connection, made))
    return made.id


def test_volume_is_counted_however_large_it_is(site: Site) -> None:
    """More than is ever read from the log at once, in a window that begins and ends within an hour."""
    rule = add_rule(site, metric="volume", field="images", value=1000, window_s=3600)
    site.log(520, hour=0)
    site.log(520, hour=1)
    site.catch_up()
    watcher = Watcher(site, START + HOUR + 10 * MINUTE)
    assert watcher.look(rule) is None, "those of the first hour were taken before the window begins"
    wide = replace(rule, id=new_id(), window_s=5400)
    site.database.write(lambda connection: store.insert_rule(connection, wide))
    assert watcher.look(wide) == "firing"
    (alert,) = all_alerts(site)
    assert (alert.value, alert.count) == (1040.0, 1040)


def test_images_are_counted_exactly_from_sums_and_log(site: Site) -> None:
    """Whatever hours the window begins and ends in, and whichever part of them is the shorter."""
    at = [START + int(s) * SECOND for s in np.linspace(0, 9500, 97)]
    lines = site.log(97)
    moved(site, {line.id: when for line, when in zip(lines, at, strict=True)})
    site.catch_up()
    ends = [(s, u) for s in (0, 1, 1799, 1800, 1801, 3599, 3600, 5000) for u in (3601, 5400, 5401, 7200, 9000) if s < u]
    with site.database.read() as connection:
        for since_s, until_s in ends:
            since, until = START + since_s * SECOND, START + until_s * SECOND
            for source, wanted in (("", at), ("line-1", at), ("line-2", [])):
                found = feed.images(connection, site.deployment.id, since, until, source)
                assert found == sum(since <= t < until for t in wanted), (since_s, until_s, source)


def moved(site: Site, times: dict[str, int]) -> None:
    """Gives logged lines other times, before anything has counted them."""

    def move(connection: Any) -> None:
        known = {row.id: row.log_seq for row in connection.execute(select(prediction.c.id, prediction.c.log_seq))}
        rows = [{"seq": known[one], "at": at} for one, at in times.items()]
        for table in (prediction, signal, posting):
            connection.execute(
                update(table).where(table.c.log_seq == bindparam("seq")).values(taken_at=bindparam("at")), rows
            )

    site.database.write(move)


def working_days(
    site: Site, days: int, every_s: int = 600, source: str = "line-1", first: int = 6, last: int = 18
) -> None:
    """So many days on which an image comes every few minutes from morning to evening, and none at night."""
    times = [day * DAY + s * SECOND for day in range(days) for s in range(first * 3600, last * 3600, every_s)]
    lines = site.log(len(times), source=source)
    midnight = START - START % DAY
    moved(site, {line.id: midnight + t for line, t in zip(lines, times, strict=True)})
    site.catch_up()


def test_silence_is_told_by_what_is_usual_at_that_hour(site: Site) -> None:
    """At night nobody expects an image; at ten in the morning half an hour without one is strange."""
    working_days(site, 5)
    rule = add_rule(site, metric="silence", field="usual_gaps", value=3.0)
    numbers = Numbers(site.database, site.measuring, Estimating())
    midnight = START - START % DAY + 5 * DAY

    def at(hours: float) -> float | None:
        return numbers.read(site.deployment, rule, "", midnight + int(hours * 3600) * SECOND).reading.value

    assert (at(-3) or 0) < 1, "the evening before"
    assert (at(2) or 0) < 1, "at night"
    assert (at(6.2) or 0) < 1.1, "in the morning, a little late"
    assert (at(7.6) or 0) > 3, "an hour and a half late"
    watcher = Watcher(site, midnight + 7 * HOUR + 30 * MINUTE)
    assert watcher.look(rule) == "firing"
    (alert,) = all_alerts(site)
    assert "times the usual gap, above 3 times the usual gap" in alert.sentence
    assert "the last image came at" in alert.cause


def test_silence_is_not_known_before_there_was_a_day_and_never_of_imported_images(site: Site) -> None:
    rule = add_rule(site, metric="silence", field="usual_gaps", value=3.0)
    numbers = Numbers(site.database, site.measuring, Estimating())
    assert numbers.read(site.deployment, rule, "", NOW).reading.value is None
    site.log(50)
    site.catch_up()
    assert numbers.read(site.deployment, rule, "", NOW + HOUR).reading.value is None
    site.log(50, hour=-24, origin="imported")
    site.log(50, hour=-25, origin="imported")
    assert numbers.read(site.deployment, rule, "", NOW).reading.value is not None, "the past says what is usual"


def test_one_feed_that_stops_is_one_message(site: Site) -> None:
    working_days(site, 3, 300)
    told = inbox(site)
    silence = add_rule(site, metric="silence", field="usual_gaps", value=3.0, channels=(told,))
    volume = add_rule(site, metric="volume", field="images", operator="below", value=2, channels=(told,))
    watcher = Watcher(site, START - START % DAY + 3 * DAY + 8 * HOUR)
    assert watcher.look(silence) == "firing"
    assert watcher.look(volume) == "firing"
    assert [kind for kind, _ in said(site)] == ["firing"]
    first, second = sorted(all_alerts(site), key=lambda one: one.metric)
    assert (first.metric, second.part_of, second.told) == ("silence", first.id, False)


def test_each_source_stands_by_itself(site: Site) -> None:
    rule = add_rule(site, each="source", min_count=10)
    site.log(40, source="line-1")
    site.log(40, source="line-2", latency_ms=900)
    site.catch_up()
    watcher = Watcher(site)
    assert watcher.look(rule) == "firing"
    (alert,) = all_alerts(site, open_only=True)
    assert alert.slice == "line-2"
    assert alert.sentence.startswith("latency p95 of conveyor (line-2) is 9")
    with site.database.read() as connection:
        stands = store.watches(connection, [rule.id])[rule.id]
    assert {name: watch.state for name, watch in stands.items()} == {"line-2": "firing"}
    only = add_rule(site, source="line-1", min_count=10)
    assert watcher.look(only) is None


def test_a_feed_says_whether_the_others_go_on_and_too_many_images_say_nothing_of_it(site: Site) -> None:
    few = add_rule(site, metric="volume", field="images", operator="below", value=5, each="source")
    many = add_rule(site, metric="volume", field="images", operator="above", value=0, each="source")
    site.log(2, source="line-1")
    site.log(3, source="line-2")
    site.catch_up()
    watcher = Watcher(site, START + 30 * MINUTE)
    watcher.look(few)
    watcher.look(many)
    causes = {(alert.operator, alert.slice): alert.cause for alert in all_alerts(site)}
    assert all(causes["below", line].endswith("as from the other sources") for line in ("line-1", "line-2"))
    assert causes["above", "line-1"] == causes["above", "line-2"] == ""
    site.log(9, source="line-2", hour=2)
    site.catch_up()
    again = add_rule(site, metric="volume", field="images", operator="below", value=5, source="line-1")
    assert watcher.look(again, 2 * HOUR) == "firing"
    assert next(a for a in all_alerts(site) if a.rule == again.id).cause.endswith("the other sources go on")


def test_each_tag_stands_by_itself(site: Site) -> None:
    """Of tags no sums are kept: the log is read, and until it is read nothing is known."""
    site.log(40, tags=("day",))
    site.log(40, tags=("night", "wet"), latency_ms=900)
    site.catch_up()
    rule, only = add_rule(site, each="tag", min_count=10), add_rule(site, tag="day", source="line-1", min_count=10)
    watcher = Watcher(site)
    assert watcher.look(rule) == "firing"
    night, wet = sorted(all_alerts(site, open_only=True), key=lambda one: one.slice)
    assert (night.slice, wet.slice) == ("tag night", "tag wet")
    assert night.sentence.startswith("latency p95 of conveyor (tag night) is 9")
    assert watcher.look(only) is None
    slow = add_rule(site, tag="night", source="line-1", min_count=10)
    assert watcher.look(slow) == "firing"
    (alert,) = [one for one in all_alerts(site, open_only=True) if one.rule == slow.id]
    assert alert.sentence.startswith("latency p95 of conveyor (line-1, tag night) is 9")


def test_each_label_stands_by_itself(site: Site) -> None:
    rule = add_rule(site, metric="confidence", field="mean", operator="below", value=0.9, each="label", min_count=10)
    site.log(40, label="bolt")
    site.catch_up()
    watcher = Watcher(site)
    assert watcher.look(rule) == "firing"
    (alert,) = all_alerts(site, open_only=True)
    assert (alert.slice, alert.value) == ("label bolt", pytest.approx(0.8))
    with site.database.read() as connection:
        stands = store.watches(connection, [rule.id])[rule.id]
    assert {name: watch.state for name, watch in stands.items()} == {"label bolt": "firing", "label nut": "ok"}


def test_the_source_that_stands_out_is_named(site: Site) -> None:
    rule = add_rule(site)
    site.log(40, source="line-1")
    site.log(40, source="line-2", latency_ms=900)
    site.catch_up()
    Watcher(site).look(rule)
    (alert,) = all_alerts(site)
    assert "most of it from line-2: 9" in alert.cause
    assert alert.cause in alert.sentence


def test_a_share_is_beyond_its_limit_only_with_certainty_when_asked(site: Site) -> None:
    point = add_rule(site, metric="errors", field="share", value=0.05, min_count=10)
    sure = add_rule(site, metric="errors", field="share", value=0.05, min_count=10, estimator="lower")
    site.log(28)
    failed(site, 2)
    site.catch_up()
    watcher = Watcher(site)
    assert (watcher.look(point), watcher.look(sure)) == ("firing", None)
    failed(site, 40)
    site.catch_up()
    assert watcher.look(sure) == "firing"
    assert any("most of them: timeout (42 of 42)" in one.cause for one in all_alerts(site))
    assert any(one.sentence.startswith("the lower bound of share of failed predictions") for one in all_alerts(site))


def failed(site: Site, n: int) -> None:
    """Logs predictions that ended with an error."""

    def log(connection: Any) -> None:
        for _ in range(n):
            site.logged += 1
            entry = Entry(
                deployment=site.deployment.id, asset=content_id(f"image {site.logged}".encode()), width=64, height=48,
                model_version=site.deployment.champion, role="champion", detections=(), threshold=0.5, latency_ms=0.0,
                taken_at=START + site.logged, source="line-1", origin="served", error="timeout",
            )  # fmt: skip
            predictions.append(connection, entry)

    site.database.write(log)


def test_throughput_can_be_watched(site: Site) -> None:
    rule = add_rule(site, metric="throughput", field="per_minute", operator="below", value=2.0)
    site.log(30)
    site.catch_up()
    assert Watcher(site).look(rule) == "firing"
    (alert,) = all_alerts(site)
    assert alert.value == pytest.approx(1.0)
    assert "1 images per minute, below 2 images per minute (last hour)" in alert.sentence


def test_while_the_log_is_counted_again_a_small_number_is_no_news(site: Site) -> None:
    rule = add_rule(site, metric="volume", field="images", operator="below", value=5)
    site.log(3)
    watcher = Watcher(site, clock.now() + 2 * MINUTE)
    assert watcher.look(rule) is None, "three images wait to be counted since two minutes"
    site.catch_up()
    assert watcher.look(rule) == "firing"


def test_a_bound_of_what_reviews_say_is_that_of_all_traffic(site: Site) -> None:
    """Of 110 random checks about 30 % are wrong: three points more or less may be chance, twenty are not."""
    truth = reviewed(site, 260, 110)
    site.catch_up()
    below = {"metric": "detection_report", "field": "precision", "operator": "below", "min_count": 100}
    plain = add_rule(site, **below, value=truth + 0.03)
    sure = add_rule(site, **below, value=truth + 0.03, estimator="upper")
    far = add_rule(site, **below, value=0.95, estimator="upper")
    numbers = Numbers(site.database, site.measuring, Estimating())
    read = [numbers.read(site.deployment, rule, "", NOW).reading for rule in (plain, sure, far)]
    assert read[1].count == 110
    assert read[1].point is not None
    assert read[1].value is not None
    assert read[1].point < read[1].value
    watcher = Watcher(site)
    assert watcher.look(sure) is None, "so close to the limit it may be chance"
    assert watcher.look(far) == "firing"
    (alert,) = all_alerts(site)
    assert alert.sentence.startswith("the upper bound of precision of all traffic of conveyor is ")
    assert "110 reviews" in alert.sentence
    hasty = replace(far, id=new_id(), min_count=200)
    site.database.write(lambda connection: store.insert_rule(connection, hasty))
    assert watcher.look(hasty) is None, "too few reviews"


def test_a_viewer_changes_nothing_and_a_reviewer_only_says_what_was_seen(site: Site, tmp_path: Path) -> None:
    rule = add_rule(site)
    site.log(40, latency_ms=900)
    site.catch_up()
    Watcher(site).look(rule)
    (alert,) = all_alerts(site)
    channel = inbox(site)
    body = {"metric": "latency", "operator": "above", "value": 1}
    operators = [
        ("POST", "/deployments/conveyor/alert-rules", body),
        ("PATCH", f"/alert-rules/{rule.id}", {"value": 2}),
        ("DELETE", f"/alert-rules/{rule.id}", None),
        ("POST", f"/alert-rules/{rule.id}/test", None),
        ("POST", "/channels", {"name": "x", "kind": "in_app"}),
        ("PATCH", f"/channels/{channel}", {"active": False}),
        ("DELETE", f"/channels/{channel}", None),
        ("POST", f"/channels/{channel}/test", None),
        ("POST", "/deployments/conveyor/planned-stops", {"until": "2030-01-01T00:00:00Z"}),
        ("DELETE", "/planned-stops/x", None),
    ]
    reviewers = [
        ("POST", f"/alerts/{alert.id}/acknowledge", None),
        ("POST", f"/alerts/{alert.id}/snooze", {"minutes": 5}),
        ("POST", "/alert-notices/seen", {"ids": []}),
    ]
    for permission, refused in (("viewer", [*operators, *reviewers]), ("reviewer", operators)):
        site.alice = replace(site.alice, permission=permission)
        web = client_of(site, tmp_path)
        for method, path, sent in refused:
            with pytest.raises(NotAllowed):
                web.ask(method, path, json=sent)
    for method, path, sent in reviewers:
        assert client_of(site, tmp_path).ask(method, path, json=sent).status_code in (200, 204)


def test_a_server_with_a_heartbeat_setting_has_a_heart(tmp_path: Path) -> None:
    server = Relens(Settings(home=tmp_path, heartbeat_url="https://hc.example.com/ping/1"))
    assert {"alerts", "notifications", "series", "heartbeat"} <= {one.name for one in server.followers}
    server.stop()
    with pytest.raises(BadSetting, match="RELENS_HEARTBEAT_URL"):
        Settings(home=tmp_path, heartbeat_url="hc.example.com")


def test_a_standing_alert_reminds_until_somebody_has_seen_it(site: Site, tmp_path: Path) -> None:
    rule = add_rule(site, remind_s=600, channels=(inbox(site),), window_s=24 * 3600)
    site.log(40, latency_ms=900)
    site.catch_up()
    watcher = Watcher(site)
    assert [watcher.look(rule, after) for after in (0, 5 * MINUTE, 5 * MINUTE)] == ["firing", None, "reminder"]
    (alert,) = all_alerts(site)
    client_of(site, tmp_path).ask("POST", f"/alerts/{alert.id}/acknowledge")
    watcher.look(rule, 20 * MINUTE)
    assert [kind for kind, _ in said(site)] == ["firing", "reminder"]
    story = client_of(site, tmp_path).ask("GET", f"/alerts/{alert.id}").json()
    assert [one["kind"] for one in story["events"]] == ["firing", "reminder", "acknowledged"]
    assert story["events"][0]["value"] > 800
    assert story["events"][0]["said"].endswith(" ms")
    assert story["events"][2]["by"] == "Alice"


def test_a_snoozed_alert_is_silent_and_says_afterwards_that_it_stands(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = add_rule(site, remind_s=600, channels=(inbox(site),), window_s=24 * 3600)
    site.log(40, latency_ms=900)
    site.catch_up()
    watcher = Watcher(site)
    watcher.look(rule)
    (alert,) = all_alerts(site)
    monkeypatch.setattr("relens.kit.clock.now", watcher.now)
    web = client_of(site, tmp_path)
    assert web.ask("POST", f"/alerts/{alert.id}/snooze", json={"minutes": 60}).json()["snoozed_until"] is not None
    assert watcher.look(rule, 30 * MINUTE) is None
    assert watcher.look(rule, 31 * MINUTE) == "reminder"
    assert [kind for kind, _ in said(site)] == ["firing", "reminder"]
    assert web.ask("GET", "/alerts").json()["items"][0]["snoozed_until"] is None
    assert web.ask("POST", f"/alerts/{alert.id}/snooze", json={"minutes": -1}).status_code == 422


def test_nothing_begins_in_a_planned_stop_and_what_was_missed_in_it_is_no_news(site: Site) -> None:
    working_days(site, 3, 300)
    silence = add_rule(site, metric="silence", field="usual_gaps", value=3.0)
    volume = add_rule(site, metric="volume", field="images", operator="below", value=2)
    eight = START - START % DAY + 3 * DAY + 8 * HOUR
    stop = PlannedStop(new_id(), site.deployment.id, None, eight - 2 * HOUR, eight + HOUR, "cleaning", site.alice.id, 0)
    site.database.write(lambda connection: stop_rows.insert(connection, stop))
    watcher = Watcher(site, eight)
    assert [watcher.look(one) for one in (silence, volume)] == [None, None]
    watcher.now.at = eight + HOUR + MINUTE
    assert [watcher.look(one) for one in (silence, volume)] == [None, None], "the line has only just begun again"
    watcher.now.at = eight + 3 * HOUR
    assert [watcher.look(one) for one in (silence, volume)] == ["firing", "firing"]


def test_a_stop_that_is_over_early_is_over(site: Site, tmp_path: Path) -> None:
    web = client_of(site, tmp_path)
    body = {"until": "2190-01-01T00:00:00Z", "reason": "cleaning"}
    with pytest.raises(Invalid, match="within a year"):
        web.ask("POST", "/deployments/conveyor/planned-stops", json=body)
    with pytest.raises(Invalid, match="later than"):
        web.ask("POST", "/deployments/conveyor/planned-stops", json=body | {"until": "2020-01-01T00:00:00Z"})
    until = clock.to_text(clock.now() + HOUR)
    made = web.ask("POST", "/deployments/conveyor/planned-stops", json=body | {"until": until}).json()
    (listed,) = web.ask("GET", "/deployments/conveyor/planned-stops").json()["items"]
    assert (listed["id"], listed["reason"], listed["created_by"]) == (made["id"], "cleaning", "Alice")
    assert web.ask("DELETE", f"/planned-stops/{made['id']}").status_code == 204
    assert web.ask("GET", "/deployments/conveyor/planned-stops").json()["items"] == []


def test_the_history_is_read_page_by_page(site: Site, tmp_path: Path) -> None:
    def insert(connection: Any) -> None:
        for n in range(230):
            made = Alert(
                new_id(), "r", site.deployment.id, "latency", "p95", "above", 9.0, 5.0, 40, "resolved", START + n // 2,
                START + n, None, None, f"alert {n}",
            )  # fmt: skip
            store.insert_alert(connection, made)

    site.database.write(insert)
    web, seen, cursor = client_of(site, tmp_path), [], None
    while True:
        asked = {"state": "all", "limit": 50, **({"cursor": cursor} if cursor else {})}
        page = web.ask("GET", "/alerts", params=asked).json()
        seen += [one["sentence"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 230
    assert {seen[0], seen[1]} == {"alert 228", "alert 229"}


def test_missing_data_is_told_and_ends_no_alert(site: Site) -> None:
    rule = add_rule(site, no_data_after_s=3600, channels=(inbox(site),))
    site.log(40, latency_ms=900)
    site.catch_up()
    watcher = Watcher(site)
    assert watcher.look(rule) == "firing"
    assert watcher.look(rule, 2 * HOUR) is None
    assert watcher.look(rule, HOUR) == "no data"
    assert len(all_alerts(site, open_only=True)) == 1
    told = bodies(site)[-1]
    assert told["sentence"] == "latency p95 of conveyor has not been known for 1 hour: too few images, or none"
    assert "where no images come" in told["next_step"], "and not what slow answers ask for"
    assert clock.from_text(told["since"]) == watcher.now.at - HOUR
    with site.database.read() as connection:
        assert channel_rows.notices(connection, True, 10) == [], "the inbox is told by its channel, once"
    site.log(40, hour=3)
    site.catch_up()
    assert watcher.look(rule, SECOND) == "data"
    assert watcher.look(rule, SECOND) == "resolved"
    assert [kind for kind, _ in said(site)] == ["firing", "no data", "data", "resolved"]
    (alert,) = all_alerts(site)
    assert alert.ended_value is not None
    assert alert.ended_value < 100 < alert.value


def test_rules_worth_having_are_offered_with_the_numbers_of_the_first_day(site: Site, tmp_path: Path) -> None:
    web = client_of(site, tmp_path)
    before = web.ask("GET", "/deployments/conveyor/alert-rules/suggested").json()["items"]
    assert [one["title"] for one in before] == ["No images", "Failed predictions", "Drift", "Unusual images"]
    site.log(60, latency_ms=20)
    site.log(60, hour=30, latency_ms=500)
    site.catch_up()
    offered = {
        one["title"]: one for one in web.ask("GET", "/deployments/conveyor/alert-rules/suggested").json()["items"]
    }
    latency = offered["Latency"]["rule"]
    assert 40 <= latency["value"] <= 44, "twice the first day's, not what came later"
    assert latency["clear_value"] == pytest.approx(0.9 * latency["value"])
    for one in offered.values():
        assert web.ask("POST", "/deployments/conveyor/alert-rules", json=one["rule"]).status_code == 201, one
    assert web.ask("GET", "/deployments/conveyor/alert-rules/suggested").json()["items"] == []


def test_a_watcher_outside_hears_of_us_only_while_rules_are_looked_after(site: Site) -> None:
    beats: list[str] = []

    class Outside(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            beats.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Outside)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    now = Clock()
    evaluation = Evaluation(site.database, site.measuring, "", now)
    url = f"http://127.0.0.1:{server.server_port}/ping/relens"
    heartbeat = Heartbeat(site.database, evaluation, url, 60, now)
    heartbeat.step()
    assert beats == [], "nobody has looked yet"
    evaluation.step()
    for after in (0, 30, 31, 60):
        now.at += after * SECOND
        evaluation.step()
        heartbeat.step()
    assert beats == ["/ping/relens"] * 3
    now.at += 300 * SECOND
    heartbeat.step()
    assert len(beats) == 3, "the rules were not looked after for five minutes"
    server.shutdown()
    server.server_close()
    evaluation.step()
    heartbeat.step()  # nobody listens: said in the server's own log, and nothing else happens


def test_what_is_monitored_is_there_for_prometheus_and_goes_with_the_deployment(site: Site) -> None:
    rule = add_rule(site, severity="critical")
    site.log(40, latency_ms=900)
    failed(site, 10)
    site.catch_up()
    Watcher(site).look(rule)
    now = Clock()
    series = Series(site.database, Headlines(site.projection, site.fitted), now)
    series.step()
    at = {"deployment": "conveyor"}
    assert REGISTRY.get_sample_value("relens_window_images", at) == 40
    assert REGISTRY.get_sample_value("relens_window_errors_ratio", at) == pytest.approx(0.2)
    assert REGISTRY.get_sample_value("relens_open_alerts", at | {"severity": "critical"}) == 1
    assert REGISTRY.get_sample_value("relens_open_alerts", at | {"severity": "info"}) == 0
    p95 = REGISTRY.get_sample_value("relens_window_latency_seconds", at | {"percentile": "95"})
    assert p95 == pytest.approx(0.9, rel=0.02)
    assert REGISTRY.get_sample_value("relens_window_drift_ratio", at) is None, "not known is no number"
    now.at += 5 * HOUR
    series.step()
    assert REGISTRY.get_sample_value("relens_window_latency_seconds", at | {"percentile": "95"}) is None
    forget_all_but(set())
    assert b'deployment="conveyor"' not in generate_latest()


@pytest.mark.parametrize(
    "wrong",
    [
        {"estimator": "upper"},
        {"source": "a", "each": "source"},
        {"metric": "drift", "field": "from_usual", "each": "source"},
        {"remind_s": 5},
        {"channels": tuple(map(str, range(21)))},
    ],
)
def test_a_rule_that_asks_for_what_there_is_not_is_refused(site: Site, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadRule):
        add_rule(site, **wrong)
