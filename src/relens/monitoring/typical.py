"""A typical image of a window, to lay a heatmap over: one of the latest whose looks are nearest to the middle of theirs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Connection

from relens.assets import store as assets
from relens.deployments.deployment import Deployment
from relens.inference import features
from relens.kit.clock import SECOND, Micros
from relens.metrics.kinds.image_statistics import STATISTICS
from relens.monitoring.gather import of_log
from relens.monitoring.window import Window
from relens.predictions import browse
from relens.predictions import store as predictions

LATEST = 64
"""So many of the latest images are looked at."""
_BUDGET_S = 0.05
_FRESH = 60 * SECOND
_KEPT = 64


class Typical:
    """Chosen anew once a minute for each choice of traffic. Thread-safe."""

    def __init__(self, now: Callable[[], Micros]) -> None:
        self._now = now
        self._chosen: OrderedDict[object, tuple[Micros, dict[str, Any] | None]] = OrderedDict()
        self._lock = threading.Lock()

    def image(self, connection: Connection, deployment: Deployment, window: Window) -> dict[str, Any] | None:
        """prediction, asset, width and height; None where no image is kept."""
        length = window.until - window.since
        key, now = (deployment.id, replace(window, since=0, until=1), length // _FRESH), self._now()
        with self._lock:
            at, known = self._chosen.get(key, (None, None))
        if at is not None and now - at < _FRESH:
            return known
        found = _chosen(connection, deployment, window)
        with self._lock:
            self._chosen[key] = (now, found)
            self._chosen.move_to_end(key)
            while len(self._chosen) > _KEPT:
                self._chosen.popitem(last=False)
        return found


def _chosen(connection: Connection, deployment: Deployment, window: Window) -> dict[str, Any] | None:
    wanted = replace(of_log(window), label=window.label)
    places = browse.places(connection, deployment.id, wanted, "-taken_at", LATEST, _BUDGET_S)
    latest = predictions.looks(connection, places)
    kept = assets.several(connection, [line.asset for line in latest])
    lines = [line for line in latest if line.error is None and line.asset in kept]
    if not lines:
        return None
    line = lines[most_typical(lines)]
    return {"prediction": line.id, "asset": line.asset, "width": line.width, "height": line.height}


def most_typical(lines: Sequence[predictions.Looks]) -> int:
    """Which of them is nearest to the median in shape and in every statistic, each in units of its spread."""
    columns = [features.NAMES.index(name) for name in STATISTICS if name in features.NAMES]
    nothing = np.full(len(features.NAMES), np.nan)
    looks = [
        line.scalars if line.scalars is not None and len(line.scalars) == len(nothing) else nothing for line in lines
    ]
    shape = [[line.width / max(line.height, 1), line.width] for line in lines]
    table = np.hstack([np.array(looks, dtype=np.float64)[:, columns], np.array(shape, dtype=np.float64)])
    known = ~np.isnan(table)
    filled = np.where(known, table, 0.0)
    middle = np.array(
        [np.median(column[seen]) if seen.any() else 0.0 for column, seen in zip(filled.T, known.T, strict=True)]
    )
    far = np.where(known, np.abs(table - middle), 0.0)
    spread = np.array(
        [np.median(column[seen]) if seen.any() else 0.0 for column, seen in zip(far.T, known.T, strict=True)]
    )
    return int((far / np.where(spread > 0, spread, np.inf)).mean(axis=1).argmin())
