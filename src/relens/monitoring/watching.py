"""Where a deployment stands with drift, in a sentence: what is missing, that all is usual, or since when it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.kit.clock import Micros
from relens.metrics.drift_alarm import ENOUGH_WINDOWS, LEAST_WINDOWS
from relens.monitoring import usual_rows
from relens.monitoring.decided import Decision, decisions, in_force, last_usual, watched_deployments
from relens.monitoring.usual import DriftWindow, Watch, alarm_now, began, live_ones, threshold

State = Literal["off", "learning", "watching", "alarm"]


@dataclass(frozen=True, slots=True)
class Standing:
    """`known` windows of usual production; `missing` of them until there are alarms, `wanted` in all. None: nothing to say yet.

    `since`: when the alarm that stands began. `windows` hold no counts.
    """

    state: State
    sentence: str
    known: int
    missing: int
    images_missing: int
    evidence: float | None
    threshold: float | None
    budget: str
    since: Micros | None
    windows: tuple[DriftWindow, ...]
    decisions: tuple[Decision, ...]
    wanted: int = ENOUGH_WINDOWS

    @property
    def alarmed(self) -> list[DriftWindow]:
        """The windows of the alarm that stands, the oldest first."""
        live = live_ones(self.windows)
        return [one for one in live if self.since is not None and one.since >= self.since]

    @property
    def accepted(self) -> bool:
        """Whether somebody said that production is normal here."""
        return any(one.verb == "usual" for one in self.decisions)


def standing(connection: Connection, deployment: Deployment) -> Standing:
    """What is known now; reads only."""
    row = in_force(connection, deployment)
    watch = Watch.of(deployment.settings)
    among = watched_deployments(connection)
    if row is None:
        sentence = "choose the training data: usual production is learned beside it"
        return Standing("off", sentence, 0, LEAST_WINDOWS, 0, None, None, watch.words(among), None, (), ())
    windows = usual_rows.windows(connection, row.id, counted=False)
    said = decisions(connection, deployment.id, row.id)
    known = sum(one.state == "usual" for one in windows)
    missing = max(LEAST_WINDOWS - known, 0)
    alarm = alarm_now(windows, last_usual(said))
    state: State = "alarm" if alarm else "learning" if missing else "watching"
    sentences = {
        "alarm": lambda: _alarmed(alarm, began(windows, alarm)) if alarm else "",
        "learning": lambda: _learning(windows, known, missing, watch),
        "watching": lambda: _watching(known, watch.words(among)),
    }
    live = live_ones(windows)
    fresh = [one for one in live[-1:] if one.number > last_usual(said)]
    return Standing(
        state,
        sentences[state](),
        known,
        missing,
        missing * watch.images,
        None if missing else sum(one.evidence for one in fresh),
        None if missing else threshold(watch, windows, among),
        watch.words(among),
        began(windows, alarm).since if alarm else None,
        tuple(windows),
        tuple(said),
    )


def _alarmed(alarm: DriftWindow, first: DriftWindow) -> str:
    what = f", {alarm.feature} most (D = {alarm.distance:.2f})" if alarm.feature else ""
    return f"production has left what is usual here since {clock.to_text(first.since)[:16]}Z{what}"


def _learning(windows: list[DriftWindow], known: int, missing: int, watch: Watch) -> str:
    waiting = sum(one.state == "waiting" for one in windows)
    length = f"{watch.images:,} images" if watch.by == "count" else f"{watch.hours} hours and {watch.images:,} images"
    sentence = (
        f"usual production is being learned: {known} of {LEAST_WINDOWS} windows are known, "
        f"{missing} more of at least {length} each are missing; until then there are notices, no alarms"
    )
    if waiting:
        sentence += f"; {waiting} windows plainly differ from the training data: say whether this is normal"
    return sentence


def _watching(known: int, budget: str) -> str:
    return f"nothing unusual against {known} windows of usual production ({budget})"
