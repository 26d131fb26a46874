"""Watches the rules: measures what each is about, and writes down when it begins or ends to hold."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from relens.alerts import feed, stop_rows, store, unlogged
from relens.alerts.cause import likely_cause
from relens.alerts.reading import Numbers, Seen
from relens.alerts.rule import AlertRule, Change, NoRule, Reading, Watch, advance
from relens.alerts.slice import Slice, named, whole
from relens.alerts.stop import stopped
from relens.alerts.tell import Happening, remember, tell
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, NoDeployment
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import SECOND, Micros
from relens.kit.errors import NotFound, Unavailable
from relens.monitoring import store as sums
from relens.monitoring.estimating import Estimating
from relens.monitoring.measure import Measuring
from relens.review import store as verdicts

logger = logging.getLogger("relens.alerts")

_NOT_MORE_OFTEN, _AT_LEAST_EVERY = 3 * SECOND, 15 * SECOND
_ESTIMATES_EVERY = 60 * SECOND
_MOST_SLICES = 100
_LONGEST_BACK = 91 * clock.DAY


class Evaluation:
    """`step` for a follower: looks at every active rule whose numbers may have changed."""

    def __init__(
        self,
        database: Database,
        measuring: Measuring,
        address: str = "",
        now: Callable[[], Micros] = clock.now,
        estimating: Estimating | None = None,
    ) -> None:
        self._database = database
        self._measuring = measuring
        self._numbers = Numbers(database, measuring, estimating or Estimating())
        self._address = address
        self._now = now
        self._looked: dict[str, tuple[Micros, object]] = {}
        self.stepped_at: Micros | None = None
        """When every rule was last looked after, for whoever watches the watcher."""

    def step(self) -> bool:
        unlogged.add_missing(self._database, self._now())
        with self._database.read() as connection:
            rules = store.rules(connection, active_only=True)
            standing = store.watches(connection, [rule.id for rule in rules])
            counted = sums.cursors(connection) if rules else {}
            reviewed = verdicts.last_seq(connection) if rules else 0
        at, well = self._now(), True
        self._looked = {rule.id: self._looked[rule.id] for rule in rules if rule.id in self._looked}
        for rule in rules:
            seen = (counted.get(rule.deployment), reviewed, rule)
            looked_at, before = self._looked.get(rule.id, (0, None))
            calm = all(watch.state == "ok" for watch in standing[rule.id].values())
            if at - looked_at >= _pause(rule, calm and before == seen):
                self._looked[rule.id] = (at, seen)
                well &= self._looked_after(rule, at)
        if well:
            self.stepped_at = at
        return False

    def _looked_after(self, rule: AlertRule, at: Micros) -> bool:
        """A rule that breaks must not keep the others from being looked after; that it does, the heartbeat's silence says."""
        try:
            self.look(rule, at)
        except Unavailable:
            raise
        except Exception:
            logger.exception("the alert rule %s cannot be looked after", rule.id)
            return False
        return True

    def look(self, rule: AlertRule, at: Micros) -> Change | None:
        """Measures one rule's number now, of each slice, and takes it one step further; answers what there was to tell, of the last slice."""
        with self._database.read() as connection:
            try:
                deployment = deployments.get(connection, rule.deployment)
            except NoDeployment:
                return None
            stops = stop_rows.since(connection, deployment.id, at - _LONGEST_BACK)
            slices = self._slices(connection, rule, deployment, at)
        if deployment.archived_at is not None:
            if any(watch.state != "ok" for watch in slices.values()):
                self._database.write(partial(switch_off, rule=rule, at=at, note=f"'{deployment.name}' was archived"))
            return None
        change: Change | None = None
        for slice_, watch in slices.items():
            if stopped(stops, Slice.of(rule, slice_).source or "", at):
                self._database.write(partial(_rest, rule=rule, slice_=slice_, at=at))
                continue
            try:
                seen = self._numbers.read(deployment, rule, slice_, at, stops)
            except NotFound:
                return None
            change = self._advance(rule, deployment, slice_, watch, seen, at) or change
        return change

    def _slices(self, connection: Connection, rule: AlertRule, deployment: Deployment, at: Micros) -> dict[str, Watch]:
        """Where the rule stands with each slice; one that is gone is looked after as long as its alert stands."""
        known = store.watches(connection, [rule.id])[rule.id]
        names = [whole(rule)]
        if rule.each is not None:
            there = {
                "source": feed.sources(connection, rule.deployment, at),
                "tag": feed.tags(connection, rule.deployment, at, _MOST_SLICES) if rule.each == "tag" else [],
                "label": sorted(deployment.labels),
            }
            lately = named(rule, there[rule.each][:_MOST_SLICES])
            names = sorted({*lately, *(name for name, watch in known.items() if watch.state != "ok")})
        return {name: known.get(name, Watch()) for name in names}

    def _advance(
        self, rule: AlertRule, deployment: Deployment, slice_: str, watch: Watch, seen: Seen, at: Micros
    ) -> Change | None:
        following, change = advance(rule, watch, seen.reading, at)
        if following == watch:
            return None
        # Looking for a cause may take a while, so it is done before the transaction, and only when there is something to tell.
        cause = (
            likely_cause(self._database, self._measuring, deployment, rule, slice_, seen, at)
            if change == "firing"
            else ""
        )
        step = partial(_step, rule=rule, deployment=deployment, slice_=slice_, reading=seen.reading, cause=cause, at=at)
        return self._database.write(partial(step, address=self._address))


def _pause(rule: AlertRule, calm: bool) -> Micros:
    if calm:
        return _AT_LEAST_EVERY
    if rule.estimator != "point":
        return _ESTIMATES_EVERY
    return _AT_LEAST_EVERY if rule.each or rule.tag else _NOT_MORE_OFTEN


def _step(
    connection: Connection,
    rule: AlertRule,
    deployment: Deployment,
    slice_: str,
    reading: Reading,
    cause: str,
    at: Micros,
    address: str,
) -> Change | None:
    """One step in one transaction, from where the rule stands in the database: two servers tell of a change once."""
    if not _still(connection, rule):
        return None
    watch = store.get_watch(connection, rule.id, slice_)
    following, change = advance(rule, watch, reading, at)
    if following != watch:
        store.set_watch(connection, rule.id, slice_, following)
    if change is not None:
        tell(connection, Happening(rule, deployment, slice_, change, reading, cause, at, address), watch)
    return change


def _rest(connection: Connection, rule: AlertRule, slice_: str, at: Micros) -> None:
    """While a stop is planned nothing begins: what was pending starts anew."""
    watch = store.get_watch(connection, rule.id, slice_)
    if watch.state == "pending" and _still(connection, rule):
        store.set_watch(connection, rule.id, slice_, Watch("ok", at, resolved_at=watch.resolved_at))


def _still(connection: Connection, rule: AlertRule) -> bool:
    try:
        now = store.get_rule(connection, rule.id, lock=True)
    except NoRule:
        return False
    return now.active and now == rule


def switch_off(
    connection: Connection,
    rule: AlertRule,
    at: Micros,
    by: str | None = None,
    note: str = "the rule was switched off",
) -> None:
    """A rule that no longer watches ends its alerts; nobody is told, somebody just did it."""
    for standing in store.firing(connection, rule.id):
        store.change_alert(connection, standing.id, state="resolved", resolved_at=at, snoozed_until=None)
        remember(connection, standing, "resolved", at, None, by, note)
    store.forget_watches(connection, rule.id)
