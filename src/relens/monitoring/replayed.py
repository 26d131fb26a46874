"""What the images of a day would have answered at another threshold: everything down to the log's floor is logged, so nothing is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.clock import DAY, Micros
from relens.metrics.any_threshold import THRESHOLDS, per_image
from relens.predictions import browse
from relens.predictions.browse import Counted, Filter
from relens.predictions.logged import Logged

Floats = NDArray[np.float64]

MOST = 5_000
"""Images; of a day with more, so many are drawn at random."""


@dataclass(frozen=True)
class Day:
    """Some images and what was said of them. `counted`: how many there were; `others`: how many of these another version answered."""

    since: Micros
    until: Micros
    counted: Counted
    ids: tuple[str, ...]
    others: int
    image: NDArray[np.int64]
    score: Floats
    label: NDArray[np.str_]

    def detections(self, label: str | None = None) -> Floats:
        """Answers per image at each of THRESHOLDS, (T,)."""
        return self._table(label).mean(axis=0) if self.ids else np.zeros(len(THRESHOLDS))

    def silent(self) -> Floats:
        """The share of images without any answer at each of THRESHOLDS, (T,)."""
        return (self._everything == 0).mean(axis=0) if self.ids else np.zeros(len(THRESHOLDS))

    def moved(self, one: float, other: float) -> NDArray[np.int64]:
        """How many answers each image has at one of two thresholds and not at the other, (images,)."""
        low, high = sorted((one, other))
        between = (self.score >= low) & (self.score < high)
        return np.bincount(self.image[between], minlength=len(self.ids))

    @cached_property
    def _everything(self) -> Floats:
        return self._table(None)

    def _table(self, label: str | None) -> Floats:
        of = np.ones(len(self.score), dtype=bool) if label is None else self.label == label
        return per_image(self.image[of], self.score[of], len(self.ids))


def replayed(connection: Connection, deployment: Deployment, window: tuple[Micros, Micros] | None, now: Micros) -> Day:
    """The images taken in `window`; without one, those of the last 24 hours in which there were any."""
    since, until = window or _latest(connection, deployment, now)
    wanted = Filter(since=since, until=until)
    lines = [one for one in browse.look(connection, deployment.id, wanted, "random:1", MOST).lines if one.error is None]
    whole = deployment.task == "classification"
    found = [line.detections[:1] if whole else line.detections for line in lines]
    return Day(
        since,
        until,
        browse.count(connection, deployment.id, wanted),
        tuple(line.id for line in lines),
        sum(line.model_version != deployment.champion for line in lines),
        np.repeat(np.arange(len(lines)), [len(some) for some in found]).astype(np.int64),
        np.array([one.confidence for some in found for one in some], dtype=np.float64),
        np.array([one.label for some in found for one in some], dtype=np.str_),
    )


def _latest(connection: Connection, deployment: Deployment, now: Micros) -> tuple[Micros, Micros]:
    newest: Sequence[Logged] = browse.look(connection, deployment.id, Filter(), "-taken_at", 1).lines
    until = newest[0].taken_at + 1 if newest else now
    return until - DAY, until
