"""What the dashboard says of drift: a notice that can be settled, an alarm with its reasons, and who is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relens.access.actor import Actor
from relens.alerts import store
from relens.alerts.evaluate import Evaluation
from relens.alerts.rule import AlertRule
from relens.deployments import change
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.storage.folder import Folder
from relens.kit.clock import DAY, HOUR, SECOND
from relens.kit.ids import new_id
from relens.metrics.drift_alarm import LEAST_WINDOWS
from relens.monitoring import decided
from relens.monitoring.usual import Watch, threshold
from relens.monitoring.watch import DriftWatch
from relens.monitoring.watching import Standing, standing
from relens.monitoring.window import Window
from relens.overview import gather
from relens.overview.pipeline import Block, Pipeline, what_next
from tests.rooms.monitoring_material import START, Site, make_site

FIRST = START - START % DAY
EVERYTHING = Window(FIRST, FIRST + 400 * DAY)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    site = make_site(database, Folder(tmp_path / "home"))
    site.reference(state="ready")
    keep_to(site, Watch(by="count", images=60, notice=50))
    return site


def keep_to(site: Site, watch: Watch) -> None:
    site.database.write(lambda c: change.set_settings(c, deployments.get(c, site.deployment.id), watch.to_settings()))
    with site.database.read() as connection:
        site.deployment = deployments.get(connection, site.deployment.id)


def value(site: Site, window: Window = EVERYTHING) -> dict[str, Any]:
    site.catch_up()
    found = site.measuring.metric(site.deployment, "drift", window).value
    assert found is not None
    return found


def followed(site: Site) -> None:
    site.catch_up()
    watch = DriftWatch(site.database, site.fitted, lambda: FIRST + 400 * DAY, settled_s=0.0)
    while watch.step():
        pass


def say(site: Site, actor: Actor | None = None) -> None:
    with site.database.read() as connection:
        now = decided.present(connection, deployments.get(connection, site.deployment.id), site.fitted)
    site.database.write(
        lambda c: decided.say_usual(c, deployments.get(c, site.deployment.id), "new lamps", actor or site.alice, now)
    )


def quiet_days(site: Site, days: int = LEAST_WINDOWS + 2) -> None:
    for day in range(days):
        site.log(40, hour=day * 24, source="line-1")
        site.log(20, hour=day * 24, source="line-2")


def test_the_notice_goes_when_somebody_says_that_this_is_normal_and_comes_back_for_something_else(site: Site) -> None:
    site.log(60, source="line-1")
    site.log(60, source="line-2", brightness=-0.3)
    assert value(site)["notice"] is True
    say(site)
    site.log(60, hour=1, source="line-2", brightness=-0.3)
    after = value(site)
    assert (after["notice"], after["usual"], after["sentence"]) == (False, True, None)
    site.log(60, hour=3, source="line-1", brightness=0.3)
    again = value(site)
    assert again["notice"] is True
    assert again["sentence"].startswith("line-1")


def test_a_notice_waits_for_as_many_predictions_as_was_said(site: Site) -> None:
    assert Watch().notice == 200
    keep_to(site, Watch(by="count", images=60))
    site.log(120, brightness=-0.3)
    assert value(site)["notice"] is False
    site.log(80, brightness=-0.3)
    assert value(site)["notice"] is True


def test_until_there_are_alarms_it_says_how_much_usual_production_is_missing(site: Site) -> None:
    quiet_days(site, 3)
    followed(site)
    said = value(site)
    assert said["alarm"] is None
    assert said["production"]["state"] == "learning"
    assert (said["production"]["windows_known"], said["production"]["windows_missing"]) == (3, LEAST_WINDOWS - 3)
    assert "about one false alarm a year" in said["production"]["budget"]


def test_an_alarm_is_explained_against_usual_production(site: Site) -> None:
    quiet_days(site)
    followed(site)
    assert value(site)["production"]["state"] == "watching"
    assert value(site)["from_usual"] == 0.0
    start = (LEAST_WINDOWS + 2) * 24
    dark = []
    for day in range(3):
        site.log(25, hour=start + day * 24, source="line-1")
        dark += site.log(45, hour=start + day * 24, source="line-2", brightness=-0.25, label="nut")
    followed(site)
    said = value(site)
    assert (said["production"]["state"], said["usual"]) == ("alarm", False)
    alarm = said["alarm"]
    assert alarm["features"][0]["name"] == alarm["named"] == "brightness"
    assert alarm["sentence"].startswith("darker: ")
    assert "line-2" in alarm["sentence"]
    assert alarm["behind"]["source"] == "line-2"
    assert alarm["behind"]["label"] == "nut"
    shares = [round(one["share"], 3) for one in alarm["features"]]
    assert shares == sorted(shares, reverse=True)
    assert 0.5 < shares[0] <= sum(shares) <= 1.01
    assert set(alarm["images"]["now"]) <= {line.asset for line in dark}
    assert len(alarm["images"]["usual"]) == 6
    assert not set(alarm["images"]["usual"]) & {line.asset for line in dark}
    assert alarm["first"]["source"] == "line-2"
    assert alarm["first"]["prediction"] in {line.id for line in dark[:5]}
    assert said["from_usual"] >= 0.1
    quiet = value(site, Window(FIRST, FIRST + 12 * HOUR))
    assert quiet["production"]["state"] == "alarm", "whatever window the page shows"


def test_the_pictures_carry_the_feature_that_is_named(site: Site) -> None:
    """Usual ones lie at its median, present ones at the far end it moved to; not merely strange."""
    lines = site.log(120, brightness=-0.3)
    said = value(site)
    named = said["named"]
    assert named == "brightness"
    place = [one.name for one in site.fitted.get(reference(site)).reference.features].index(named)
    darkest = sorted(lines, key=lambda line: float(line.scalars[place]) if line.scalars is not None else 0.0)[:6]
    assert said["images"]["now"] == [line.asset for line in darkest]
    fitted = site.fitted.get(reference(site))
    far = np.abs(fitted.scalars[:, place] - np.median(fitted.scalars[:, place]))
    nearest = {fitted.assets[i] for i in np.argsort(far)[:6]}
    assert set(said["images"]["usual"]) == nearest


def reference(site: Site) -> str:
    with site.database.read() as connection:
        row = decided.in_force(connection, deployments.get(connection, site.deployment.id))
    assert row is not None
    return row.id


def test_the_budget_is_shared_by_all_deployments_that_are_watched(site: Site) -> None:
    alone = standing_of(site)
    other = replace(site.deployment, id="0" * 35 + "1", name="other")
    site.database.write(lambda connection: deployments.insert(connection, other))
    replace(site, deployment=other).reference(state="ready")
    assert "among" not in alone.budget
    assert "about one false alarm a year among 2 watched deployments" in standing_of(site).budget
    assert threshold(Watch(), [], 2) == 2 * threshold(Watch(), [], 1) == 730


def standing_of(site: Site) -> Standing:
    with site.database.read() as connection:
        return standing(connection, site.deployment)


def test_a_rule_about_usual_production_fires_with_the_alarm_and_ends_with_a_word(site: Site) -> None:
    rule = AlertRule(
        new_id(), site.deployment.id, "drift", "from_usual", "above", 0.1, 3600, 30, True, FIRST, site.alice.id
    )  # fmt: skip
    site.database.write(lambda connection: store.insert_rule(connection, rule))
    at = [FIRST + 300 * DAY]
    evaluation = Evaluation(site.database, site.measuring, "", lambda: at[0])

    def states() -> list[str]:
        at[0] += 20 * SECOND
        evaluation.step()
        with site.database.read() as connection:
            return [one.state for one in store.alerts(connection, site.deployment.id, False, None, 9)]

    quiet_days(site)
    followed(site)
    assert states() == []
    start = (LEAST_WINDOWS + 2) * 24
    for day in range(2):
        site.log(60, hour=start + day * 24, source="line-2", brightness=-0.25)
    followed(site)
    assert states() == ["firing"]
    with site.database.read() as connection:
        left = gather.left_usual(connection, site.deployment)
    nothing = Pipeline(*[Block("off", "")] * 4)
    first = what_next(nothing, 9, 0, False, False, left)[0]
    assert first.startswith("Production has left what is usual here since ")
    with site.database.read() as connection:
        (alert,) = store.alerts(connection, site.deployment.id, False, None, 9)
    assert alert.sentence.startswith("drift from usual production of conveyor is 1, above 0.1 (120 images)")
    assert "darker: " in alert.sentence
    assert "last hour" not in alert.sentence
    say(site)
    assert states() == ["resolved"], "though nothing arrived in the last hour"
