"""Measures a deployment in a window: one metric, or the whole dashboard in one go.

What is not known is said so, with what it would need; it is never 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.kit import clock
from relens.kit.clock import DAY, HOUR, Micros
from relens.kit.errors import NotFound
from relens.metrics.average_precision import Curve
from relens.metrics.kinds.average_precision import Ranked
from relens.metrics.metric import METRICS, NEEDED, Summed, Supervised, of_task
from relens.monitoring import drift_now, points, store, sums, traced
from relens.monitoring.bucket import IMPORTED
from relens.monitoring.fitted import Fitted, FittedReferences
from relens.monitoring.gather import Gathered, gather, together
from relens.monitoring.project import Projection
from relens.monitoring.remembered import Remembered
from relens.monitoring.reviewed import Look, Reviewed
from relens.monitoring.scan import Scans
from relens.monitoring.shown import shown
from relens.monitoring.span import cover
from relens.monitoring.traced import Trace
from relens.monitoring.training_data import FittedReference
from relens.monitoring.typical import Typical
from relens.monitoring.window import Window, as_drawn, whole_hours

Division = Literal["source", "model_version", "role"]

_NOTHING_TO_COMPARE = "nothing was measured of these images that could be compared: send the image, or `feature` and `scalars`, with what is predicted elsewhere"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One metric in one window. `count` images stand behind it; `needs` says what is missing when it is not available."""

    metric: str
    available: bool
    needs: str | None
    since: Micros
    until: Micros
    count: int
    value: dict[str, Any] | None
    series: tuple[dict[str, Any], ...]
    progress: Progress | None = None
    """The log is being read: what is said so far, ask again for more."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the log was read for a question that no sums are kept for."""

    read: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything the monitoring page shows; the lists say what can be filtered by."""

    since: Micros
    until: Micros
    width: Micros
    metrics: dict[str, Measurement]
    sources: tuple[str, ...]
    model_versions: tuple[str, ...]
    labels: tuple[str, ...]
    roles: tuple[str, ...] = ()
    progress: Progress | None = None


class Measuring:
    """Answers questions about numbers; reads only."""

    def __init__(
        self,
        database: Database,
        projection: Projection,
        fitted: FittedReferences,
        now: Callable[[], Micros] = clock.now,
    ) -> None:
        self._database = database
        self._projection = projection
        self._fitted = fitted
        self._reviewed = Reviewed()
        self._scans = Scans()
        self._remembered = Remembered()
        self._typical = Typical(now)
        self._now = now

    def metric(
        self, deployment: Deployment, name: str, window: Window, bucket: str = "auto", newest: int | None = None
    ) -> Measurement:
        """One metric. `newest`: only so many of the latest predictions, read from the log (alerts ask so)."""
        metric = METRICS.get(name)
        if deployment.task not in metric.tasks:
            raise NotFound(f"the metric '{name}' does not apply to {deployment.task}")
        window, wide = as_drawn(window, bucket)
        with self._database.read() as connection:
            if isinstance(metric, Supervised):
                found = self._corrected(connection, deployment, metric, window, wide)
                with self._reviewed.look(connection, deployment, window) as look:
                    return _judged(look, name, metric, window, wide, found, _whole_image(deployment))
            assert isinstance(metric, Summed)
            found = gather(
                connection, self._projection, deployment, [name], window, wide, newest, self._scans, self._remembered
            )
            return self._summed(connection, deployment, name, metric, window, found)

    def dashboard(self, deployment: Deployment, window: Window, bucket: str = "auto") -> Dashboard:
        """Every metric of the deployment's task."""
        window, wide = as_drawn(window, bucket)
        metrics = of_task(deployment.task)
        names = [name for name, metric in metrics.items() if isinstance(metric, Summed)]
        measured: dict[str, Measurement] = {}
        with self._database.read() as connection:
            found = gather(
                connection, self._projection, deployment, names, window, wide, None, self._scans, self._remembered
            )
            for name, metric in metrics.items():
                if isinstance(metric, Summed):
                    measured[name] = self._summed(connection, deployment, name, metric, window, found)
            window = replace(window, since=found.since, until=found.until)
            with self._reviewed.look(connection, deployment, window) as look:
                for name, metric in metrics.items():
                    if isinstance(metric, Supervised):
                        measured[name] = _judged(
                            look, name, metric, window, found.width, found, _whole_image(deployment)
                        )
        return Dashboard(
            found.since,
            found.until,
            found.width,
            measured,
            tuple(sorted({one.source for one in found.divisions} - {""})),
            tuple(sorted({one.model_version for one in found.divisions} - {""})),
            tuple(sorted({*deployment.labels, *(cell.label for cell, _ in found.of("label_distribution"))})),
            tuple(sorted({one.role for one in found.divisions})),
            _progress(found),
        )

    def of_production(self, deployment: Deployment) -> Measurement:
        """Drift against usual production now, which no window of a page changes."""
        with self._database.read() as connection:
            value = drift_now.of_production(connection, deployment, self._fitted)
        now, known = clock.now(), value["from_usual"] is not None
        needs = None if known else "usual production"
        return Measurement("drift", known, needs, now - HOUR, now, value["n"], value, ())

    def apart(self, deployment: Deployment, name: str, window: Window, by: Division) -> dict[str, Measurement]:
        """The metric of each source, version or role of the window by itself; shadows too where roles are asked for."""
        since, until = whole_hours(window)
        with self._database.read() as connection:
            filled = sums.extent(connection, deployment.id, since, until)
            there = sums.divisions(connection, deployment.id, cover(since, until, "day")) if filled else set()
        fitting = [
            one
            for one in there
            if all(getattr(window, name) in (None, getattr(one, name)) for name in ("source", "model_version", "role"))
        ]
        values = sorted({getattr(one, by) for one in fitting if by == "role" or one.role != "shadow"} - {"", IMPORTED})
        return {value: self.metric(deployment, name, replace(window, **{by: value})) for value in values}

    def curves(
        self, connection: Connection, deployment: Deployment, window: Window, iou: float
    ) -> tuple[int, dict[str, Curve | None]]:
        """(reviewed images, precision-recall curve by label); NotFound for a task without shapes."""
        if deployment.task not in METRICS.get("average_precision").tasks:
            raise NotFound(f"there are no precision-recall curves for {deployment.task}")
        labels = [window.label] if window.label is not None else list(deployment.labels)
        with self._reviewed.look(connection, deployment, window) as look:
            bench = look.bench("average_precision")
            assert isinstance(bench, Ranked)
            ranked = bench.store(look.keys)
            return len(look.keys), {one: ranked.curve(one, iou) if one in ranked.labels else None for one in labels}

    def everything(self, deployment: Deployment) -> Window:
        """The window from the first prediction until now; the last day where there is none."""
        now = self._now()
        with self._database.read() as connection:
            extent = sums.extent(connection, deployment.id)
        first, last = extent or (now - DAY, now)
        return Window(min(first, now - HOUR), max(now, last + HOUR))

    def _summed(
        self, connection: Connection, deployment: Deployment, name: str, metric: Summed, window: Window, found: Gathered
    ) -> Measurement:
        states = found.of(name)
        empty = Measurement(
            name, False, None, found.since, found.until, found.images, None, (), progress=_progress(found)
        )
        if metric.needs == "training data" or name == "label_distribution":  # which shows the training data beside it
            fitted = shown(connection, deployment, self._fitted, {cell.reference for cell, _ in states})
        else:
            fitted = None
        if metric.needs == "training data" and fitted is None:
            return replace(empty, needs=self._what_training_data_needs(connection, deployment))
        if not states:
            lacks = metric.lacks if fitted is None or metric.needs == "predictions" else _NOTHING_TO_COMPARE
            return replace(empty, needs=(found.images and lacks) or NEEDED["predictions"])
        if name == "drift" and fitted is not None:
            return self._drift(connection, deployment, window, found, fitted)
        reference = fitted.reference if fitted else None
        value = metric.value(together(states), reference)
        if metric.rate is not None:
            value |= metric.rate(together(states), points.seconds(found, self._now()))
        if name == "heatmap":
            value["typical"] = self._typical.image(connection, deployment, window)
        trace = Trace(window, found.since, found.until)
        series = traced.series(
            trace, name, points.series(metric, states, reference, found, self._now()), found.width, False
        )
        value = traced.value(trace, name, value, _whole_image(deployment))
        return replace(empty, available=True, value=value, series=series)

    def _corrected(
        self, connection: Connection, deployment: Deployment, metric: Supervised, window: Window, wide: Micros
    ) -> Gathered | None:
        """What reviews correct, where they correct something."""
        if metric.corrects is None:
            return None
        return gather(
            connection,
            self._projection,
            deployment,
            [metric.corrects],
            window,
            wide,
            None,
            self._scans,
            self._remembered,
        )

    def _drift(
        self, connection: Connection, deployment: Deployment, window: Window, found: Gathered, fitted: Fitted
    ) -> Measurement:
        metric = METRICS.get("drift")
        assert isinstance(metric, Summed)
        every = found.of("drift")
        cells = [one for one in every if one[0].reference == fitted.reference.id]
        value = drift_now.said(connection, deployment, window, fitted, cells, found.lasting)
        series: list[dict[str, Any]] = []
        for reference_id in sorted({cell.reference for cell, _ in every}):
            its = [one for one in every if one[0].reference == reference_id]
            numbers = self._fitted.there(reference_id) if reference_id else None
            series += points.series(metric, its, numbers.reference, found, self._now()) if numbers else ()
        newest_first = {point["t"]: point for point in sorted(series, key=lambda point: (point["t"], point["n"]))}
        trace = Trace(window, found.since, found.until)
        shown = traced.series(trace, "drift", newest_first.values(), found.width, False)
        return Measurement("drift", True, None, found.since, found.until, found.images, value, shown)

    def _what_training_data_needs(self, connection: Connection, deployment: Deployment) -> str:
        chosen = store.get_training_data(connection, deployment.id)
        row = store.get_reference(connection, chosen.reference) if chosen and chosen.reference else None
        return _sentence(row)


