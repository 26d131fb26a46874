"""Rules on real rows: fire once, resolve, tell a webhook, and lose nothing when it is dead."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from relens.access.actor import Actor
from relens.alerts import alert_routes, channel_routes, delivery_rows, routes, stop_routes, store
from relens.alerts.address_book import AddressBook
from relens.alerts.channel import Reach
from relens.alerts.evaluate import Evaluation
from relens.alerts.notify import Notification
from relens.alerts.rule import AlertRule
from relens.infra.database import Database
from relens.infra.secrets import Secrets
from relens.infra.settings import Settings
from relens.infra.storage.folder import Folder
from relens.infra.web import Parts
from relens.kit.clock import HOUR, SECOND
from relens.kit.errors import Invalid, RelensError
from relens.kit.ids import new_id
from relens.monitoring.window import Window
from tests.contracts.test_channels import Receiver
from tests.rooms.monitoring_material import START, Site, make_site

NOW = START + 30 * 60 * SECOND
BOOK = AddressBook(Secrets("a key that only tests have, of some length"), Reach(loopback=True))
GROUPED = 15 * SECOND


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Site:
    return make_site(database, Folder(tmp_path / "home"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def add_rule(site: Site, **given: Any) -> AlertRule:
    values: dict[str, Any] = {
        "metric": "latency", "field": "p95", "operator": "above", "value": 100.0, "window_s": 3600, "min_count": 30,
        "active": True, "created_at": START, "created_by": site.alice.id,
    }  # fmt: skip
    webhook = given.pop("webhook", None)
    rule = AlertRule(id=new_id(), deployment=site.deployment.id, **values | given)
    if webhook:
        told = site.database.write(lambda connection: BOOK.webhook(connection, webhook, site.alice.id, START))
        rule = replace(rule, channels=(told,))
    site.database.write(lambda connection: store.insert_rule(connection, rule))
    return rule


def latest(site: Site, rule: AlertRule) -> Any:
    with site.database.read() as connection:
        return delivery_rows.latest(connection, [rule.id])[rule.id]


def all_alerts(site: Site, open_only: bool = False) -> list[Any]:
    with site.database.read() as connection:
        return store.alerts(connection, site.deployment.id, open_only)


def test_a_slow_version_fires_once_and_resolves_when_it_is_fast_again(site: Site) -> None:
    add_rule(site)
    now = Clock()
    evaluation = Evaluation(site.database, site.measuring, "http://relens", now)
    site.log(40)
    site.catch_up()
    evaluation.step()
    assert all_alerts(site) == []
    site.log(40, latency_ms=900)
    site.catch_up()
    for _ in range(3):
        now.at += SECOND
        evaluation.step()
    (alert,) = all_alerts(site, open_only=True)
    assert alert.sentence.startswith("latency p95 of conveyor is 9")
    assert "last hour, 80 images" in alert.sentence
    now.at += 3 * HOUR
    evaluation.step()
    assert len(all_alerts(site, open_only=True)) == 1, "silence is no good news"
    site.log(40, hour=3)
    site.catch_up()
    now.at += 4 * SECOND
    evaluation.step()
    (alert,) = all_alerts(site)
    assert alert.state == "resolved"
    assert alert.resolved_at == now.at


@pytest.mark.parametrize("window_s", [3600, 8 * 3600])
def test_production_of_the_past_fires_nothing_and_hides_nothing(site: Site, window_s: int) -> None:
    add_rule(site, window_s=window_s)
    volume = add_rule(site, metric="volume", field="images", operator="below", value=50, window_s=window_s)
    site.log(40, latency_ms=900, origin="imported")
    site.log(40)
    site.catch_up()
    evaluation = Evaluation(site.database, site.measuring, "", Clock())
    evaluation.step()
    (alert,) = all_alerts(site)
    assert (alert.rule, alert.count) == (volume.id, 40)
    whole = Window(START, START + 8 * HOUR)
    for role in (None, "champion"):
        charts = site.measuring.metric(site.deployment, "volume", replace(whole, role=role))
        assert charts.count == 80, "charts show it"


def test_few_images_fire_nothing(site: Site) -> None:
    add_rule(site)
    site.log(29, latency_ms=900)
    site.catch_up()
    Evaluation(site.database, site.measuring, "", Clock()).step()
    assert all_alerts(site) == []


def test_two_servers_tell_of_a_change_once(site: Site) -> None:
    rule = add_rule(site)
    site.log(40, latency_ms=900)
    site.catch_up()
    servers = [Evaluation(site.database, site.measuring, "", Clock()) for _ in range(2)]
    assert [server.look(rule, NOW) for server in servers] == ["firing", None]
    assert len(all_alerts(site)) == 1


def test_drift_says_what_moved_and_where(site: Site) -> None:
    add_rule(site, metric="drift", field="d", value=0.2)
    site.reference(state="ready")
    site.log(60, source="line-1")
    site.log(60, source="line-2", brightness=-0.3)
    site.catch_up()
    Evaluation(site.database, site.measuring, "", Clock()).step()
    (alert,) = all_alerts(site)
    assert "line-2" in alert.sentence
    assert "darker: median brightness" in alert.sentence


def test_a_webhook_is_told_of_the_beginning_and_the_end(site: Site, receiver: Receiver) -> None:
    add_rule(site, webhook=receiver.url)
    now = Clock()
    evaluation = Evaluation(site.database, site.measuring, "http://relens", now)
    notification = Notification(site.database, BOOK, now)
    site.log(40, latency_ms=900)
    site.catch_up()
    evaluation.step()
    site.log(400)
    site.log(400)
    site.catch_up()
    now.at += GROUPED
    assert notification.step()
    evaluation.step()
    now.at += GROUPED
    while notification.step():
        pass
    (_, first), (_, second) = receiver.received
    assert (first["type"], second["type"]) == ("relens.alert.firing", "relens.alert.resolved")
    assert first["specversion"] == "1.0"
    assert first["data"]["link"] == "http://relens/deployments/conveyor"
    assert first["data"]["alert"] == second["data"]["alert"]
    assert first["id"] != second["id"]
    assert first["data"]["value"] == first["data"]["value_then"] > 800
    assert second["data"]["value"] < 100, "what it is now, not what it was"
    assert second["data"]["value_then"] == first["data"]["value"]


def test_a_dead_webhook_loses_nothing_and_holds_up_no_other(site: Site, receiver: Receiver) -> None:
    dead = Receiver()
    dead.close()
    add_rule(site, webhook=dead.url)
    add_rule(site, webhook=receiver.url)
    now = Clock()
    site.log(40, latency_ms=900)
    site.catch_up()
    Evaluation(site.database, site.measuring, "", now).step()
    notification = Notification(site.database, BOOK, now)
    now.at += GROUPED
    assert notification.step()
    assert len(receiver.received) == 1
    assert not notification.step(), "the next attempt waits"
    now.at += 1 * SECOND
    assert notification.step()
    now.at += 1 * SECOND
    assert not notification.step(), "the pause doubles"
    with site.database.read() as connection:
        waiting = delivery_rows.due(connection, now.at + HOUR, 10)
    assert [(one.state, one.attempts) for one in waiting] == [("waiting", 2)]
    assert "did not answer" in waiting[0].error


def test_a_refused_message_is_given_up_and_said(site: Site, receiver: Receiver) -> None:
    rule = add_rule(site, webhook=receiver.url)
    receiver.answer = 410
    now = Clock()
    site.log(40, latency_ms=900)
    site.catch_up()
    Evaluation(site.database, site.measuring, "", now).step()
    notification = Notification(site.database, BOOK, now)
    now.at += GROUPED
    notification.step()
    now.at += HOUR
    assert not notification.step()
    assert len(receiver.received) == 1
    told = latest(site, rule)
    assert told.state == "failed"
    assert "410" in told.error


def test_after_a_day_an_address_is_given_up(site: Site) -> None:
    dead = Receiver()
    dead.close()
    rule = add_rule(site, webhook=dead.url)
    now = Clock()
    site.log(40, latency_ms=900)
    site.catch_up()
    Evaluation(site.database, site.measuring, "", now).step()
    notification = Notification(site.database, BOOK, now)
    now.at += 25 * HOUR
    notification.step()
    told = latest(site, rule)
    assert (told.state, told.error.split(":")[0]) == ("failed", "given up after a day")


class Web:
    """Asks an app without a socket; its errors come out as they were raised."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, "/api/v1" + path, **given)

        return asyncio.run(once())


