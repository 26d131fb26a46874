"""Publishes what is monitored as Prometheus series: of each deployment, over this hour and the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from relens.alerts import store
from relens.alerts.rule import Severity
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra import telemetry
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import HOUR, SECOND, Micros
from relens.monitoring import sums
from relens.monitoring.headlines import Headlines
from relens.monitoring.window import Window

EVERY_S = 15
_PERCENTILES = {"p50": "50", "p90": "90", "p95": "95", "p99": "99"}
"""Not called quantiles: Prometheus keeps that word for its summaries."""
_SHOWN = ("volume", "latency", "outlier", "drift", "errors")
_OF_METRICS = {
    ("outlier", "unusual_share"): telemetry.UNUSUAL,
    ("drift", "d"): telemetry.DRIFT,
    ("errors", "share"): telemetry.ERRORS,
}


class Series:
    """`step` for a follower."""

    def __init__(self, database: Database, headlines: Headlines, now: Callable[[], Micros] = clock.now) -> None:
        self._database = database
        self._headlines = headlines
        self._now = now

    def step(self) -> bool:
        with self._database.read() as connection:
            known = deployments.all_of_them(connection)
            standing = store.open_by_severity(connection)
            extents = {one.id: sums.extent(connection, one.id) for one in known}
        at = self._now()
        for one in known:
            for severity in get_args(Severity):
                telemetry.OPEN_ALERTS.labels(one.name, severity).set(standing.get((one.id, severity), 0))
            if extents[one.id] is not None:
                self._publish(one, at)
        telemetry.forget_all_but({one.name for one in known})
        return False

    def _publish(self, deployment: Deployment, at: Micros) -> None:
        """Sums only, so that it costs the same however much is answered; what is not known has no series."""
        window = Window(at - at % HOUR - HOUR, at + SECOND, imported=False)
        with self._database.read() as connection:
            values = self._headlines.of(connection, deployment, _SHOWN, window)
        telemetry.IMAGES.labels(deployment.name).set(values["volume"].get("images") or 0)
        for (metric, field), gauge in _OF_METRICS.items():
            telemetry.show(gauge, values[metric].get(field), deployment.name)
        for field, percentile in _PERCENTILES.items():
            found = values["latency"].get(field)
            telemetry.show(telemetry.LATENCY, None if found is None else found / 1000, deployment.name, percentile)
