"""Usual production: learned, watched, left, and what people say about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import false_discovery_control, ks_2samp

from relens.access import store as actors
from relens.access.actor import Actor
from relens.deployments import change
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import DAY, HOUR, Micros
from relens.kit.errors import NotAllowed, RelensError
from relens.metrics.drift_alarm import LEAST_WINDOWS
from relens.monitoring import decided
from relens.monitoring.learn import calibration_scores
from relens.monitoring.two_sample import two_sample_table
from relens.monitoring.usual import BadWatch, Hour, Watch, closed, ready
from relens.monitoring.usual_rows import windows
from relens.monitoring.watch import DriftWatch
from relens.monitoring.watching import Standing, standing
from relens.monitoring.window import Window
from relens.predictions import store as predictions
from relens.review.habits import habits_of
from tests.rooms.monitoring_material import START, Site, make_site

DAYS = 24
FIRST = START - START % DAY


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    site = make_site(database, Folder(tmp_path / "home"))
    site.reference(state="ready")
    change_to(site, Watch(by="count", images=60))
    return site


def change_to(site: Site, wanted: Watch) -> None:
    site.database.write(lambda c: change.set_settings(c, deployments.get(c, site.deployment.id), wanted.to_settings()))


def followed(site: Site, day: int = 400) -> DriftWatch:
    """Counts the log and closes every window that is over on that day."""
    site.catch_up()
    found = DriftWatch(site.database, site.fitted, lambda: FIRST + day * DAY, settled_s=0.0)
    while found.step():
        pass
    return found


def seen(site: Site) -> Standing:
    with site.database.read() as connection:
        return standing(connection, deployments.get(connection, site.deployment.id))


def usual_days(site: Site, first: int, last: int, brightness: float = 0.0, **how: object) -> None:
    for day in range(first, last):
        site.log(60, hour=day * DAYS, brightness=brightness, **how)  # type: ignore[arg-type]


def say(site: Site, reason: str = "new lamps") -> int:
    return said_by(site, site.alice, reason)


def said_by(site: Site, actor: Actor, reason: str) -> int:
    with site.database.read() as connection:
        now = decided.present(connection, deployments.get(connection, site.deployment.id), site.fitted)
    return site.database.write(
        lambda c: decided.say_usual(c, deployments.get(c, site.deployment.id), reason, actor, now)
    )


def test_until_enough_is_known_it_says_how_much_is_missing(site: Site) -> None:
    usual_days(site, 0, 5)
    followed(site)
    now = seen(site)
    assert (now.state, now.known, now.missing) == ("learning", 5, LEAST_WINDOWS - 5)
    assert now.images_missing == (LEAST_WINDOWS - 5) * 60
    assert "5 of 14" in now.sentence


def test_a_change_raises_an_alarm_and_nothing_before_it_does(site: Site) -> None:
    usual_days(site, 0, 22)
    followed(site)
    quiet = seen(site)
    assert quiet.state == "watching"
    assert not [one for one in quiet.windows if one.state == "alarm"]
    usual_days(site, 22, 24, brightness=-0.15)
    followed(site)
    after = seen(site)
    assert after.state == "alarm"
    assert "brightness" in after.sentence
    alarms = [one.number for one in after.windows if one.state == "alarm"]
    assert alarms[0] in (23, 24)
    assert all(one.state != "usual" for one in after.windows if one.number >= alarms[0])


def test_saying_that_it_is_normal_ends_the_alarm_and_begins_anew(site: Site) -> None:
    usual_days(site, 0, 18)
    usual_days(site, 18, 21, brightness=-0.2)
    followed(site)
    assert seen(site).state == "alarm"
    changed = say(site)
    now = seen(site)
    assert changed > 0
    assert now.state == "learning"
    assert [one.reason for one in now.decisions] == ["new lamps"]
    assert now.decisions[0].by == site.alice.id
    usual_days(site, 21, 36, brightness=-0.2)
    followed(site)
    assert seen(site).state == "watching"
    usual_days(site, 36, 38)
    followed(site)
    assert seen(site).state == "alarm", "the old light is not usual any more"


def test_windows_that_plainly_differ_from_the_training_data_wait_for_a_word(site: Site) -> None:
    usual_days(site, 0, 4, brightness=-0.3)
    followed(site)
    now = seen(site)
    assert now.known == 0
    assert {one.state for one in now.windows} == {"waiting"}
    assert "say whether this is normal" in now.sentence
    assert say(site) == 4
    usual_days(site, 4, 6, brightness=-0.3)
    followed(site)
    assert seen(site).known == 6


def test_imported_past_production_is_usual_at_once(site: Site) -> None:
    usual_days(site, 0, LEAST_WINDOWS, brightness=-0.3, origin="imported")
    followed(site)
    now = seen(site)
    assert now.known == LEAST_WINDOWS
    assert now.state == "watching"


def test_a_decision_needs_a_reason_and_an_operator(site: Site) -> None:
    with pytest.raises(decided.NoReason):
        say(site, "  ")
    viewer = site.database.write(lambda c: actors.named(c, "Victor", "person", "viewer"))
    with pytest.raises(NotAllowed):
        said_by(site, viewer, "because")


def test_investigating_raises_the_share_of_random_checks(site: Site) -> None:
    habits = site.database.write(
        lambda c: decided.investigate(c, deployments.get(c, site.deployment.id), "odd colours", site.alice, 0.9)
    )
    with site.database.read() as connection:
        assert habits_of(deployments.get(connection, site.deployment.id).settings) == habits
    assert habits.random_share == 0.9
    assert [one.verb for one in seen(site).decisions] == ["investigate"]


def test_a_late_image_changes_no_window_that_is_closed(site: Site) -> None:
    usual_days(site, 0, 4)
    followed(site)
    with site.database.read() as connection:
        before = windows(connection, seen_reference(site))
    site.log(30, hour=DAYS, brightness=-0.4)
    followed(site)
    with site.database.read() as connection:
        after = windows(connection, seen_reference(site))
    assert [(one.images, one.counts.tolist()) for one in after] == [(one.images, one.counts.tolist()) for one in before]


def seen_reference(site: Site) -> str:
    with site.database.read() as connection:
        row = decided.in_force(connection, deployments.get(connection, site.deployment.id))
    assert row is not None
    return row.id


def test_two_servers_close_a_window_once(site: Site) -> None:
    usual_days(site, 0, 3)
    site.catch_up()
    both = [DriftWatch(site.database, site.fitted, lambda: FIRST + 9 * DAY, settled_s=0.0) for _ in range(2)]
    while sum(one.step() for one in both):
        pass
    with site.database.read() as connection:
        assert [one.number for one in windows(connection, seen_reference(site))] == [1, 2, 3]


def test_an_hour_that_still_grows_is_not_counted_yet(site: Site) -> None:
    usual_days(site, 0, 1)
    site.catch_up()
    slow = DriftWatch(site.database, site.fitted, lambda: FIRST + 9 * DAY, settled_s=3600.0)
    assert slow.step() is False


def _hours(counts: list[int], gap: int = 1) -> list[Hour]:
    return [Hour(FIRST + i * gap * HOUR, np.array([n]), n) for i, n in enumerate(counts)]


def test_windows_by_time_are_as_long_as_was_said_and_as_full() -> None:
    day = Watch(by="time", hours=24, images=100)
    hours = _hours([10] * 60)
    found = closed(hours, day)
    assert [len(one) for one in found] == [24, 24, 12]
    assert [len(one) for one in ready(hours, day, FIRST + 60 * HOUR)] == [24, 24]
    thin = _hours([2] * 120)
    assert [len(one) for one in closed(thin, day)] == [50, 50]


def test_windows_by_count_close_with_the_hour_that_fills_them() -> None:
    found = closed(_hours([40] * 10), Watch(by="count", images=100))
    assert [sum(h.images for h in one) for one in found] == [120, 120, 120]


def test_settings_that_cannot_be_kept_to_are_refused() -> None:
    with pytest.raises(BadWatch):
        Watch(hours=0)
    assert issubclass(BadWatch, RelensError)


def test_the_classic_table_is_scipys(site: Site) -> None:
    """With the outlier score, of the page's window; numbers of the model against images it was not trained on."""
    site.log(50, hour=0)
    inside = site.log(80, hour=10, brightness=-0.05)
    site.catch_up()
    window = Window(START + 9 * HOUR, START + 12 * HOUR)
    with site.database.read() as connection:
        found = deployments.get(connection, site.deployment.id)
        table = {one.feature: one for one in two_sample_table(connection, found, site.fitted, window, 500)}
        lines = predictions.several(connection, [line.id for line in inside])
    numbers = site.fitted.get(seen_reference(site))
    now = np.array(numbers.numbers(lines, [True] * len(lines)), dtype=np.float64)
    validation = np.arange(300) % 3 == 0
    expected = {
        "outlier": (
            np.array([line.outlier for line in lines], dtype=np.float64), calibration_scores(numbers.outlier)
        )
    }  # fmt: skip
    for i, feature in enumerate(numbers.reference.features):
        rows = slice(None) if feature.family == "image" else validation
        expected[feature.name] = (now[:, i], numbers.scalars[rows, i].astype(np.float64))
    assert table.keys() == expected.keys()
    for name, (ours, theirs) in expected.items():
        one, peer = table[name], ks_2samp(ours, theirs, method="exact")
        assert one.statistic == pytest.approx(peer.statistic, abs=1e-12)
        assert one.p == pytest.approx(peer.pvalue, rel=1e-6)
        assert (one.n, one.m) == (80, len(theirs))
        assert one.corrected == min(one.p * len(table), 1.0)
    judged = list(table.values())
    for one, q in zip(judged, false_discovery_control([one.p for one in judged]), strict=True):
        assert one.q == pytest.approx(q, rel=1e-12)
        assert one.flagged == (q <= 0.1)
    assert {one.flagged for one in judged} == {True, False}
    assert table["component_1"].m == table["feature_energy"].m == 100
    assert table["brightness"].m == 300
    assert {table["outlier"].m, table["confidence_max"].m} == {100}


