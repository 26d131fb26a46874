"""HTTP: alerts and what happened to them, and the notices of the inbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.access.store import names as actor_names
from relens.alerts import channel_rows, store
from relens.alerts.alert import Alert, AlertEvent, EventKind
from relens.alerts.rule import NoRule, Operator, Severity
from relens.alerts.subject import SUBJECTS, written
from relens.alerts.tell import remember
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.web import Cursor, Instant, Limit, Page, part, read_cursor, write_cursor
from relens.kit import clock
from relens.kit.clock import SECOND
from relens.kit.errors import Conflict

router = APIRouter(prefix="/api/v1", tags=["alerts"])

Db = Annotated[Database, part(Database)]


class AlertIsOver(Conflict):
    """What is over cannot be snoozed."""


class AlertOut(BaseModel):
    """One time a rule held. `value` is the number when it began, `ended_value` when it was over.

    `part_of`: the alert about the same trouble, so that this one was not told by itself.
    """

    id: str
    rule: str
    deployment: str
    slice: str | None = Field(
        description='which images it is about: a source, "tag night", "label scratch"; null is all'
    )
    metric: str
    field: str
    value: float
    limit: float
    operator: Operator
    count: int
    severity: Severity
    state: Literal["firing", "resolved"]
    since: Instant
    resolved_at: Instant | None
    ended_value: float | None
    acknowledged_by: str | None
    acknowledged_at: Instant | None
    snoozed_until: Instant | None
    part_of: str | None
    sentence: str
    cause: str
    next_step: str


class EventOut(BaseModel):
    """One thing that happened to an alert, with the number at that time."""

    at: Instant
    kind: EventKind
    value: float | None
    said: str | None = Field(description='the number as people read it: "23 ms", "1.2 %", "12 images"')
    count: int | None
    by: str | None
    note: str


class AlertStory(BaseModel):
    """An alert and what happened to it, in order."""

    alert: AlertOut
    events: list[EventOut]


class Snooze(BaseModel):
    """For how long nothing is told of an alert; 0 ends it."""

    minutes: int = Field(ge=0, le=7 * 24 * 60)


class NoticeOut(BaseModel):
    """Something the inbox holds until somebody has seen it."""

    id: str
    at: Instant
    kind: str
    severity: Severity
    sentence: str
    seen_by: str | None
    seen_at: Instant | None


class SeenNotices(BaseModel):
    """Which notices somebody has seen."""

    ids: list[str] = Field(max_length=1000)


@router.get("/alerts")
def list_alerts(
    database: Db,
    deployment: str | None = None,
    state: Annotated[Literal["open", "all"], Query()] = "open",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AlertOut]:
    since, last = read_cursor(cursor, int, str) if cursor else (0, "")
    before = (int(since), str(last)) if cursor else None
    with database.read() as connection:
        about = deployments.get(connection, deployment).id if deployment else None
        found = store.alerts(connection, about, state == "open", before, limit + 1)
        shown = shown_alerts(connection, found[:limit])
    following = write_cursor(found[limit - 1].since, found[limit - 1].id) if len(found) > limit else None
    return Page(items=shown, next=following)


@router.get("/alerts/{alert_id}")
def get_alert(alert_id: str, database: Db) -> AlertStory:
    """One alert with its history and the numbers at the time."""
    with database.read() as connection:
        alert, events = store.get_alert(connection, alert_id), store.events(connection, alert_id)
        people = actor_names(connection, {one.by for one in events if one.by})
        shown = shown_alerts(connection, [alert])[0]
    return AlertStory(alert=shown, events=[_event_out(alert, one, people) for one in events])


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(alert_id: str, actor: Asking, database: Db) -> AlertOut:
    """Somebody has seen it: it reminds nobody any more. The first one who saw it stays."""
    actor.must_be("reviewer")

    def seen(connection: Connection) -> AlertOut:
        alert, at = store.get_alert(connection, alert_id), clock.now()
        if store.acknowledge(connection, alert_id, actor.id, at):
            remember(connection, alert, "acknowledged", at, None, actor.id)
        return shown_alerts(connection, [store.get_alert(connection, alert_id)])[0]

    return database.write(seen)


@router.post("/alerts/{alert_id}/snooze")
def snooze(alert_id: str, body: Snooze, actor: Asking, database: Db) -> AlertOut:
    """Nothing is told of it until then, also when it ends and begins again; if it stands then, it is told once more."""
    actor.must_be("reviewer")

    def quiet(connection: Connection) -> AlertOut:
        alert, at = store.get_alert(connection, alert_id), clock.now()
        if alert.state != "firing":
            raise AlertIsOver(f"the alert {alert_id} is over: there is nothing to snooze")
        until = at + body.minutes * 60 * SECOND if body.minutes else None
        try:
            store.get_rule(connection, alert.rule, lock=True)
        except NoRule:
            pass
        else:
            watch = store.get_watch(connection, alert.rule, alert.slice)
            store.set_watch(connection, alert.rule, alert.slice, replace(watch, snoozed_until=until or 0))
        store.change_alert(connection, alert_id, snoozed_until=until)
        note = f"until {clock.to_text(until)}" if until else ""
        remember(connection, alert, "snoozed" if until else "woken", at, None, actor.id, note)
        return shown_alerts(connection, [store.get_alert(connection, alert_id)])[0]

    return database.write(quiet)


@router.get("/alert-notices")
def list_notices(database: Db, unseen: bool = True, limit: Limit = 100) -> Page[NoticeOut]:
    """What channels of the kind "in app" were told, and what alerts say of themselves: a channel that was switched off, a number not known."""
    with database.read() as connection:
        found = channel_rows.notices(connection, unseen, limit)
        people = actor_names(connection, {one["seen_by"] for one in found if one["seen_by"]})
    return Page(
        items=[NoticeOut(**one | {"seen_by": people.get(one["seen_by"] or "", one["seen_by"])}) for one in found]
    )


@router.post("/alert-notices/seen", status_code=204)
def see_notices(body: SeenNotices, actor: Asking, database: Db) -> None:
    actor.must_be("reviewer")
    database.write(lambda connection: channel_rows.see_notices(connection, body.ids, actor.id, clock.now()))


def shown_alerts(connection: Connection, alerts: list[Alert]) -> list[AlertOut]:
    """Alerts as the API shows them: with the names of deployments and people."""
    people = actor_names(connection, {one.acknowledged_by for one in alerts if one.acknowledged_by})
    places = {one.id: one.name for one in deployments.all_of_them(connection, archived=True)} if alerts else {}
    return [_alert_out(one, places.get(one.deployment, one.deployment), people) for one in alerts]


def _alert_out(alert: Alert, deployment: str, people: dict[str, str]) -> AlertOut:
    subject = SUBJECTS.get((alert.metric, alert.field))
    derived: dict[str, Any] = {
        "slice": alert.slice or None,
        "deployment": deployment,
        "acknowledged_by": people.get(alert.acknowledged_by or "", alert.acknowledged_by),
        "next_step": subject.next_step if subject else "",
    }
    values: dict[str, Any] = {name: getattr(alert, name) for name in AlertOut.model_fields if name not in derived}
    return AlertOut(**values, **derived)


def _event_out(alert: Alert, one: AlertEvent, people: dict[str, str]) -> EventOut:
    subject = SUBJECTS.get((alert.metric, alert.field))
    said = None if one.value is None else written(one.value, subject.unit if subject else "number")
    return EventOut(
        at=one.at,
        kind=one.kind,
        value=one.value,
        said=said,
        count=one.count,
        by=people.get(one.by or "", one.by),
        note=one.note,
    )
