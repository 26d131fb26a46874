"""Reads the number a rule is about, now."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from relens.alerts import feed, unlogged
from relens.alerts.rule import AlertRule, Reading
from relens.alerts.slice import Slice
from relens.alerts.stop import PlannedStop
from relens.alerts.subject import FEED, OF_PRODUCTION, SUBJECTS
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit.clock import HOUR, SECOND, Micros
from relens.metrics.intervals import Interval, jeffreys
from relens.monitoring import sums
from relens.monitoring.estimated import Estimates
from relens.monitoring.estimating import Estimating
from relens.monitoring.measure import Measurement, Measuring
from relens.monitoring.window import Window

NEWEST = 1000
"""Of a short window at most so many of its latest predictions are read from the log; longer windows are sums of hours."""
_SHORT = 6 * HOUR
_MINUTE_S = 60
_REMEMBERED = 2000

UNKNOWN = Reading(None, 0)


class Seen(NamedTuple):
    """The number, and the measurement behind it where there is one."""

    reading: Reading
    measurement: Measurement | None = None


class Numbers:
    """What rules are about, of one of their slices."""

    def __init__(self, database: Database, measuring: Measuring, estimating: Estimating) -> None:
        self._database = database
        self._measuring = measuring
        self._estimating = estimating
        self._usual_gaps: OrderedDict[tuple[str, str, Micros], Micros] = OrderedDict()

    def read(
        self, deployment: Deployment, rule: AlertRule, slice_: str, at: Micros, stops: Sequence[PlannedStop] = ()
    ) -> Seen:
        """Raises NotFound for a metric the deployment does not have."""
        about = Slice.of(rule, slice_)
        window, source = about.window(rule, at), about.source or ""
        short = rule.window_s * SECOND <= _SHORT
        if rule.metric in ("volume", "throughput") or not short:
            with self._database.read() as connection:
                if feed.behind(connection, deployment.id, at):
                    return Seen(UNKNOWN)
        if rule.metric in FEED:
            with self._database.read() as connection:
                return Seen(self._feed(connection, deployment, rule, window, source, at, stops))
        if rule.metric == unlogged.METRIC:
            with self._database.read() as connection:
                return Seen(unlogged.lately(connection, deployment.id, at))
        if rule.estimator != "point" and SUBJECTS[rule.metric, rule.field].bounded == "all traffic":
            with self._database.read() as connection:
                return Seen(_bound(self._estimating.of(connection, deployment, window), rule))
        if (rule.metric, rule.field) in OF_PRODUCTION:
            measured = self._measuring.of_production(deployment)
            return Seen(_of(rule, measured), measured)
        measured = self._measuring.metric(deployment, rule.metric, window, "auto", NEWEST if short else None)
        if measured.progress is not None and not measured.progress.complete:
            return Seen(UNKNOWN)  # the log is read piece by piece, one with each look
        reading = _of(rule, measured)
        if short and reading.count >= NEWEST and rule.metric != "drift" and not window.of_the_log:
            with self._database.read() as connection:
                count = feed.images(connection, deployment.id, window.since, window.until, source)
            reading = Reading(reading.value, max(count, reading.count), reading.point)
        return Seen(reading, measured)

    def _feed(
        self,
        connection: Connection,
        deployment: Deployment,
        rule: AlertRule,
        window: Window,
        source: str,
        at: Micros,
        stops: Sequence[PlannedStop],
    ) -> Reading:
        if rule.metric == "silence":
            return self._silence(connection, deployment, source, at, stops)
        if any(one.touches(source, window.since, at) for one in stops):
            return UNKNOWN
        count = feed.images(connection, deployment.id, window.since, window.until, source)
        if rule.metric == "volume":
            return Reading(float(count), count)
        extent = sums.extent(connection, deployment.id)
        begun = max(window.since, extent[0] if extent else at)
        minutes = (at - begun) / SECOND / _MINUTE_S
        return Reading(count / minutes, count) if minutes >= 1 else UNKNOWN

    def _silence(
        self, connection: Connection, deployment: Deployment, source: str, at: Micros, stops: Sequence[PlannedStop]
    ) -> Reading:
        """How many times the usual gap it has been since the last image, or since the end of a planned stop."""
        last = feed.last_image(connection, deployment.id, at, source)
        if last is None:
            return UNKNOWN
        ended = [one.until for one in stops if one.until <= at and one.touches(source, last, at)]
        usual = self._usual_gap(connection, deployment.id, source, at)
        return UNKNOWN if usual is None else Reading((at - max([last, *ended])) / usual, 1)

    def _usual_gap(self, connection: Connection, deployment: str, source: str, at: Micros) -> Micros | None:
        """Remembered for the hour; while it is not known, one imported day may change that."""
        key = (deployment, source, at - at % HOUR)
        if key not in self._usual_gaps:
            found = feed.usual_gap(connection, deployment, at, source)
            if found is None:
                return None
            self._usual_gaps[key] = found
            while len(self._usual_gaps) > _REMEMBERED:
                self._usual_gaps.popitem(last=False)
        return self._usual_gaps[key]


def _of(rule: AlertRule, measured: Measurement) -> Reading:
    value = measured.value or {}
    found = value.get(rule.field)
    count = int(value.get("n", measured.count) if rule.metric == "drift" else measured.count)
    if not isinstance(found, int | float):
        return Reading(None, count)
    if rule.estimator == "point":
        return Reading(float(found), count)
    between = _interval(rule.metric, value)
    return Reading(None if between is None else getattr(between, rule.estimator), count, float(found))


def _interval(metric: str, value: dict[str, Any]) -> Interval | None:
    """Of a share, from its counts."""
    if metric == "errors":
        return jeffreys(value["errors"], value["predictions"])
    return jeffreys(value["unusual"], value["scored"]) if metric == "outlier" else None


def _bound(found: Estimates, rule: AlertRule) -> Reading:
    """A bound that holds however often one looks: alerts look all the time."""
    one = next((item.estimate for item in found.items if item.metric == rule.field), None)
    if one is None:
        return Reading(None, found.reviews)
    bound = one.always_lower if rule.estimator == "lower" else one.always_upper
    return Reading(bound, found.reviews, one.value)
