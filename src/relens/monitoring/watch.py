"""Watches production for drift: closes windows, adds up evidence, and keeps what people decided about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, SettingChange
from relens.infra.database import Database
from relens.infra.storage import NoBytes
from relens.kit import clock
from relens.kit.clock import HOUR, SECOND, Micros
from relens.kit.errors import Invalid
from relens.metrics.kinds import drift as kind
from relens.metrics.reference import Reference
from relens.monitoring import store, sums, usual_rows
from relens.monitoring.bucket import IMPORTED
from relens.monitoring.drift import part_of
from relens.monitoring.fitted import FittedReferences, UnreadableReference
from relens.monitoring.span import Stretch
from relens.monitoring.training_data import FittedReference
from relens.monitoring.usual import DriftWindow, Hour, Watch, accepted, judged, ready
from relens.review.habits import Habits, habits_of

SETTLED_S = 20
"""Hours of the past count once nothing was added to them for so long: an import may be under way."""
GRACE = 10 * 60 * SECOND
_SETTING = "drift"


Verb = Literal["usual", "investigate"]


class NoReason(Invalid):
    """A decision about drift is kept with its reason."""


class NothingToWatch(Invalid):
    """There is no training data to begin with."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said about drift, when and why."""

    verb: Verb
    reason: str
    at: Micros
    by: str
    reference: str
    window: int
    """The number of the latest window then."""


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

    def step(self) -> bool:
        """Closes at most one window of every deployment; True when there may be more."""
        with self._database.read() as connection:
            known = deployments.all_of_them(connection)
        more = False
        for one in known:
            more |= self._follow(one)
        return more

    def _follow(self, deployment: Deployment) -> bool:
        watch = Watch.of(deployment.settings)
        with self._database.read() as connection:
            row = in_force(connection, deployment)
            if row is None:
                return False
            try:
                reference = self._fitted.get(row.id).reference
            except (NoBytes, UnreadableReference):
                return False
            over = self._over(connection, deployment, row, reference, watch)
            if over is None:
                return False
            past = usual_rows.windows(connection, row.id)
            said = decisions(connection, deployment.id, row.id)
        blessed = any(one.verb == "usual" for one in said)
        fresh = judged(past, over, reference, watch, _plain(over, reference), blessed)
        self._database.write(partial(usual_rows.append, deployment=deployment.id, reference=row.id, window=fresh))
        self._seen = {key: value for key, value in self._seen.items() if key[0] != row.id or key[1] >= fresh.until}
        return True

    def _over(
        self,
        connection: Connection,
        deployment: Deployment,
        row: FittedReference,
        reference: Reference,
        watch: Watch,
    ) -> list[Hour] | None:
        """The hours of the next window, when its time is over."""
        since = usual_rows.last_until(connection, row.id)
        end = (self._now() - GRACE) // HOUR * HOUR
        filled = sums.extent(connection, deployment.id, since, end) if end > since else None
        if filled is None:
            return None
        length = max(watch.hours, 24) * HOUR
        while True:
            until = min(filled[0] + length, end)
            hours = self._hours(connection, deployment, row, reference, Stretch("hour", filled[0], until))
            over = ready(hours, watch, self._now() - GRACE) if hours else []
            if over or until == end:
                return over[0] if over else None
            length *= 2

    def _hours(
        self,
        connection: Connection,
        deployment: Deployment,
        row: FittedReference,
        reference: Reference,
        stretch: Stretch,
    ) -> list[Hour]:
        """Its hours that are at rest, up to the first that is not; what the champion itself said, imported or not."""
        which = sums.Which([stretch], model_version=row.model_version, role="champion", whole=True)
        by_hour: dict[Micros, list[Hour]] = defaultdict(list)
        for cell, state in sums.cells(connection, deployment.id, ["drift"], which):
            if cell.reference == row.id:
                counts = np.asarray(state, dtype=np.int64)
                images = int(kind.pieces(counts, reference)[0].sum())
                imported = images if cell.bucket.role == IMPORTED else 0
                by_hour[cell.bucket.hour].append(Hour(cell.bucket.hour, counts, images, imported))
        found: list[Hour] = []
        for at in sorted(by_hour):
            one = _together(by_hour[at])
            if not self._at_rest(row.id, one):
                break
            found.append(one)
        return found

    def _at_rest(self, reference: str, hour: Hour) -> bool:
        now = clock.stopwatch()
        images, since = self._seen.get((reference, hour.at), (-1, now))
        if images != hour.images:
            images, since = hour.images, now
            self._seen[reference, hour.at] = (images, since)
        return now - since >= self._settled_s


