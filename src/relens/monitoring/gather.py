"""Collects the states of a window: from the sums, or from the log where an hour is too coarse or more is asked for than sums are kept by."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.calendar import UTC_NAME, cut
from relens.kit.clock import DAY, HOUR, SECOND, Micros
from relens.metrics.metric import METRICS, State, Summed, added
from relens.monitoring import store, sums
from relens.monitoring.bucket import Cell, Seen, states_of, summed
from relens.monitoring.project import Projection
from relens.monitoring.remembered import Remembered
from relens.monitoring.scan import Question, Scan, Scans
from relens.monitoring.span import Span, Stretch, begin, cover
from relens.monitoring.window import Window, grain, whole_hours
from relens.predictions import browse
from relens.predictions import store as predictions

MOST_FROM_LOG = 2_000
"""So many predictions are read from the log while somebody waits."""
MOST_SCANNED = 20_000
"""Of a short window with up to so many, the log is read a piece with each asking: until it is read hours are shown, then minutes."""
BY_SOURCE = "drift"
"""Its explanation compares the sources and the latest images with the rest."""
_FINE = 24 * HOUR
_MOVING = 60 * SECOND
"""A window that ends at most so long ago ends now, as far as the one who asks is concerned."""


@dataclass(frozen=True)
class Gathered:
    """States by cell, the times they cover, and how wide one of their buckets is.

    `scan`: they come from the log, which is read so far; None: from the sums.
    """

    states: list[tuple[Cell, State]]
    since: Micros
    until: Micros
    width: Micros
    divisions: frozenset[sums.Divided]
    scan: Scan | None = None
    zone: str = UTC_NAME
    first: Micros | None = None
    """The first hour that holds anything, where that is known better than by the buckets."""
    lasting: bool = False
    """Asked for again, what has not changed is the very same objects."""

    def of(self, metric: str) -> list[tuple[Cell, State]]:
        return self._by_metric.get(metric, [])

    @cached_property
    def _by_metric(self) -> dict[str, list[tuple[Cell, State]]]:
        found: dict[str, list[tuple[Cell, State]]] = {}
        for one in self.states:
            found.setdefault(one[0].metric, []).append(one)
        return found

    @cached_property
    def images(self) -> int:
        return sum(int(state[0]) for _, state in self.of("volume"))


def gather(
    connection: Connection,
    projection: Projection,
    deployment: Deployment,
    metrics: Collection[str],
    window: Window,
    width: Micros,
    newest: int | None = None,
    scans: Scans | None = None,
    remembered: Remembered | None = None,
) -> Gathered:
    """The states of `metrics` and of volume. `newest`: read the log, and only so many of the latest predictions.

    A tag or a query can be answered from the log only. That is read in pieces, one with each call; `scan` says how far it is.
    """
    names = {"volume", *metrics}
    if window.of_the_log:
        return _scanned(connection, projection, deployment, names, window, width, scans or Scans())
    if newest is not None or width < HOUR:
        found = from_log(connection, projection, deployment, names, window, width, newest)
        if found is not None:
            return found
    whole = _from_sums(connection, deployment, names, window, max(width, HOUR), remembered)
    if width < HOUR and newest is None and scans is not None and whole.images <= MOST_SCANNED:
        finer = _scanned(connection, projection, deployment, names, window, width, scans)
        if finer.scan is not None and finer.scan.complete:
            return replace(finer, scan=None)
    return whole


def _from_sums(
    connection: Connection,
    deployment: Deployment,
    names: set[str],
    window: Window,
    width: Micros,
    known: Remembered | None,
) -> Gathered:
    remembered = known or Remembered()
    since, until = whole_hours(window)
    widest: Span = "hour" if grain(window, width) % DAY else "day"
    if width % DAY == 0:
        # The first bar is a whole one too, and what is read are days where the days are those of UTC.
        since = cut(since, DAY, window.zone)
        since += -since % HOUR
    filled = sums.extent(connection, deployment.id, since, until)
    extent = sums.extent(connection, deployment.id)
    reach, last = until, extent[1] if extent else 0
    if last < until:
        # Nothing lies after the last hour: so the day and the month that it lies in need not be put together from hours.
        reach = max(until, begin("month", begin("month", last) + 32 * DAY))
    stretches = cover(since, reach, widest) if filled else []
    hidden = {one.id for one in store.references(connection, deployment.id) if one.state != "ready"}
    which = sums.Which(
        stretches,
        window.source,
        window.model_version,
        window.role,
        window.label,
        window.source is None,
        window.imported,
    )
    over_time = {name for name in names - {BY_SOURCE} if _has_points(name)}
    found = remembered.cells(connection, deployment.id, over_time, which)
    once = which._replace(stretches=cover(since, reach, "month") if filled else [])
    found += remembered.cells(connection, deployment.id, names - over_time - {BY_SOURCE}, once)
    if BY_SOURCE in names and filled:
        fine = _finely_at_the_end(since, until, widest, min(last, until - HOUR))
        apart = which._replace(stretches=fine, whole=False)
        found += remembered.cells(connection, deployment.id, [BY_SOURCE], apart)
    shown = [one for one in found if one[0].reference not in hidden]
    there = frozenset(sums.divisions(connection, deployment.id, once.stretches or []))
    first = filled[0] if filled else None
    return Gathered(shown, since, until, width, there, zone=window.zone, first=first, lasting=known is not None)


def _has_points(name: str) -> bool:
    """Whether there is a chart over time of it; otherwise months do."""
    metric = METRICS.get(name)
    return isinstance(metric, Summed) and (metric.point is not None or metric.rate is not None)


def _finely_at_the_end(since: Micros, until: Micros, widest: Span, last: Micros) -> list[Stretch]:
    """The latest images are looked at by themselves, so their hours stay apart."""
    cut = max(since, begin("day", last - _FINE))
    return [*cover(since, cut, widest), *cover(cut, until, "hour")]


def from_log(
    connection: Connection,
    projection: Projection,
    deployment: Deployment,
    names: Collection[str],
    window: Window,
    width: Micros,
    newest: int | None,
) -> Gathered | None:
    """None when there are too many. A label chooses detections, not images, so it is no filter of the log here."""
    most = newest or MOST_FROM_LOG
    lines, more = browse.page(connection, deployment.id, of_log(window), "-taken_at", most, None)
    if more is not None and newest is None:
        return None
    fine = grain(window, width)
    states, divisions = _counted(connection, projection, deployment, [line.id for line in lines], names, window, fine)
    return Gathered(states, window.since, window.until, width, divisions, zone=window.zone)


def of_log(window: Window) -> browse.Filter:
    """The window's images as the log is asked for them; a label chooses detections, so it is no filter of images."""
    only_new = None if window.imported else 'origin != "imported"'
    both = [f"({one})" for one in (window.query, only_new) if one]
    return browse.Filter(
        source=window.source,
        tag=window.tag,
        model_version=window.model_version,
        role=window.role,
        since=window.since,
        until=window.until,
        query=" and ".join(both) or None,
    )


