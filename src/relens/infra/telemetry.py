"""Numbers about the server itself, for Prometheus, and the traces its requests belong to.

Every label is bounded: by the deployments there are (those that are gone are forgotten), by roles, by routes as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from relens.kit.errors import Invalid


class BadTrace(Invalid):
    """What is given as a prediction's trace names none."""


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

_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}")
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


def trace_of(headers: Sequence[str]) -> str | None:
    """The trace id of a `traceparent` header (W3C Trace Context), 32 hex digits; None for none, several, or one that is not valid."""
    if len(headers) != 1:
        return None
    found = _TRACEPARENT.fullmatch(headers[0].strip())
    # Only a later version of the standard may say more than these four fields.
    return found[2] if found and (found[1] != "00" or found[5] is None) else None


def own_trace(written: Any) -> str:
    """The trace id a prediction brings itself: 32 small hex digits, or in a whole `traceparent`. Raises BadTrace."""
    found = written if isinstance(written, str) and _TRACE.fullmatch(written) else None
    if found is None and isinstance(written, str):
        found = trace_of([written])
    if found is None:
        raise BadTrace("a trace is a trace id of 32 small hex digits, or the `traceparent` it came with")
    return found


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
