"""The sources of a window side by side: what each sent and how it was answered, from one reading of the sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.clock import DAY, HOUR, Micros
from relens.metrics.metric import METRICS, State, Summed
from relens.monitoring import sums
from relens.monitoring.bucket import Cell
from relens.monitoring.fitted import Fitted, FittedReferences
from relens.monitoring.gather import from_log, together
from relens.monitoring.project import Projection
from relens.monitoring.shown import shown
from relens.monitoring.span import Span, cover
from relens.monitoring.window import Window, whole_hours, width

POINTS = 24
_SHOWN = ("volume", "latency", "confidence", "outlier", "drift")
_BY_HOURS = 10 * DAY
"""The volume of a longer window is read by days; everything else, of which one number is shown, always is where a day is whole."""

States = list[tuple[Cell, State]]


@dataclass(frozen=True, slots=True)
class Camera:
    """One source in a window; `volume` is its images in POINTS equal parts of it. None: not known."""

    images: int
    volume: list[int]
    p95_ms: float | None
    confidence: float | None
    unusual_share: float | None
    drift: float | None
    moved: str | None
    """What moved most, as a sentence; None where it is no more than chance would show."""


@dataclass(frozen=True, slots=True)
class Cameras:
    """Reads only."""

    projection: Projection
    references: FittedReferences

    def of(self, connection: Connection, deployment: Deployment, window: Window) -> dict[str, Camera]:
        """By source; images without one are no camera."""
        states = self._states(connection, deployment, window)
        counted = {cell.reference for cell, _ in states if cell.metric == "drift"}
        fitted = shown(connection, deployment, self.references, counted)
        by_source: dict[str, States] = defaultdict(list)
        for cell, state in states:
            if cell.bucket.source:
                by_source[cell.bucket.source].append((cell, state))
        return {source: _camera(states, window, fitted) for source, states in by_source.items()}

    def _states(self, connection: Connection, deployment: Deployment, window: Window) -> States:
        if width(window) < HOUR:
            found = from_log(connection, self.projection, deployment, _SHOWN, window, HOUR, None)
            if found is not None:
                return found.states
        since, until = whole_hours(window)
        if sums.extent(connection, deployment.id, since, until) is None:
            return []
        by_hours = ["volume"] if until - since <= _BY_HOURS else []
        by_days = [one for one in _SHOWN if one not in by_hours]
        read: list[tuple[list[str], Span]] = [(by_hours, "hour"), (by_days, "day")]
        states: States = []
        for metrics, widest in read:
            stretches = cover(since, until, widest)
            which = sums.Which(stretches, window.source, window.model_version, window.role, window.label)
            states += sums.cells(connection, deployment.id, metrics, which)
        return states


def _camera(states: States, window: Window, fitted: Fitted | None) -> Camera:
    volume = _of(states, "volume", "")
    reference = fitted.reference.id if fitted else None
    drift = _value("drift", _of(states, "drift", reference), fitted)
    moved = (drift.get("features") or [None])[0]
    latency = _value("latency", _of(states, "latency", ""), fitted)
    return Camera(
        images=sum(int(state[0]) for _, state in volume),
        volume=_by_part(volume, window),
        p95_ms=latency.get("p95"),
        confidence=_value("confidence", _of(states, "confidence", ""), fitted).get("mean"),
        unusual_share=_value("outlier", _of(states, "outlier", reference), fitted).get("unusual_share"),
        drift=drift.get("d"),
        moved=moved["sentence"] if moved and moved["d_beyond_chance"] > 0 else None,
    )


def _of(states: States, metric: str, reference: str | None) -> States:
    return [one for one in states if one[0].metric == metric and one[0].reference == reference]


def _value(name: str, states: States, fitted: Fitted | None) -> dict[str, Any]:
    metric = METRICS.get(name)
    assert isinstance(metric, Summed)
    return metric.value(together(states), fitted.reference if fitted else None) if states else {}


def _by_part(volume: Sequence[tuple[Cell, State]], window: Window) -> list[int]:
    parts, length = [0] * POINTS, max(window.until - window.since, 1)
    for cell, state in volume:
        parts[_part(cell.bucket.hour, window.since, length)] += int(state[0])
    return parts


def _part(at: Micros, since: Micros, length: Micros) -> int:
    return min(max((at - since) * POINTS // length, 0), POINTS - 1)