def _judged(
    look: Look,
    name: str,
    metric: Supervised,
    window: Window,
    wide: Micros,
    found: Gathered | None,
    whole_image: bool,
) -> Measurement:
    value, trace = look.value(name), Trace(window, window.since, window.until)
    if metric.together is not None and metric.corrects is not None and found is not None:
        states = together(found.of(metric.corrects))
        empty = Measurement(name, False, NEEDED[metric.needs], found.since, found.until, found.images, None, ())
        if not states and not value:
            return replace(empty, progress=_progress(found))
        value = traced.value(trace, name, metric.together(value, states), whole_image)
        return replace(empty, available=True, needs=None, value=value, progress=_progress(found))
    if not look.keys:
        return Measurement(name, False, NEEDED[metric.needs], window.since, window.until, 0, None, ())
    value = traced.value(trace, name, value, whole_image)
    series = traced.series(
        trace, name, ({"t": at, **point} for at, point in look.points(name, wide, window.zone)), wide, True
    )
    return Measurement(name, True, None, window.since, window.until, len(look.keys), value, series)


def _whole_image(deployment: Deployment) -> bool:
    return deployment.task == "classification"


def _sentence(row: FittedReference | None) -> str:
    if row is None:
        return NEEDED["training data"]
    if row.state == "failed":
        return f"the training data could not be measured: {row.message}"
    if row.state == "ready":
        return NEEDED["predictions"]
    return "the training data is being measured: this takes some minutes"


def _progress(found: Gathered) -> Progress | None:
    return None if found.scan is None else Progress(found.scan.read, found.scan.complete)
