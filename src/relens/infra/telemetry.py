"""Numbers about the server itself, for Prometheus.

Every label is bounded: by the deployments there are (those that are gone are forgotten), by roles, by routes as they are written.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from prometheus_client import Counter, Gauge, Histogram

ANSWERS = Histogram(
    "relens_answer_seconds",
    "Time from the image's bytes to its detections, by deployment and role.",
    ["deployment", "role"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REFUSALS = Counter(
    "relens_refusals_total",
    "Images that were not answered, or not seen by a shadow, by deployment and reason.",
    ["deployment", "reason"],
)
UNLOGGED = Counter(
    "relens_unlogged_total",
    "Images answered although they could not be logged, by deployment and reason.",
    ["deployment", "reason"],
)
OLD_DELIVERIES = Counter(
    "relens_old_deliveries_total", "Messages of alerts that were over for long and were taken away."
)
REQUESTS = Counter(
    "relens_http_requests_total",
    "Requests by route and status; what no route takes is counted as route none.",
    ["method", "route", "status"],
)
# What is monitored, over this hour and the last, as it stood at most half a minute ago.
IMAGES = Gauge("relens_window_images", "Images answered in this hour and the last, by deployment.", ["deployment"])
LATENCY = Gauge(
    "relens_window_latency_seconds",
    "Latency of the answers of this hour and the last, by deployment and percentile.",
    ["deployment", "percentile"],
)
ERRORS = Gauge("relens_window_errors_ratio", "Share of failed predictions, by deployment.", ["deployment"])
DRIFT = Gauge(
    "relens_window_drift_ratio", "Kolmogorov-Smirnov distance to the training data, by deployment.", ["deployment"]
)
UNUSUAL = Gauge("relens_window_unusual_ratio", "Share of unusual images, by deployment.", ["deployment"])
OPEN_ALERTS = Gauge("relens_open_alerts", "Alerts that stand, by deployment and severity.", ["deployment", "severity"])


def show(gauge: Gauge, value: float | None, *labels: str) -> None:
    """Sets a gauge; what is not known has no series, rather than a number of before."""
    if value is not None:
        gauge.labels(*labels).set(value)
        return
    with suppress(KeyError):
        gauge.remove(*labels)


def forget_all_but(deployments: Collection[str]) -> None:
    """Takes away the numbers of deployments that are not among these names any more."""
    for metric, *labels in _OF_DEPLOYMENTS:
        samples = [sample.labels for family in metric.collect() for sample in family.samples]
        for gone in {tuple(one[name] for name in labels) for one in samples if one["deployment"] not in deployments}:
            with suppress(KeyError):
                metric.remove(*gone)


_OF_DEPLOYMENTS: tuple[tuple[Histogram | Counter | Gauge, *tuple[str, ...]], ...] = (
    (ANSWERS, "deployment", "role"),
    (REFUSALS, "deployment", "reason"),
    (UNLOGGED, "deployment", "reason"),
    (IMAGES, "deployment"),
    (LATENCY, "deployment", "percentile"),
    (ERRORS, "deployment"),
    (DRIFT, "deployment"),
    (UNUSUAL, "deployment"),
    (OPEN_ALERTS, "deployment", "severity"),
)