def _together(parts: Sequence[Hour]) -> Hour:
    counts = np.sum([one.counts for one in parts], axis=0)
    return Hour(parts[0].at, counts, sum(one.images for one in parts), sum(one.imported for one in parts))


def _plain(hours: Sequence[Hour], reference: Reference) -> bool:
    """Whether these hours plainly differ from the training data, as a notice would say."""
    counts = np.sum([one.counts for one in hours], axis=0)
    return part_of(None, False, counts, reference).plainness(reference, 1) >= 1


def in_force(connection: Connection, deployment: Deployment) -> FittedReference | None:
    """The champion's reference, once it is ready."""
    chosen = store.get_training_data(connection, deployment.id)
    row = store.get_reference(connection, chosen.reference) if chosen and chosen.reference else None
    return row if row is not None and row.state == "ready" else None


def decisions(connection: Connection, deployment: str, reference: str) -> list[Decision]:
    """About one reference, the oldest first."""
    lines = deployments.setting_changes(connection, deployment, _SETTING)
    found = [
        Decision(said["verb"], said["reason"], line.at, line.by, said["reference"], said["window"])
        for line in reversed(lines)
        if (said := line.value)["reference"] == reference
    ]
    return found


def say_usual(connection: Connection, deployment: Deployment, reason: str, actor: Actor) -> int:
    """*This is normal*: what waits, or came since the alarm, becomes usual production. How many windows changed."""
    reference = _watched(connection, deployment).id
    before = last_usual(decisions(connection, deployment.id, reference))
    _decide(connection, deployment, "usual", reason, actor)
    states = accepted(usual_rows.windows(connection, reference), before)
    usual_rows.set_states(connection, reference, states)
    return len(states)


def investigate(connection: Connection, deployment: Deployment, reason: str, actor: Actor, share: float) -> Habits:
    """*Investigate*: more of the review queue are random checks, which say whether the answers suffer."""
    _decide(connection, deployment, "investigate", reason, actor)
    before = habits_of(deployment.settings)
    habits = Habits(max(share, before.random_share), before.sampler)
    change.set_settings(connection, deployment, {"review_queue": habits.to_json()})
    return habits


def _decide(connection: Connection, deployment: Deployment, verb: Verb, reason: str, actor: Actor) -> None:
    actor.must_be("operator")
    if not reason.strip():
        raise NoReason("say why, in a few words: the next person will ask")
    row = _watched(connection, deployment)
    windows = usual_rows.windows(connection, row.id)
    value = {"verb": verb, "reason": reason.strip(), "reference": row.id, "window": len(windows)}
    deployments.remember_setting(connection, SettingChange(deployment.id, _SETTING, value, clock.now(), actor.id))


def _watched(connection: Connection, deployment: Deployment) -> FittedReference:
    row = in_force(connection, deployment)
    if row is None:
        raise NothingToWatch(f"'{deployment.name}' is compared with no training data yet: choose it first")
    return row


def last_usual(said: Sequence[Decision]) -> int:
    """The latest window when somebody last said that this is normal; 0 if nobody did."""
    return max((one.window for one in said if one.verb == "usual"), default=0)


def known_windows(connection: Connection, deployment: Deployment) -> tuple[FittedReference | None, list[DriftWindow]]:
    row = in_force(connection, deployment)
    return row, usual_rows.windows(connection, row.id) if row else []
