"""Supervised metrics: what the version said, judged by what people found true. Kept until the next verdict."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.metrics.metric import METRICS, Judged, Supervised
from relens.monitoring.window import Window
from relens.predictions import store as predictions
from relens.predictions.logged import Logged
from relens.review import store as verdicts
from relens.review.verdict import USABLE, Verdict

_KEPT = 128


class Reviewed:
    """Judges reviewed predictions; the same question between two verdicts is answered from memory."""

    def __init__(self) -> None:
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
        key = (deployment.id, name, window, verdicts.last_seq(connection))
        with self._lock:
            if key in self._answers:
                return self._answers[key]
        judged = judged_in(connection, deployment, window)
        answer = (len(judged), dict(metric.judge(judged, deployment.labels)) if judged else {})
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > _KEPT:
                self._answers.popitem(last=False)
        return answer


def judged_in(connection: Connection, deployment: Deployment, window: Window) -> list[Judged]:
    """The reviewed predictions of a window, as the metrics judge them."""
    current = {v.prediction: v for v in verdicts.current(connection, deployment.id) if v.status in USABLE}
    lines = predictions.several(connection, list(current))
    pairs = [(line, current[line.id]) for line in lines]
    if window.role == "shadow":
        pairs = [(shadow, v) for line, v in pairs for shadow in predictions.shadows_of(connection, line.id)]
    return [_judged(line, verdict, window.label) for line, verdict in pairs if _within(line, window)]


def _within(line: Logged, window: Window) -> bool:
    return (
        window.since <= line.taken_at < window.until
        and window.source in (None, line.source)
        and window.model_version in (None, line.model_version)
        and (line.role == window.role if window.role else line.role != "shadow")
        and (window.tag is None or window.tag in line.tags)
        and (window.imported or line.origin != "imported")
    )


def _judged(line: Logged, verdict: Verdict, label: str | None) -> Judged:
    said = tuple(d for d in line.detections if label is None or d.label == label)
    true = tuple(a for a in verdict.annotations if label is None or a.label == label)
    return Judged(line.id, said, true, line.threshold, line.width, line.height)
