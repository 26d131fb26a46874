"""Gathers what the home and deployment pages show of one deployment, from the rooms below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from relens.alerts import store as alert_store
from relens.datasets import store as dataset_store
from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.clock import DAY, HOUR, Micros
from relens.loop import store as loop_store
from relens.loop.policy import FeedbackLoop, Policies
from relens.monitoring import store as monitoring_store
from relens.monitoring.measure import Measuring
from relens.monitoring.watching import standing
from relens.monitoring.window import Window
from relens.overview.pipeline import Block, Pipeline, State, what_next
from relens.predictions import signal_rows
from relens.predictions.retention import store as tallies

REVIEWED = ("accepted", "corrected", "unusable", "skipped")
POINTS = 24
MISSED_DAYS = 30


@dataclass(frozen=True, slots=True)
class Summary:
    """One deployment at a glance; counts are of the champion's answers."""

    predictions: int
    last_prediction_at: Micros | None
    reviewed: int
    pending: int
    unusable: int
    open_alerts: int
    pipeline: Pipeline
    next: list[str]
    missed: Mapping[str, int]
    left_usual: str | None
    waiting: bool


def summary(connection: Connection, deployment: Deployment) -> Summary:
    """From a handful of indexed counts; cheap enough to poll."""
    counts = signal_rows.counts(connection, deployment.id)
    predictions, reviewed = sum(counts.values()), sum(counts.get(state, 0) for state in REVIEWED)
    policies = loop_store.policies(connection, deployment.id)
    blocks = pipeline(connection, deployment, policies)
    waiting = any(d.applied == "waiting" for d in loop_store.open_decisions(connection, deployment.id))
    left = left_usual(connection, deployment)
    return Summary(
        predictions=predictions,
        last_prediction_at=signal_rows.last_taken_at(connection, deployment.id),
        reviewed=reviewed,
        pending=counts.get("pending", 0),
        unusable=counts.get("unusable", 0),
        open_alerts=alert_store.count_open(connection, deployment.id),
        pipeline=blocks,
        next=what_next(blocks, predictions, reviewed, waiting, deployment.target == "external", left),
        missed=missed(connection, deployment),
        left_usual=left,
        waiting=waiting,
    )


def missed(connection: Connection, deployment: Deployment) -> Mapping[str, int]:
    """How many images of the last days the log has no line of, by reason."""
    sums = tallies.sums(connection, deployment.id, clock.now() // DAY - MISSED_DAYS + 1)
    return {reason: sums[reason][0] for reason in tallies.MISSED if reason in sums}


def left_usual(connection: Connection, deployment: Deployment) -> str | None:
    """How production has left what is usual, while that alarm stands."""
    now = standing(connection, deployment)
    return now.sentence if now.state == "alarm" else None


def pipeline(connection: Connection, deployment: Deployment, policies: Policies) -> Pipeline:
    """The four blocks as they are set."""
    feedback, training, rollout = policies.feedback, policies.training, policies.rollout
    return Pipeline(
        _training_data(connection, deployment),
        _feedback_loop(connection, feedback),
        Block("on", f"every {training.after} images, {training.trainer}") if training.active else Block("off", ""),
        Block("on", rollout.policy) if rollout.active else Block("off", ""),
    )


def _feedback_loop(connection: Connection, feedback: FeedbackLoop) -> Block:
    if not feedback.active or feedback.dataset is None:
        return Block("off", "")
    return Block("on", dataset_store.find_dataset(connection, feedback.dataset).name)


def _training_data(connection: Connection, deployment: Deployment) -> Block:
    chosen = monitoring_store.get_training_data(connection, deployment.id)
    if chosen is None:
        return Block("off", "")
    fitted = monitoring_store.get_reference(connection, chosen.reference) if chosen.reference else None
    states: dict[str, State] = {"preparing": "preparing", "filling": "on", "ready": "on", "failed": "failed"}
    title = dataset_store.get(connection, chosen.dataset_version).title
    return Block(states[fitted.state] if fitted else "preparing", title)


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a deployment has been lately: images and median latency in each hour of the last day it was used, and its headline numbers."""

    volume: list[int]
    latency: list[float | None]
    p50_ms: float | None
    drift: float | None


def pulse(measuring: Measuring, deployment: Deployment, last: Micros | None) -> Pulse:
    """Ends with the last prediction, so that a quiet deployment still shows what it did."""
    if last is None:
        return Pulse([0] * POINTS, [None] * POINTS, None, None)
    until = min(last + HOUR - last % HOUR, clock.now() + HOUR)
    window = Window(until - DAY, until)
    volume = measuring.metric(deployment, "volume", window, str(HOUR // clock.SECOND))
    latency = measuring.metric(deployment, "latency", window, str(HOUR // clock.SECOND))
    drift = measuring.metric(deployment, "drift", window)
    images, medians = (_by_hour(one.series, window.since) for one in (volume, latency))
    return Pulse(
        [int((point or {}).get("images") or 0) for point in images],
        [_number(point, "p50") for point in medians],
        _number(latency.value, "p50"),
        _number(drift.value, "d"),
    )


def _by_hour(series: tuple[dict[str, Any], ...], since: Micros) -> list[dict[str, Any] | None]:
    """The point of each hour; None where nothing came."""
    points: list[dict[str, Any] | None] = [None] * POINTS
    for point in series:
        place = (int(point["t"]) - since) // HOUR
        if 0 <= place < POINTS:
            points[place] = point
    return points


def _number(value: dict[str, Any] | None, name: str) -> float | None:
    found = (value or {}).get(name)
    return float(found) if isinstance(found, int | float) else None
