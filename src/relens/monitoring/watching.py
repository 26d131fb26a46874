"""Where a deployment stands with drift, in a sentence: what is missing, that all is usual, or since when it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from relens.deployments.deployment import Deployment
from relens.kit import clock
from relens.metrics.drift_alarm import ENOUGH_WINDOWS, LEAST_WINDOWS
from relens.monitoring.usual import DriftWindow, Watch, alarm_now, threshold
from relens.monitoring.watch import Decision, decisions, known_windows, last_usual


@dataclass(frozen=True, slots=True)
class Standing:
    """`known` windows of usual production; `missing` of them until there are alarms, `wanted` in all. None: nothing to say yet."""

    state: Literal["off", "learning", "watching", "alarm"]
    sentence: str
    known: int
    missing: int
    images_missing: int
    evidence: float | None
    threshold: float | None
    windows: tuple[DriftWindow, ...]
    decisions: tuple[Decision, ...]
    wanted: int = ENOUGH_WINDOWS


def standing(connection: Connection, deployment: Deployment) -> Standing:
    """What is known now; reads only."""
    row, windows = known_windows(connection, deployment)
    watch = Watch.of(deployment.settings)
    if row is None:
        sentence = "choose the training data: usual production is learned beside it"
        return Standing("off", sentence, 0, LEAST_WINDOWS, 0, None, None, (), ())
    said = decisions(connection, deployment.id, row.id)
    known = sum(one.state == "usual" for one in windows)
    missing = max(LEAST_WINDOWS - known, 0)
    alarm = alarm_now(windows, last_usual(said))
    images = missing * watch.images
    learning = missing > 0
    state: Literal["learning", "watching", "alarm"] = "alarm" if alarm else "learning" if learning else "watching"
    return Standing(
        state,
        _alarmed(alarm)
        if alarm
        else _learning(windows, known, missing, watch)
        if learning
        else _watching(known, watch),
        known,
        missing,
        images,
        None if learning or not windows else windows[-1].evidence,
        None if learning else threshold(watch, windows),
        tuple(windows),
        tuple(said),
    )


def _alarmed(alarm: DriftWindow) -> str:
    what = f", {alarm.feature} most (D = {alarm.distance:.2f})" if alarm.feature else ""
    return f"production has left what is usual here since {clock.to_text(alarm.since)[:16]}Z{what}"


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


def _watching(known: int, watch: Watch) -> str:
    return f"nothing unusual against {known} windows of usual production ({watch.words})"
