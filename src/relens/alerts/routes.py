"""HTTP: alert rules, alerts, and a test message."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.access.store import names as actor_names
from relens.alerts import store
from relens.alerts.alert import Alert, Delivery, event
from relens.alerts.evaluate import switch_off
from relens.alerts.notify import Notification
from relens.alerts.rule import DEFAULT_FIELD, SUBJECTS, AlertRule, BadRule, State, Watch
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.web import Cursor, Instant, Limit, Page, part, read_cursor, write_cursor
from relens.kit import clock
from relens.kit.ids import new_id

router = APIRouter(prefix="/api/v1", tags=["alerts"])

Db = Annotated[Database, part(Database)]
Notify = Annotated[Notification, part(Notification)]
Operator = Literal["above", "below"]


class RuleIn(BaseModel):
    """A rule: a number, a limit, and where to tell. `field` is the metric's usual one if left out."""

    metric: str
    field: str | None = None
    operator: Operator
    value: float
    window_s: int = 3600
    min_count: int = 30
    webhook: str | None = Field(None, max_length=2000)
    active: bool = True
    clear_value: float | None = None
    for_s: int = 0
    keep_firing_s: int = 0


class RuleChange(BaseModel):
    """What is left out stays as it is; `webhook: null` takes the webhook away."""

    operator: Operator | None = None
    value: float | None = None
    window_s: int | None = None
    min_count: int | None = None
    webhook: str | None = Field(None, max_length=2000)
    active: bool | None = None
    clear_value: float | None = None
    for_s: int | None = None
    keep_firing_s: int | None = None


class DeliveryOut(BaseModel):
    """How the latest message of a rule fared."""

    state: Literal["waiting", "sent", "failed"]
    kind: Literal["firing", "resolved", "test"]
    attempts: int
    error: str
    created_at: Instant
    sent_at: Instant | None


class RuleOut(BaseModel):
    """A rule and where it stands."""

    id: str
    deployment: str
    metric: str
    field: str
    operator: Operator
    value: float
    window_s: int
    min_count: int
    webhook: str | None
    active: bool
    clear_value: float | None
    for_s: int
    keep_firing_s: int
    state: State
    created_at: Instant
    last_delivery: DeliveryOut | None


class AlertOut(BaseModel):
    """One time a rule held. `value` is the number when it began."""

    id: str
    rule: str
    deployment: str
    metric: str
    field: str
    value: float
    limit: float
    operator: Operator
    count: int
    state: Literal["firing", "resolved"]
    since: Instant
    resolved_at: Instant | None
    acknowledged_by: str | None
    acknowledged_at: Instant | None
    sentence: str


class TestOut(BaseModel):
    """Whether the test message arrived."""

    delivered: bool
    message: str


class SubjectOut(BaseModel):
    """A number alerts can be about."""

    metric: str
    field: str
    title: str
    unit: str


@router.get("/alert-subjects")
def list_subjects() -> Page[SubjectOut]:
    found = [SubjectOut(metric=m, field=f, title=s.title, unit=s.unit) for (m, f), s in SUBJECTS.items()]
    return Page(items=found)


@router.get("/deployments/{deployment}/alert-rules")
def list_rules(deployment: str, database: Db) -> Page[RuleOut]:
    with database.read() as connection:
        found = store.rules(connection, deployments.get(connection, deployment).id)
        latest = store.latest_deliveries(connection, [rule.id for rule, _ in found])
    return Page(items=[_rule_out(rule, watch, latest.get(rule.id)) for rule, watch in found])


@router.post("/deployments/{deployment}/alert-rules", status_code=201)
def add_rule(deployment: str, body: RuleIn, actor: Asking, database: Db, notification: Notify) -> RuleOut:
    actor.must_be("operator")
    with database.read() as connection:
        found = deployments.get(connection, deployment)
    field = body.field or DEFAULT_FIELD.get(body.metric, "")
    given = body.model_dump() | {"field": field, "webhook": body.webhook or None}
    rule = AlertRule(id=new_id(), deployment=found.id, created_at=clock.now(), created_by=actor.id, **given)
    if rule.webhook:
        notification.check(rule.webhook)
    database.write(lambda connection: store.insert_rule(connection, rule))
    return _rule_out(rule, Watch(), None)


@router.patch("/alert-rules/{rule_id}")
def change_rule(rule_id: str, body: RuleChange, actor: Asking, database: Db, notification: Notify) -> RuleOut:
    actor.must_be("operator")
    given = body.model_dump(exclude_unset=True)
    for name, value in given.items():
        if value is None and name not in ("webhook", "clear_value"):
            raise BadRule(f"'{name}' cannot be null: leave it out to keep it")
    if given.get("webhook"):
        notification.check(given["webhook"])

    def change(connection: Connection) -> AlertRule:
        before, _ = store.get_rule(connection, rule_id, lock=True)
        after = replace(before, **given)
        store.replace_rule(connection, after)
        if not after.active:
            switch_off(connection, after, clock.now())
        return after

    database.write(change)
    return _read_rule(database, rule_id)


