"""HTTP: alert rules of a deployment, and a test message of one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import Connection

from relens.access.asking import Asking
from relens.alerts import channel_rows, delivery_rows, store
from relens.alerts.address_book import WEBHOOK, AddressBook
from relens.alerts.bodies import MAY_BE_NULL, RuleChange, RuleIn, RuleOut
from relens.alerts.channel import NoChannel
from relens.alerts.evaluate import switch_off
from relens.alerts.message import Message, Told
from relens.alerts.notify import Notification
from relens.alerts.rule import AlertRule, Each, slices_of
from relens.alerts.subject import DEFAULT_FIELD, SUBJECTS, BadRule
from relens.alerts.suggest import Suggestion, suggestions
from relens.alerts.tell import delivery
from relens.deployments import store as deployments
from relens.infra.database import Database
from relens.infra.settings import Settings
from relens.infra.web import Page, part
from relens.kit import clock
from relens.kit.ids import new_id
from relens.monitoring.measure import Measuring

router = APIRouter(prefix="/api/v1", tags=["alerts"])

Db = Annotated[Database, part(Database)]
Notify = Annotated[Notification, part(Notification)]
Book = Annotated[AddressBook, part(AddressBook)]


class TestOut(BaseModel):
    """Whether the test message arrived, and what was said when it did not."""

    delivered: bool
    message: str


class SubjectOut(BaseModel):
    """A number alerts can be about. `bounds`: a rule may ask for its lower or upper bound; `slices`: by what its images can be told apart."""

    metric: str
    field: str
    title: str
    unit: str
    bounds: bool
    slices: list[Each]


class SuggestedRule(BaseModel):
    """A rule that is worth having, ready to be sent; `reason` says where its number comes from."""

    title: str
    reason: str
    rule: RuleIn

    @staticmethod
    def of(one: Suggestion) -> SuggestedRule:
        return SuggestedRule(title=one.title, reason=one.reason, rule=RuleIn(**one.rule))


@router.get("/alert-subjects")
def list_subjects() -> Page[SubjectOut]:
    return Page(
        items=[
            SubjectOut(
                metric=m, field=f, title=s.title, unit=s.unit, bounds=s.bounded != "no", slices=list(slices_of(m, f))
            )
            for (m, f), s in SUBJECTS.items()
        ]
    )


@router.get("/alert-rules")
def list_all_rules(database: Db) -> Page[RuleOut]:
    """The rules of every deployment, the oldest first."""
    with database.read() as connection:
        return Page(items=_shown(connection, store.rules(connection)))


@router.get("/deployments/{deployment}/alert-rules")
def list_rules(deployment: str, database: Db) -> Page[RuleOut]:
    with database.read() as connection:
        found = store.rules(connection, deployments.get(connection, deployment).id)
        return Page(items=_shown(connection, found))


@router.get("/deployments/{deployment}/alert-rules/suggested")
def suggest_rules(
    deployment: str, database: Db, measuring: Annotated[Measuring, part(Measuring)]
) -> Page[SuggestedRule]:
    """Rules the deployment does not have yet, filled in from its first day."""
    with database.read() as connection:
        found = deployments.get(connection, deployment)
        there = {(rule.metric, rule.field) for rule in store.rules(connection, found.id)}
    offered = suggestions(database, measuring, found)
    return Page(
        items=[SuggestedRule.of(one) for one in offered if (one.rule["metric"], one.rule["field"]) not in there]
    )


@router.post("/deployments/{deployment}/alert-rules", status_code=201)
def add_rule(deployment: str, body: RuleIn, actor: Asking, database: Db, book: Book) -> RuleOut:
    actor.must_be("operator")
    with database.read() as connection:
        found = deployments.get(connection, deployment)
    given = body.model_dump(exclude={"webhook"})
    given |= {
        "field": body.field or DEFAULT_FIELD.get(body.metric, ""),
        "channels": tuple(dict.fromkeys(body.channels)),
    }
    rule = AlertRule(id=new_id(), deployment=found.id, created_at=clock.now(), created_by=actor.id, **given)

    def add(connection: Connection) -> RuleOut:
        _known(connection, rule.channels)
        tells = rule.channels
        if body.webhook:
            tells = (*tells, book.webhook(connection, body.webhook, actor.id, clock.now()))
        whole = replace(rule, channels=tuple(dict.fromkeys(tells)))
        store.insert_rule(connection, whole)
        return _shown(connection, [whole])[0]

    return database.write(add)


@router.patch("/alert-rules/{rule_id}")
def change_rule(rule_id: str, body: RuleChange, actor: Asking, database: Db, book: Book) -> RuleOut:
    actor.must_be("operator")
    given = body.model_dump(exclude_unset=True)
    for name, value in given.items():
        if value is None and name not in MAY_BE_NULL:
            raise BadRule(f"'{name}' cannot be null: leave it out to keep it")

    def change(connection: Connection) -> RuleOut:
        before = store.get_rule(connection, rule_id, lock=True)
        after = replace(before, **_told(connection, before, given, book, actor.id))
        store.replace_rule(connection, after)
        sliced = any(getattr(before, name) != getattr(after, name) for name in ("source", "tag", "label", "each"))
        if not after.active or sliced:
            switch_off(connection, after, clock.now(), actor.id)
        return _shown(connection, [after])[0]

    return database.write(change)


@router.delete("/alert-rules/{rule_id}", status_code=204)
def delete_rule(rule_id: str, actor: Asking, database: Db) -> None:
    actor.must_be("operator")

    def remove(connection: Connection) -> None:
        rule = store.get_rule(connection, rule_id, lock=True)
        switch_off(connection, rule, clock.now(), actor.id)
        store.delete_rule(connection, rule_id)

    database.write(remove)


@router.post("/alert-rules/{rule_id}/test")
def test_rule(
    rule_id: str, actor: Asking, database: Db, notification: Notify, settings: Annotated[Settings, part(Settings)]
) -> TestOut:
    """Sends a test message to every channel of the rule and answers how that went."""
    actor.must_be("operator")
    with database.read() as connection:
        rule = store.get_rule(connection, rule_id)
        name = deployments.get(connection, rule.deployment).name
        channels = list(channel_rows.several(connection, rule.channels).values())
    if not channels:
        raise BadRule("this rule has no channel: its alerts are shown here only")
    link = f"{settings.address}/deployments/{name}"
    told = Told("test", f"a test message about {name}", name, link, rule=rule.id, metric=rule.metric, field=rule.field)
    failures, at = [], clock.now()
    for channel in channels:
        made = replace(delivery(rule, told, channel.id, at), attempts=1, next_at=at)
        error = notification.try_out(channel, Message(made.id, at, (told,)))
        sent = replace(made, state="failed", error=error) if error else replace(made, state="sent", sent_at=clock.now())
        database.write(partial(delivery_rows.insert, made=sent))
        failures += [f"{channel.name}: {error}"] if error else []
    names = ", ".join(channel.name for channel in channels)
    return TestOut(delivered=not failures, message="; ".join(failures) or f"{names} took the test message")


def _told(
    connection: Connection, before: AlertRule, given: dict[str, Any], book: AddressBook, by: str
) -> dict[str, Any]:
    """What changes, with the short way to a webhook written as channels."""
    values = {name: value for name, value in given.items() if name != "webhook"}
    channels = tuple(dict.fromkeys(given.get("channels", before.channels)))
    _known(connection, channels if "channels" in given else ())
    if "webhook" in given:
        kinds = {one.id: one.kind for one in channel_rows.several(connection, channels).values()}
        channels = tuple(one for one in channels if kinds.get(one) != WEBHOOK)
        if given["webhook"]:
            channels = (*channels, book.webhook(connection, given["webhook"], by, clock.now()))
    return values | {"channels": channels}


def _known(connection: Connection, channels: tuple[str, ...]) -> None:
    there = channel_rows.several(connection, channels)
    for one in channels:
        if one not in there:
            raise NoChannel(f"there is no channel {one}: choose one of those under Alerts")


def _shown(connection: Connection, rules: list[AlertRule]) -> list[RuleOut]:
    ids = [rule.id for rule in rules]
    latest, watches = delivery_rows.latest(connection, ids), store.watches(connection, ids)
    channels = channel_rows.several(connection, {one for rule in rules for one in rule.channels})
    return [RuleOut.of(rule, watches[rule.id], channels, latest.get(rule.id)) for rule in rules]
