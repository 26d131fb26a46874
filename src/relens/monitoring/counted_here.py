"""Finds the images behind one cell of the heatmap or one bar of the confidences: those with an answer that was counted there.

Nothing is filed by place, so the log is read from the newest image on, as far as time allows; whoever wants older ones asks on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.metrics.heatmap import SIDE
from relens.metrics.kinds.confidence import BINS
from relens.monitoring.gather import of_log
from relens.monitoring.window import Window
from relens.predictions import browse
from relens.predictions.logged import Logged
from relens.vision.prediction import Detection

_AT_ONCE = 200
BUDGET_S = 1.5


@dataclass(frozen=True, slots=True)
class Place:
    """`cell` of the heatmap, `bin` of the confidence histogram; None: anywhere. `label` None: any."""

    label: str | None = None
    cell: int | None = None
    bin: int | None = None

    def holds(self, found: Detection, width: int, height: int) -> bool:
        """Whether the chart counted this answer here."""
        return (
            self.label in (None, found.label)
            and (self.bin is None or min(int(found.confidence * BINS), BINS - 1) == self.bin)
            and (self.cell is None or _cell(found, width, height) == self.cell)
        )


@dataclass(frozen=True, slots=True)
class Here:
    """One image, and which of its answers were counted here."""

    line: Logged
    detections: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """`read`: images that were looked at for it. `next` goes on with older ones; None: there are none."""

    found: tuple[Here, ...]
    read: int
    next: str | None


def search(
    connection: Connection, deployment: Deployment, window: Window, place: Place, limit: int, cursor: str | None
) -> Search:
    """Up to about `limit` images, the newest first; fewer when the time is over."""
    wanted = replace(of_log(window), label=place.label)
    found: list[Here] = []
    read, begun = 0, clock.stopwatch()
    while True:
        lines, cursor = browse.page(connection, deployment.id, wanted, "-taken_at", _AT_ONCE, cursor)
        read += len(lines)
        found += [one for line in lines if (one := _here(line, place, deployment.task)).detections]
        if cursor is None or len(found) >= limit or clock.stopwatch() - begun > BUDGET_S:
            return Search(tuple(found), read, cursor)


def _here(line: Logged, place: Place, task: str) -> Here:
    answered = line.answered[:1] if task == "classification" else line.answered
    return Here(line, tuple(one for one in answered if place.holds(one, line.width, line.height)))


def _cell(found: Detection, width: int, height: int) -> int | None:
    """As `heatmap.cells` counts; None of a whole image."""
    if found.shape is None or not width or not height:
        return None
    box = found.shape.box()
    column, row = (
        min(int(min(max(at, 0.0), 1.0) * SIDE), SIDE - 1)
        for at in ((box.x1 + box.x2) / 2 / width, (box.y1 + box.y2) / 2 / height)
    )
    return row * SIDE + column
