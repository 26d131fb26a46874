"""What people decided about drift: that this is normal, or that it is to be investigated; with who, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from relens.access.actor import Actor
from relens.deployments import change
from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment, SettingChange
from relens.kit import clock
from relens.kit.clock import DAY, HOUR, Micros
from relens.kit.errors import Invalid
from relens.metrics.reference import Reference
from relens.monitoring import normal, store, sums, usual_rows
from relens.monitoring.drift import Part, parts_of
from relens.monitoring.fitted import FittedReferences
from relens.monitoring.span import Stretch, begin, cover
from relens.monitoring.training_data import FittedReference
from relens.monitoring.usual import accepted, alarm_now, began, live_ones
from relens.review.habits import Habits, habits_of

LOOKED_AT = 30 * DAY
"""So much of production, to its latest image, is what somebody means by "this" where there is no alarm."""
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
    anew: Micros = 0
    """Usual production begins there since; 0: what was usual stays so."""


def in_force(connection: Connection, deployment: Deployment) -> FittedReference | None:
    """The champion's reference, once it is ready."""
    chosen = store.get_training_data(connection, deployment.id)
    row = store.get_reference(connection, chosen.reference) if chosen and chosen.reference else None
    return row if row is not None and row.state == "ready" else None


def watched_deployments(connection: Connection) -> int:
    """How many deployments share the budget of false alarms: those that are compared with training data."""
    return len(store.all_training_data(connection))


def decisions(connection: Connection, deployment: str, reference: str) -> list[Decision]:
    """About one reference, the oldest first."""
    lines = deployments.setting_changes(connection, deployment, _SETTING)
    return [
        Decision(said["verb"], said["reason"], line.at, line.by, said["reference"], said["window"], said.get("anew", 0))
        for line in reversed(lines)
        if (said := line.value)["reference"] == reference
    ]


def last_usual(said: Sequence[Decision]) -> int:
    """The latest window when somebody last said that this is normal; 0 if nobody did."""
    return max((one.window for one in said if one.verb == "usual"), default=0)


def begun_anew(said: Sequence[Decision]) -> Micros:
    """Since when usual production is what somebody said it is; 0 if it never began anew."""
    return max((one.anew for one in said), default=0)


@dataclass(frozen=True, slots=True)
class Present:
    """What production looks like now, against one reference. `anew`: since when it has left what was usual; 0 if it has not."""

    reference: str
    anew: Micros
    parts: tuple[Part, ...]


def present(connection: Connection, deployment: Deployment, fitted: FittedReferences) -> Present:
    """What somebody means who says *this is normal*; reads only, so that it can be done before the decision is written."""
    row = _watched(connection, deployment)
    windows = usual_rows.windows(connection, row.id, counted=False)
    alarm = alarm_now(windows, last_usual(decisions(connection, deployment.id, row.id)))
    anew = began(windows, alarm).since if alarm else 0
    return Present(row.id, anew, tuple(lately(connection, deployment, fitted.get(row.id).reference, anew)))


def say_usual(connection: Connection, deployment: Deployment, reason: str, actor: Actor, now: Present) -> int:
    """*This is normal*: what waits, or came since the alarm, becomes usual production. How many windows changed.

    What production looks like now is kept, so that no notice tells of it any more.
    """
    row = _may_decide(connection, deployment, reason, actor)
    if row.id != now.reference:
        raise NothingToWatch(f"the training data of '{deployment.name}' has just changed: look again")
    before = last_usual(decisions(connection, deployment.id, row.id))
    states = accepted(usual_rows.windows(connection, row.id, counted=False), before)
    at = clock.now()
    _write_down(connection, deployment, row, Decision("usual", reason, at, actor.id, row.id, 0, now.anew))
    normal.keep(connection, row.id, at, now.parts)
    usual_rows.set_states(connection, row.id, states)
    return len(states)


def investigate(connection: Connection, deployment: Deployment, reason: str, actor: Actor, share: float) -> Habits:
    """*Investigate*: more of the review queue are random checks, which say whether the answers suffer."""
    row = _may_decide(connection, deployment, reason, actor)
    _write_down(connection, deployment, row, Decision("investigate", reason, clock.now(), actor.id, row.id, 0))
    before = habits_of(deployment.settings)
    habits = Habits(max(share, before.random_share), before.sampler)
    change.set_settings(connection, deployment, {"review_queue": habits.to_json()})
    return habits


def lately(connection: Connection, deployment: Deployment, reference: Reference, since: Micros = 0) -> list[Part]:
    """Production of the last days (from `since` on), all of it and its latest images, of each source and together."""
    filled = sums.extent(connection, deployment.id)
    if filled is None:
        return []
    since, until = max(since, filled[1] - LOOKED_AT), filled[1] + HOUR
    since -= since % HOUR
    cut = max(since, begin("day", filled[1] - DAY))
    stretches: list[Stretch] = [*cover(since, cut, "day"), *cover(cut, until, "hour")]
    found = list(sums.cells(connection, deployment.id, ["drift"], sums.Which(stretches)))
    cells = [one for one in found if one[0].reference == reference.id]
    return parts_of(cells, reference) if cells else []


def _may_decide(connection: Connection, deployment: Deployment, reason: str, actor: Actor) -> FittedReference:
    actor.must_be("operator")
    if not reason.strip():
        raise NoReason("say why, in a few words: the next person will ask")
    return _watched(connection, deployment)


def _watched(connection: Connection, deployment: Deployment) -> FittedReference:
    row = in_force(connection, deployment)
    if row is None:
        raise NothingToWatch(f"'{deployment.name}' is compared with no training data yet: choose it first")
    return row


def _write_down(connection: Connection, deployment: Deployment, row: FittedReference, said: Decision) -> None:
    live = live_ones(usual_rows.windows(connection, row.id, counted=False))
    value = {
        "verb": said.verb,
        "reason": said.reason.strip(),
        "reference": row.id,
        "window": live[-1].number if live else 0,
        "anew": said.anew,
    }
    deployments.remember_setting(connection, SettingChange(deployment.id, _SETTING, value, said.at, said.by))
