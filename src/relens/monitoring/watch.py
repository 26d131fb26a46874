"""Watches production for drift: closes windows of live traffic, adds up evidence, and files imported past production."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from sqlalchemy import Connection

from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.storage import NoBytes
from relens.kit import clock
from relens.kit.clock import HOUR, SECOND, Micros
from relens.metrics.kinds import drift as kind
from relens.metrics.reference import Reference
from relens.monitoring import normal, sums, usual_rows
from relens.monitoring.bucket import IMPORTED
from relens.monitoring.decided import begun_anew, decisions, in_force, last_usual, watched_deployments
from relens.monitoring.drift import Normality, part_of
from relens.monitoring.fitted import FittedReferences, UnreadableReference
from relens.monitoring.span import Stretch
from relens.monitoring.training_data import FittedReference
from relens.monitoring.usual import Circumstances, DriftWindow, Hour, Watch, imported_windows, judged, ready

SETTLED_S = 20
"""Hours of the past count once nothing was added to them for so long: they may still be filling."""
GRACE = 10 * 60 * SECOND


@dataclass(frozen=True, slots=True)
class _Watched:
    """One deployment with what it is compared with."""

    deployment: Deployment
    row: FittedReference
    reference: Reference
    watch: Watch


class DriftWatch:
    """`step` for a follower; several servers may run it, the windows' numbers decide who was first."""

    def __init__(
        self,
        database: Database,
        fitted: FittedReferences,
        now: Callable[[], Micros] = clock.now,
        settled_s: float = SETTLED_S,
    ) -> None:
        self._database = database
        self._fitted = fitted
        self._now = now
        self._settled_s = settled_s
        self._seen: dict[tuple[str, Micros], tuple[int, float]] = {}
        self._filed: dict[str, tuple[int, Watch, Micros]] = {}

    def step(self) -> bool:
        """Closes at most one window of every deployment; True when there may be more."""
        with self._database.read() as connection:
            known = deployments.all_of_them(connection)
        more = False
        for one in known:
            more |= self._follow(one)
        return more

    def _follow(self, deployment: Deployment) -> bool:
        with self._database.read() as connection:
            row = in_force(connection, deployment)
            if row is None:
                return False
            try:
                reference = self._fitted.get(row.id).reference
            except (NoBytes, UnreadableReference):
                return False
            one = _Watched(deployment, row, reference, Watch.of(deployment.settings))
            imported = self._imported(connection, one)
            over = self._over(connection, one) if imported is None else None
            fresh = _closed(connection, one, over) if over is not None else None
        if imported is not None:
            self._database.write(
                partial(usual_rows.replace_imported, deployment=deployment.id, reference=row.id, imported=imported)
            )
        if fresh is not None:
            self._database.write(partial(usual_rows.append, deployment=deployment.id, reference=row.id, window=fresh))
            self._seen = {key: seen for key, seen in self._seen.items() if key[0] != row.id or key[1] >= fresh.until}
        return imported is not None or fresh is not None

    def _imported(self, connection: Connection, one: _Watched) -> list[DriftWindow] | None:
        """The windows of imported past production, once it has grown and is at rest; None where nothing changes.

        They are made anew from all of it, because an import may pause, and may bring the newest images first.
        """
        whole = [Stretch("month", 0, self._now())]
        images = sum(hour.images for hour in _hours(connection, one, IMPORTED, whole))
        anew = begun_anew(decisions(connection, one.deployment.id, one.row.id)) if images else 0
        mark = (images, one.watch, anew)
        if not images or self._filed.get(one.row.id) == mark or not self._at_rest(one.row.id, 0, images):
            return None
        there = [window for window in usual_rows.windows(connection, one.row.id) if window.imported]
        self._filed[one.row.id] = mark
        if images < sum(window.images for window in there):
            return None  # the log is being counted again, or has been cut: what is known stays known
        every = _hours(connection, one, IMPORTED, [Stretch("hour", 0, self._now())])
        wanted = imported_windows(every, one.watch, anew)
        return None if list(map(_alike, wanted)) == list(map(_alike, there)) else wanted

    def _over(self, connection: Connection, one: _Watched) -> list[Hour] | None:
        """The hours of the next window, when its time is over."""
        since = usual_rows.last_until(connection, one.row.id)
        end = (self._now() - GRACE) // HOUR * HOUR
        filled = sums.extent(connection, one.deployment.id, since, end, "champion") if end > since else None
        if filled is None:
            return None
        length = max(one.watch.hours, 24) * HOUR
        while True:
            until = min(filled[0] + length, end)
            hours = self._rested(one, _hours(connection, one, "champion", [Stretch("hour", filled[0], until)]))
            over = ready(hours, one.watch, self._now() - GRACE) if hours else []
            if over or until == end:
                return over[0] if over else None
            length *= 2

    def _rested(self, one: _Watched, hours: Sequence[Hour]) -> list[Hour]:
        """Those that are at rest, up to the first that is not."""
        found: list[Hour] = []
        for hour in hours:
            if not self._at_rest(one.row.id, hour.at, hour.images):
                break
            found.append(hour)
        return found

    def _at_rest(self, reference: str, at: Micros, now_images: int) -> bool:
        now = clock.stopwatch()
        images, since = self._seen.get((reference, at), (-1, now))
        if images != now_images:
            since = now
            self._seen[reference, at] = (now_images, since)
        return now - since >= self._settled_s


def _hours(connection: Connection, one: _Watched, role: str, stretches: Sequence[Stretch]) -> list[Hour]:
    """What one version said in that role, all sources together; the oldest first."""
    which = sums.Which(stretches, model_version=one.row.model_version, role=role, whole=True, imported=False)
    by_hour: dict[Micros, list[np.ndarray]] = defaultdict(list)
    for cell, state in sums.cells(connection, one.deployment.id, ["drift"], which):
        if cell.reference == one.row.id:
            by_hour[cell.bucket.hour].append(np.asarray(state, dtype=np.int64))
    added = {at: np.sum(by_hour[at], axis=0) for at in sorted(by_hour)}
    return [Hour(at, counts, int(kind.pieces(counts, one.reference)[0].sum())) for at, counts in added.items()]


def _closed(connection: Connection, one: _Watched, hours: Sequence[Hour]) -> DriftWindow:
    """The window that these hours make."""
    past = usual_rows.windows(connection, one.row.id)
    said = decisions(connection, one.deployment.id, one.row.id)
    usual = [window.counts for window in past if window.state == "usual"]
    accepted = normal.latest(connection, one.row.id, usual)
    plain = differs(hours, one.reference, accepted)
    known = Circumstances(plain, last_usual(said), watched_deployments(connection))
    return judged(past, hours, one.reference, one.watch, known)


def differs(hours: Sequence[Hour], reference: Reference, accepted: Normality) -> bool:
    """Whether these hours plainly differ from the training data and from all that was accepted, as a notice would say."""
    part = part_of(None, False, np.sum([one.counts for one in hours], axis=0), reference)
    return part.plainness(reference, 1, accepted.like(part, reference)) >= 1


def _alike(window: DriftWindow) -> tuple[object, ...]:
    return window.number, window.since, window.until, window.images, window.state