@router.delete("/alert-rules/{rule_id}", status_code=204)
def delete_rule(rule_id: str, actor: Asking, database: Db) -> None:
    actor.must_be("operator")

    def remove(connection: Connection) -> None:
        rule, _ = store.get_rule(connection, rule_id, lock=True)
        switch_off(connection, rule, clock.now())
        store.delete_rule(connection, rule_id)

    database.write(remove)


@router.post("/alert-rules/{rule_id}/test")
def test_rule(
    rule_id: str, actor: Asking, database: Db, notification: Notify, settings: Annotated[Settings, part(Settings)]
) -> TestOut:
    """Sends a test message to the rule's webhook and answers how that went."""
    actor.must_be("operator")
    with database.read() as connection:
        rule, _ = store.get_rule(connection, rule_id)
        name = deployments.get(connection, rule.deployment).name
    if not rule.webhook:
        raise BadRule("this rule has no webhook: its alerts are shown here only")
    at, identity = clock.now(), new_id()
    about = {"rule": rule.id, "deployment": name, "metric": rule.metric, "sentence": f"a test message about {name}"}
    body = event(identity, "test", about, f"{settings.address}/deployments/{name}", clock.to_text(at))
    # Not due for an hour: nobody else sends it while it is being tried here; a test is tried once.
    later = at + clock.HOUR
    made = Delivery(identity, rule.id, None, "test", "webhook", rule.webhook, body, "waiting", 0, later, "", at, None)
    database.write(lambda connection: store.insert_delivery(connection, made))
    error = notification.deliver(made)
    if error:
        database.write(lambda connection: store.change_delivery(connection, identity, state="failed"))
    return TestOut(delivered=not error, message=error or f"{rule.webhook} took the test message")


@router.get("/alerts")
def list_alerts(
    database: Db,
    deployment: str | None = None,
    state: Annotated[Literal["open", "all"], Query()] = "open",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AlertOut]:
    since, last = read_cursor(cursor, 2) if cursor else (0, "")
    before = (int(since), str(last)) if cursor else None
    with database.read() as connection:
        about = deployments.get(connection, deployment).id if deployment else None
        found = store.alerts(connection, about, state == "open", before, limit + 1)
        shown = shown_alerts(connection, found[:limit])
    following = write_cursor(found[limit - 1].since, found[limit - 1].id) if len(found) > limit else None
    return Page(items=shown, next=following)


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(alert_id: str, actor: Asking, database: Db) -> AlertOut:
    actor.must_be("reviewer")

    def seen(connection: Connection) -> AlertOut:
        store.get_alert(connection, alert_id)
        store.acknowledge(connection, alert_id, actor.id, clock.now())
        return shown_alerts(connection, [store.get_alert(connection, alert_id)])[0]

    return database.write(seen)


def shown_alerts(connection: Connection, alerts: list[Alert]) -> list[AlertOut]:
    """Alerts as the API shows them: with the names of deployments and people."""
    people = actor_names(connection, {one.acknowledged_by for one in alerts if one.acknowledged_by})
    places = {one.id: one.name for one in deployments.all_of_them(connection)} if alerts else {}
    return [_alert_out(one, places.get(one.deployment, one.deployment), people) for one in alerts]


def _alert_out(alert: Alert, deployment: str, people: dict[str, str]) -> AlertOut:
    values: dict[str, Any] = {name: getattr(alert, name) for name in AlertOut.model_fields}
    by = people.get(alert.acknowledged_by or "", alert.acknowledged_by)
    return AlertOut(**values | {"deployment": deployment, "acknowledged_by": by})


def _read_rule(database: Database, rule_id: str) -> RuleOut:
    with database.read() as connection:
        rule, watch = store.get_rule(connection, rule_id)
        latest = store.latest_deliveries(connection, [rule_id]).get(rule_id)
    return _rule_out(rule, watch, latest)


def _rule_out(rule: AlertRule, watch: Watch, latest: Delivery | None) -> RuleOut:
    values = {name: getattr(rule, name) for name in RuleOut.model_fields if name not in ("state", "last_delivery")}
    told = None
    if latest is not None:
        told = DeliveryOut(**{name: getattr(latest, name) for name in DeliveryOut.model_fields})
    return RuleOut(**values, state=watch.state, last_delivery=told)