def test_time_is_handed_in(site: Site) -> None:
    """Windows follow taken_at, whatever the wall clock says."""
    usual_days(site, 0, 3)
    site.catch_up()
    early: Micros = FIRST + 2 * DAY
    found = DriftWatch(site.database, site.fitted, lambda: early, settled_s=0.0)
    while found.step():
        pass
    assert len(seen(site).windows) == 2


def test_last_quarter_imported_two_days_after_going_live_is_usual_at_once(site: Site) -> None:
    usual_days(site, 90, 92)
    followed(site)
    usual_days(site, 0, 20, origin="imported")
    followed(site)
    now = seen(site)
    assert now.known == 22
    assert now.state == "watching"
    assert [one.images for one in now.windows if one.imported] == [60] * 20


def test_an_import_that_pauses_or_comes_the_newest_first_loses_nothing(site: Site) -> None:
    for day in (12, 7, 3):
        usual_days(site, day, day + 3, origin="imported")
        followed(site)
    usual_days(site, 7, 8, origin="imported")
    followed(site)
    with site.database.read() as connection:
        kept = windows(connection, seen_reference(site))
    assert sum(one.images for one in kept) == 600
    assert [one.since for one in kept] == sorted(one.since for one in kept)
    followed(site)
    with site.database.read() as connection:
        again = windows(connection, seen_reference(site))
    assert [(one.number, one.since, one.images) for one in again] == [(o.number, o.since, o.images) for o in kept]


def test_what_is_imported_never_alarms(site: Site) -> None:
    usual_days(site, 0, LEAST_WINDOWS + 4)
    followed(site)
    usual_days(site, LEAST_WINDOWS + 4, LEAST_WINDOWS + 10, brightness=-0.3, origin="imported")
    followed(site)
    assert seen(site).state == "watching"
    assert not [one for one in seen(site).windows if one.state == "alarm"]


def test_only_what_was_there_when_somebody_said_normal_is_normal(site: Site) -> None:
    usual_days(site, 0, 4, brightness=-0.3)
    followed(site)
    say(site)
    usual_days(site, 4, 6, brightness=-0.3)
    usual_days(site, 6, 7, brightness=0.3)
    followed(site)
    now = seen(site)
    assert [one.state for one in now.windows][:6] == ["usual"] * 6
    assert now.windows[6].state == "waiting", "as different from that as from the training data"


def test_a_decision_keeps_the_evidence_there_was(site: Site) -> None:
    usual_days(site, 0, 18)
    usual_days(site, 18, 19, brightness=-0.03)
    followed(site)
    before = [one.evidence for one in seen(site).windows]
    assert max(before) > 0
    say(site)
    assert [one.evidence for one in seen(site).windows] == before
