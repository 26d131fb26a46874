"""Says what is likely behind an alert: what the metric itself knows, which source stands out, which version is new."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from sqlalchemy import Connection

from relens.alerts import feed
from relens.alerts.reading import Seen
from relens.alerts.rule import AlertRule
from relens.alerts.slice import Slice
from relens.alerts.subject import FEED, subject_of, written
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import HOUR, SECOND, Micros
from relens.monitoring.measure import Measurement, Measuring
from relens.registry import store as registry

_BY_SOURCE = {"latency", "outlier", "detections_per_image", "confidence"}
_FAR = 2.0
"""The source that stands out is so many times as far from its limit's side as the usual one."""
_MOST_SOURCES = 20


def likely_cause(
    database: Database,
    measuring: Measuring,
    deployment: Deployment,
    rule: AlertRule,
    slice_: str,
    seen: Seen,
    at: Micros,
) -> str:
    """One sentence without its full stop, "" where nothing stands out."""
    source = Slice.of(rule, slice_).source or ""
    parts = [metric_says(seen.measurement)] if seen.measurement is not None else []
    with database.read() as connection:
        parts.append(_version(connection, deployment, rule, at))
        if rule.metric == "silence" or (rule.metric in FEED and rule.operator == "below"):
            parts.append(_feed(connection, deployment, source, at))
        several = (
            not slice_
            and rule.metric in _BY_SOURCE
            and 2 <= len(feed.sources(connection, deployment.id, at)) <= _MOST_SOURCES
        )
    if several:
        apart = measuring.apart(deployment, rule.metric, Slice.of(rule, "").window(rule, at), "source")
        parts.append(standing_out(rule, apart))
    return "; ".join(part for part in parts if part)


def metric_says(measured: Measurement) -> str:
    """What the metric itself says about why."""
    value = measured.value or {}
    if measured.metric == "errors" and value.get("kinds"):
        kind, count = next(iter(value["kinds"].items()))
        return f"most of them: {kind} ({count:,} of {value['errors']:,})"
    if measured.metric == "outlier":
        return str(value.get("sentence") or "")
    if measured.metric != "drift" or not value.get("features"):
        return ""
    if value.get("sentence"):
        return str(value["sentence"])
    said = str(value["features"][0]["sentence"])
    behind = value.get("slice")
    return f"{said}, most of it from {behind['source']}" if behind and behind["source"] else said


def standing_out(rule: AlertRule, apart: Mapping[str, Measurement]) -> str:
    """The source that is far from the others on the side of the limit."""
    numbers = {
        name: float(found)
        for name, measured in apart.items()
        if isinstance(found := (measured.value or {}).get(rule.field), int | float)
    }
    if len(numbers) < 2:
        return ""
    above = rule.operator == "above"
    worst = (max if above else min)(numbers, key=lambda name: numbers[name])
    others = median(number for name, number in numbers.items() if name != worst)
    far = numbers[worst] > _FAR * others if above else _FAR * numbers[worst] < others
    unit = subject_of(rule.metric, rule.field).unit
    return f"most of it from {worst}: {written(numbers[worst], unit)}, elsewhere {written(others, unit)}" if far else ""


def _version(connection: Connection, deployment: Deployment, rule: AlertRule, at: Micros) -> str:
    """A champion that is younger than the window, and not the first."""
    champions = [one for one in deployments.history(connection, deployment.id) if one.role == "champion"]
    if len(champions) < 2 or champions[0].model_version is None:
        return ""
    if at - champions[0].since > max(rule.window_s * SECOND, HOUR):
        return ""
    title = registry.titles(connection, [champions[0].model_version]).get(champions[0].model_version, "another version")
    return f"{title} answers since {clock.to_text(champions[0].since)[11:16]} UTC"


def _feed(connection: Connection, deployment: Deployment, source: str, at: Micros) -> str:
    """Since when nothing comes, and whether only from some."""
    last = feed.last_image(connection, deployment.id, at, source)
    if last is None:
        return ""
    came = f"the last image came at {clock.to_text(last)[:16].replace('T', ' ')} UTC"
    if not source:
        return came
    newest = feed.last_image(connection, deployment.id, at, "")
    # Sources that stop together do so some seconds apart.
    go_on = newest is not None and at - newest < (at - last) / 2
    return f"{came}, the other sources go on" if go_on else f"{came}, as from the other sources"
