"""Watches the rules: measures what each is about, and writes down when it begins or ends to hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection

from relens.alerts import store
from relens.alerts.alert import Alert, Delivery, event, resolved_sentence, sentence
from relens.alerts.rule import OF_PRODUCTION, AlertRule, Change, NoRule, Reading, Watch, advance
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, NoDeployment
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import HOUR, SECOND, Micros
from relens.kit.errors import NotFound
from relens.kit.ids import new_id
from relens.monitoring import store as sums
from relens.monitoring.measure import Measurement, Measuring
from relens.monitoring.window import Window
from relens.review import store as verdicts

NEWEST = 1000
"""Of a short window at most so many of its latest predictions are read from the log; longer windows are sums of hours."""
_SHORT = 6 * HOUR
_NOT_MORE_OFTEN, _AT_LEAST_EVERY = 3 * SECOND, 15 * SECOND


class Evaluation:
    """`step` for a follower: looks at every active rule whose numbers may have changed."""

    def __init__(
        self, database: Database, measuring: Measuring, address: str = "", now: Callable[[], Micros] = clock.now
    ) -> None:
        self._database = database
        self._measuring = measuring
        self._address = address
        self._now = now
        self._looked: dict[str, tuple[Micros, object]] = {}

    def step(self) -> bool:
        with self._database.read() as connection:
            rules = store.rules(connection, active_only=True)
            counted = sums.cursors(connection) if rules else {}
            reviewed = verdicts.last_seq(connection) if rules else 0
        at = self._now()
        for rule, watch in rules:
            seen = (counted.get(rule.deployment), reviewed, rule)
            looked_at, before = self._looked.get(rule.id, (0, None))
            changing = before != seen or watch.state != "ok"
            if at - looked_at >= (_NOT_MORE_OFTEN if changing else _AT_LEAST_EVERY):
                self._looked[rule.id] = (at, seen)
                self.look(rule, at)
        return False

    def look(self, rule: AlertRule, at: Micros) -> Change | None:
        """Measures one rule's number now and takes it one step further; answers what there was to tell."""
        with self._database.read() as connection:
            try:
                deployment = deployments.get(connection, rule.deployment)
            except NoDeployment:
                return None
        try:
            measured = measure(self._measuring, deployment, rule, at)
        except NotFound:
            return None
        reading = read(rule, measured)
        return self._database.write(
            partial(
                _advance,
                rule=rule,
                deployment=deployment,
                reading=reading,
                cause=cause(measured),
                at=at,
                address=self._address,
            )
        )


def measure(measuring: Measuring, deployment: Deployment, rule: AlertRule, at: Micros) -> Measurement:
    """The rule's metric over its window, which ends now, without what was imported: the past is nothing to be told of now."""
    if (rule.metric, rule.field) in OF_PRODUCTION:
        return measuring.of_production(deployment)
    window = Window(at - rule.window_s * SECOND, at + SECOND, imported=False)
    short = rule.window_s * SECOND <= _SHORT
    return measuring.metric(deployment, rule.metric, window, "auto", NEWEST if short else None)


def read(rule: AlertRule, measured: Measurement) -> Reading:
    """The number the rule is about; for volume, nothing counted means none."""
    if rule.metric == "volume" and not measured.available:
        return Reading(0.0, 0)
    found = (measured.value or {}).get(rule.field)
    count = (measured.value or {}).get("n", measured.count) if rule.metric == "drift" else measured.count
    return Reading(float(found) if isinstance(found, int | float) else None, int(count))


def cause(measured: Measurement) -> str:
    """What the metric itself says about why."""
    value = measured.value or {}
    if measured.metric != "drift" or not value.get("features"):
        return ""
    if value.get("sentence"):
        return str(value["sentence"])
    said = str(value["features"][0]["sentence"])
    behind = value.get("slice")
    return f"{said}, most of it from {behind['source']}" if behind and behind["source"] else said


def _advance(
    connection: Connection,
    rule: AlertRule,
    deployment: Deployment,
    reading: Reading,
    cause: str,
    at: Micros,
    address: str,
) -> Change | None:
    """One step in one transaction, from where the rule stands in the database: two servers tell of a change once."""
    try:
        now, watch = store.get_rule(connection, rule.id, lock=True)
    except NoRule:
        return None
    if not now.active or now != rule:
        return None
    following, change = advance(rule, watch, reading, at)
    if following != watch:
        store.set_watch(connection, rule.id, following)
    if change is not None and reading.value is not None:
        _tell(connection, rule, deployment, reading.value, reading.count, change, cause, at, address)
    return change


def _tell(
    connection: Connection,
    rule: AlertRule,
    deployment: Deployment,
    value: float,
    count: int,
    change: Change,
    cause: str,
    at: Micros,
    address: str,
) -> None:
    if change == "firing":
        alert = Alert(
            new_id(), rule.id, rule.deployment, rule.metric, rule.field, rule.operator, value, rule.value, count,
            "firing", at, None, None, None, sentence(rule, deployment.name, value, count, cause),
        )  # fmt: skip
        store.insert_alert(connection, alert)
        said = alert.sentence
    else:
        standing = store.firing(connection, rule.id)
        if standing is None:
            return
        store.resolve(connection, standing.id, at)
        alert, said = standing, resolved_sentence(rule, deployment.name, value)
    if rule.webhook:
        store.insert_delivery(connection, delivery(rule, deployment, alert, change, said, at, address))


def delivery(
    rule: AlertRule, deployment: Deployment, alert: Alert, change: Change, said: str, at: Micros, address: str
) -> Delivery:
    """The message about a change, on its way to the rule's webhook."""
    about: dict[str, Any] = {
        "alert": alert.id,
        "rule": rule.id,
        "deployment": deployment.name,
        "metric": rule.metric,
        "field": rule.field,
        "operator": rule.operator,
        "value": alert.value,
        "limit": alert.limit,
        "count": alert.count,
        "state": change,
        "since": clock.to_text(alert.since),
        "sentence": said,
        "link": f"{address}/deployments/{deployment.name}",
    }
    identity = new_id()
    body = event(identity, change, about, f"{address}/deployments/{deployment.name}", clock.to_text(at))
    return Delivery(
        identity, rule.id, alert.id, change, "webhook", rule.webhook or "", body, "waiting", 0, at, "", at, None
    )


def switch_off(connection: Connection, rule: AlertRule, at: Micros) -> None:
    """A rule that no longer watches ends its alert; nobody is told, somebody just did it."""
    standing = store.firing(connection, rule.id)
    if standing is not None:
        store.resolve(connection, standing.id, at)
    store.set_watch(connection, rule.id, Watch("ok", at))
