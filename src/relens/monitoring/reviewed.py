"""Supervised metrics: what the version said, judged by what people found true; one more verdict costs one more image."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.metrics.metric import METRICS, Bench, Judged, Supervised
from relens.monitoring.window import Window
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review import store as verdicts
from relens.review.verdict import USABLE, Verdict

Answer = TypeVar("Answer")

_KEPT = 128
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Facts:
    """What chooses a reviewed prediction into a window."""

    taken_at: int
    source: str | None
    model_version: str | None
    role: str
    tags: tuple[str, ...]
    imported: bool

    def within(self, window: Window) -> bool:
        return (
            window.since <= self.taken_at < window.until
            and window.source in (None, self.source)
            and window.model_version in (None, self.model_version)
            and (self.role == window.role if window.role else self.role != "shadow")
            and (window.tag is None or window.tag in self.tags)
            and (window.imported or not self.imported)
        )


@dataclass
class Table:
    """The reviewed images of one deployment up to change `seq`, and a bench per metric. Shadows stand beside the images they saw."""

    seq: int = 0
    images: dict[str, tuple[Facts, Judged]] = field(default_factory=dict)
    of_verdict: dict[str, tuple[str, ...]] = field(default_factory=dict)
    benches: dict[tuple[str, tuple[str, ...]], Bench] = field(default_factory=dict)

    def take(self, verdict: str, seen: Sequence[tuple[Facts, Judged]]) -> None:
        """What a verdict says of the champion's answer and of the shadows'; nothing: it was taken back."""
        for key in self.of_verdict.pop(verdict, ()):
            self.images.pop(key, None)
            for bench in self.benches.values():
                bench.remove(key)
        for facts, judged in seen:
            self.images[judged.key] = (facts, judged)
            for bench in self.benches.values():
                bench.insert(judged)
        if seen:
            self.of_verdict[verdict] = tuple(judged.key for _, judged in seen)

    def bench(self, name: str, metric: Supervised, labels: Sequence[str]) -> Bench:
        place = (name, tuple(labels))
        if place not in self.benches:
            fresh = metric.bench(labels)
            for _, judged in self.images.values():
                fresh.insert(judged)
            self.benches = {one: bench for one, bench in self.benches.items() if one[1] == place[1]} | {place: fresh}
        return self.benches[place]


class Reviewed:
    """Judges reviewed predictions. Thread-safe; what is kept in memory is rebuilt from the verdicts after a restart."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._answers: OrderedDict[tuple[object, ...], tuple[int, dict[str, Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def value(
        self, connection: Connection, deployment: Deployment, name: str, window: Window
    ) -> tuple[int, dict[str, Any]]:
        """(reviewed images, value) of one metric; the value is {} where nothing was reviewed.

        With a role of "shadow", the shadow's answers to the reviewed images are judged.
        """
        metric = METRICS.get(name)
        if not isinstance(metric, Supervised):
            raise TypeError(f"{name} is not judged by reviews")
        with self._lock:
            table = self._current(connection, deployment)
            key = (deployment.id, deployment.labels, name, window, table.seq)
            if key not in self._answers:
                self._answers[key] = self._judged(table, deployment, name, metric, window)
                while len(self._answers) > _KEPT:
                    self._answers.popitem(last=False)
            self._answers.move_to_end(key)
            return self._answers[key]

    def ask(
        self,
        connection: Connection,
        deployment: Deployment,
        name: str,
        window: Window,
        question: Callable[[Bench, list[str]], Answer],
    ) -> Answer:
        """Puts a question to a metric's bench and the keys of the window's images on it, while nothing changes there."""
        metric = METRICS.get(name)
        if not isinstance(metric, Supervised):
            raise TypeError(f"{name} is not judged by reviews")
        with self._lock:
            table = self._current(connection, deployment)
            keys = [key for key, (facts, _) in table.images.items() if facts.within(window)]
            return question(table.bench(name, metric, deployment.labels), keys)

    def _judged(
        self, table: Table, deployment: Deployment, name: str, metric: Supervised, window: Window
    ) -> tuple[int, dict[str, Any]]:
        chosen = [judged for facts, judged in table.images.values() if facts.within(window)]
        if not chosen:
            return 0, {}
        if window.label is not None:
            only = [_of_label(judged, window.label) for judged in chosen]
            return len(only), dict(metric.judge(only, deployment.labels))
        bench = table.bench(name, metric, deployment.labels)
        keys = None if len(chosen) == len(table.images) else [judged.key for judged in chosen]
        return len(chosen), dict(bench.value(keys))

    def _current(self, connection: Connection, deployment: Deployment) -> Table:
        """The deployment's table with every verdict there is."""
        table = self._tables.setdefault(deployment.id, Table())
        while fresh := verdicts.since(connection, table.seq, _AT_ONCE, deployment.id):
            usable = {one.prediction: one for one in fresh if one.status in USABLE}
            lines = {line.id: line for line in predictions.several(connection, list(usable))}
            for verdict in fresh:
                line = lines.get(verdict.prediction)
                table.take(verdict.prediction, _seen(connection, line, verdict) if line else ())
            table.seq = fresh[-1].seq
        return table


def _seen(connection: Connection, line: Logged, verdict: Verdict) -> list[tuple[Facts, Judged]]:
    return [(_facts(one), _judged(one, verdict)) for one in (line, *predictions.shadows_of(connection, line.id))]


def _facts(line: Logged) -> Facts:
    return Facts(line.taken_at, line.source, line.model_version, line.role, line.tags, line.origin == "imported")


def _judged(line: Logged, verdict: Verdict) -> Judged:
    return Judged(line.id, line.detections, verdict.annotations, line.threshold, line.width, line.height)


def _of_label(judged: Judged, label: str) -> Judged:
    said = tuple(d for d in judged.detections if d.label == label)
    return replace(judged, detections=said, annotations=tuple(a for a in judged.annotations if a.label == label))