def _scanned(
    connection: Connection,
    projection: Projection,
    deployment: Deployment,
    names: set[str],
    window: Window,
    width: Micros,
    scans: Scans,
) -> Gathered:
    """Goes on with the scan of this very question by one piece."""

    def piece(asked: Question, cursor: str | None) -> tuple[list[str], str | None]:
        wanted = of_log(replace(window, since=asked.since, until=asked.until))
        lines, following = browse.page(connection, deployment.id, wanted, "-taken_at", MOST_FROM_LOG, cursor)
        return [line.id for line in lines], following

    def count(ids: list[str]) -> tuple[list[tuple[Cell, State]], frozenset[sums.Divided]]:
        return _counted(connection, projection, deployment, ids, names, window, grain(window, width))

    about = (deployment.id, frozenset(names), replace(window, since=0, until=1))
    question = Question(about, window.since, window.until, width, window.until >= clock.now() - _MOVING)
    scan = scans.advance(question, piece, count)
    first = cut(window.since, width, window.zone)
    first -= first % HOUR
    states = [one for one in scan.states.items() if first <= one[0].bucket.hour < window.until]
    return Gathered(states, window.since, window.until, width, scan.divisions, scan, window.zone)


def _counted(
    connection: Connection,
    projection: Projection,
    deployment: Deployment,
    ids: list[str],
    names: Collection[str],
    window: Window,
    width: Micros,
) -> tuple[list[tuple[Cell, State]], frozenset[sums.Divided]]:
    whole = predictions.several(connection, ids)
    fitted = [one for one in store.references(connection, deployment.id) if one.state == "ready"]
    seen: list[Seen] = projection.seen(whole, fitted, "kept")
    cells = states_of(seen, deployment.task, summed(names, deployment.task), width).items()
    divisions = frozenset(sums.Divided(line.source or "", line.model_version or "", line.role) for line in whole)
    return [one for one in cells if window.label is None or one[0].label in ("", window.label)], divisions


def together(states: Iterable[tuple[Cell, State]]) -> dict[str, State]:
    """The sum over all cells, by label."""
    return added([{cell.label: state} for cell, state in states])
