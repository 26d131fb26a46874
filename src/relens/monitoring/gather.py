"""Collects the states of a window: from the hourly sums, or from the log where an hour is too coarse or a tag is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit.clock import HOUR, Micros
from relens.kit.errors import TooLarge
from relens.metrics.metric import State, added
from relens.monitoring import store
from relens.monitoring.bucket import Cell, Seen, states_of, summed
from relens.monitoring.project import Projection
from relens.monitoring.window import Window, whole_hours
from relens.predictions import browse
from relens.predictions import store as predictions

MOST_FROM_LOG = 2_000
"""A question that needs the log itself reads so many predictions at most."""


class TooManyForTheLog(TooLarge):
    """A tag was asked for in a window with more predictions than can be read while one waits."""


class Gathered(NamedTuple):
    """States by cell, the times they cover, and how wide one of their buckets is."""

    states: list[tuple[Cell, State]]
    since: Micros
    until: Micros
    width: Micros

    def of(self, metric: str) -> list[tuple[Cell, State]]:
        return [(cell, state) for cell, state in self.states if cell.metric == metric]

    @property
    def images(self) -> int:
        return sum(int(state[0]) for cell, state in self.states if cell.metric == "volume")


def gather(
    connection: Connection,
    projection: Projection,
    deployment: Deployment,
    metrics: Collection[str],
    window: Window,
    width: Micros,
    newest: int | None = None,
) -> Gathered:
    """The states of `metrics` and of volume. `newest`: read the log, and only so many of the latest predictions."""
    names = {"volume", *metrics}
    if newest is not None or window.tag is not None or width < HOUR:
        found = _from_log(connection, projection, deployment, names, window, width, newest)
        if found is not None:
            return found
        if window.tag is not None:
            raise TooManyForTheLog(
                f"more than {MOST_FROM_LOG} predictions carry the tag '{window.tag}' in this window: choose a shorter one"
            )
    since, until = whole_hours(window)
    which = store.Which(since, until, window.source, window.model_version, window.role, window.label, window.imported)
    hidden = {one.id for one in store.references(connection, deployment.id) if one.state != "ready"}
    cells = store.cells(connection, deployment.id, names, which)
    return Gathered([one for one in cells if one[0].reference not in hidden], since, until, max(width, HOUR))


def _from_log(
    connection: Connection,
    projection: Projection,
    deployment: Deployment,
    names: Collection[str],
    window: Window,
    width: Micros,
    newest: int | None,
) -> Gathered | None:
    """None when there are too many. A label chooses detections, not images, so it is no filter of the log here."""
    wanted = browse.Filter(
        source=window.source,
        tag=window.tag,
        model_version=window.model_version,
        role=window.role,
        since=window.since,
        until=window.until,
        query=None if window.imported else 'origin != "imported"',
    )
    most = newest or MOST_FROM_LOG
    lines, more = browse.page(connection, deployment.id, wanted, "-taken_at", most, None)
    if more is not None and newest is None:
        return None
    whole = predictions.several(connection, [line.id for line in lines])
    fitted = [one for one in store.references(connection, deployment.id) if one.state == "ready"]
    seen = projection.seen(whole, fitted, "kept")
    return Gathered(_states(seen, deployment.task, names, window, width), window.since, window.until, width)


def _states(
    seen: list[Seen], task: str, names: Collection[str], window: Window, width: Micros
) -> list[tuple[Cell, State]]:
    known = summed(names, task)
    cells = states_of(seen, task, known, width).items()
    return [one for one in cells if window.label is None or one[0].label in ("", window.label)]


def together(states: Iterable[tuple[Cell, State]]) -> dict[str, State]:
    """The sum over all cells, by label."""
    return added([{cell.label: state} for cell, state in states])
