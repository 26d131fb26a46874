"""Suggests the rules a deployment should have, with limits from its first day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import DAY, HOUR
from relens.kit.errors import NotFound
from relens.kit.spoken import percent
from relens.monitoring import sums
from relens.monitoring.measure import Measurement, Measuring
from relens.monitoring.window import Window

LEAST_IMAGES = 30
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_ERRORS, _UNUSUAL, _DRIFT, _LOSS = 0.01, 0.03, 0.1, 0.05


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`rule`: what to send to make it. `reason`: where its number comes from."""

    title: str
    reason: str
    rule: Mapping[str, Any]


def suggestions(database: Database, measuring: Measuring, deployment: Deployment) -> list[Suggestion]:
    """The rules worth having, the most useful first; those whose limit is not known yet are left out."""
    with database.read() as connection:
        extent = sums.extent(connection, deployment.id)
    first: dict[str, Measurement] = {}
    if extent is not None:
        now = clock.now()
        day = Window(extent[0], min(extent[0] + DAY, max(now, extent[0] + HOUR)))
        whole = Window(extent[0], max(now, extent[1] + HOUR))
        for name in ("latency", "errors", "outlier"):
            _measure(first, measuring, deployment, name, day, str(_HOUR_S))
        for name in ("detection_report", "classification_report"):
            _measure(first, measuring, deployment, name, whole)
    found = (_silence(), _latency(first), _errors(first), _drift(), _unusual(first), _reviewed(first))
    return [one for one in found if one is not None]


def _measure(
    first: dict[str, Measurement],
    measuring: Measuring,
    deployment: Deployment,
    name: str,
    window: Window,
    bucket: str = "auto",
) -> None:
    try:
        found = measuring.metric(deployment, name, window, bucket)
    except NotFound:
        return
    if found.available and found.count >= LEAST_IMAGES:
        first[name] = found


def _silence() -> Suggestion:
    rule = {"metric": "silence", "field": "usual_gaps", "operator": "above", "value": 3.0, "severity": "critical"}
    return Suggestion("No images", "no image for three times the usual gap at that hour of the day", rule)


def _latency(first: Mapping[str, Measurement]) -> Suggestion | None:
    p95 = _number(first.get("latency"), "p95")
    if p95 is None:
        return None
    limit = rounded_up(2 * p95)
    rule = {
        "metric": "latency", "field": "p95", "operator": "above", "value": limit, "clear_value": 0.9 * limit,
        "min_count": 200, "for_s": 10 * _MINUTE_S, "window_s": _HOUR_S,
    }  # fmt: skip
    return Suggestion("Latency", f"twice the p95 of the first day, {p95:.3g} ms", rule)


def _errors(first: Mapping[str, Measurement]) -> Suggestion:
    share = _number(first.get("errors"), "share") or 0.0
    limit = max(_ERRORS, rounded_up(3 * share) if share else 0.0)
    rule = {
        "metric": "errors", "field": "share", "operator": "above", "value": min(limit, 0.5), "estimator": "lower",
        "min_count": 100, "window_s": _HOUR_S,
    }  # fmt: skip
    said = (
        f"three times the {percent(share, 2)} of the first day"
        if limit > _ERRORS
        else "more than 1 % fail, with certainty"
    )
    return Suggestion("Failed predictions", said, rule)


def _drift() -> Suggestion:
    rule = {"metric": "drift", "field": "from_usual", "operator": "above", "value": _DRIFT, "min_count": 1}
    return Suggestion("Drift", "production is this far from what is usual, and that is no chance", rule)


def _unusual(first: Mapping[str, Measurement]) -> Suggestion:
    share = _number(first.get("outlier"), "unusual_share") or 0.0
    limit = max(_UNUSUAL, rounded_up(2 * share) if share else 0.0)
    rule = {
        "metric": "outlier", "field": "unusual_share", "operator": "above", "value": min(limit, 0.9), "estimator": "lower",
        "min_count": 100, "window_s": _DAY_S,
    }  # fmt: skip
    said = (
        f"twice the {100 * share:.1f} % of the first day" if limit > _UNUSUAL else "three times as many as chance gives"
    )
    return Suggestion("Unusual images", said, rule)


def _reviewed(first: Mapping[str, Measurement]) -> Suggestion | None:
    """Of all traffic, as the random checks say, with 95 % certainty; over when the number itself is good again."""
    for metric, field, title in (
        ("detection_report", "precision", "Precision"),
        ("classification_report", "accuracy", "Accuracy"),
    ):
        value = _number(first.get(metric), field)
        if value is None:
            continue
        limit = max(floor((value - _LOSS) * 100) / 100, 0.01)
        rule = {
            "metric": metric, "field": field, "operator": "below", "value": limit, "estimator": "upper",
            "min_count": 100, "window_s": 7 * _DAY_S, "keep_firing_s": 3 * _DAY_S, "severity": "critical",
        }  # fmt: skip
        return Suggestion(title, f"five points below the {100 * value:.0f} % of the reviews so far", rule)
    return None


def _number(measured: Measurement | None, field: str) -> float | None:
    found = (measured.value or {}).get(field) if measured else None
    return float(found) if isinstance(found, int | float) else None


def rounded_up(value: float) -> float:
    """To two digits, as a person would write a limit."""
    step = 10.0 ** (floor(log10(value)) - 1)
    return round(ceil(round(value / step, 6)) * step, 12)