def client_of(site: Site, tmp_path: Path) -> Web:
    """The routes as the server mounts them, with Alice at the door."""
    app = FastAPI()
    for room in (routes, alert_routes, channel_routes, stop_routes):
        app.include_router(room.router)
    app.state.parts = Parts(
        Settings(home=tmp_path), site.database, Notification(site.database, BOOK), BOOK, site.measuring
    )

    @app.middleware("http")
    async def door(request: Request, call_next: Any) -> Any:
        actor: Actor = site.alice
        request.state.actor = actor
        return await call_next(request)

    return Web(app)


def test_rules_are_added_changed_and_taken_away_over_http(site: Site, tmp_path: Path, receiver: Receiver) -> None:
    client = client_of(site, tmp_path)
    made = client.ask(
        "POST",
        "/deployments/conveyor/alert-rules",
        json={"metric": "drift", "operator": "above", "value": 0.3, "webhook": receiver.url},
    ).json()
    assert made["field"] == "from_usual", "distances from the training data alone are no reason to alarm"
    assert made["state"] == "ok"
    changed = client.ask("PATCH", f"/alert-rules/{made['id']}", json={"value": 0.4}).json()
    masked = receiver.url.partition("/hook")[0] + "/…"
    assert (changed["value"], changed["webhook"]) == (0.4, masked)
    told = client.ask("POST", f"/alert-rules/{made['id']}/test").json()
    assert told == {"delivered": True, "message": f"{masked[:-2]} took the test message"}
    assert receiver.received[0][1]["type"] == "relens.alert.test"
    receiver.answer = 404
    failed = client.ask("POST", f"/alert-rules/{made['id']}/test").json()
    assert (failed["delivered"], "404" in failed["message"]) == (False, True)
    (listed,) = client.ask("GET", "/deployments/conveyor/alert-rules").json()["items"]
    assert listed["last_delivery"]["state"] == "failed"
    assert client.ask("DELETE", f"/alert-rules/{made['id']}").status_code == 204
    assert client.ask("GET", "/deployments/conveyor/alert-rules").json()["items"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"metric": "weather"},
        {"metric": "latency", "field": "p42"},
        {"webhook": "http://10.0.0.1/x"},
        {"webhook": "gopher://x"},
        {"window_s": 1},
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_a_sentence(site: Site, tmp_path: Path, wrong: dict[str, Any]) -> None:
    body = {"metric": "drift", "operator": "above", "value": 0.3} | wrong
    with pytest.raises(Invalid) as refused:
        client_of(site, tmp_path).ask("POST", "/deployments/conveyor/alert-rules", json=body)
    assert isinstance(refused.value, RelensError)


def test_an_alert_is_acknowledged_by_the_first_who_saw_it(site: Site, tmp_path: Path) -> None:
    rule = add_rule(site)
    site.log(40, latency_ms=900)
    site.catch_up()
    Evaluation(site.database, site.measuring, "", Clock()).step()
    client = client_of(site, tmp_path)
    (alert,) = client.ask("GET", "/alerts", params={"deployment": "conveyor"}).json()["items"]
    assert alert["rule"] == rule.id
    assert alert["deployment"] == "conveyor"
    seen = client.ask("POST", f"/alerts/{alert['id']}/acknowledge").json()
    assert seen["acknowledged_by"] == "Alice"
    client.ask("PATCH", f"/alert-rules/{rule.id}", json={"active": False})
    assert client.ask("GET", "/alerts").json()["items"] == []
    assert client.ask("GET", "/alerts", params={"state": "all"}).json()["items"][0]["state"] == "resolved"


def test_the_threads_of_a_round_end_with_it(site: Site) -> None:
    before = threading.active_count()
    Notification(site.database, BOOK, Clock()).step()
    assert threading.active_count() == before
