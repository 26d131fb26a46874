"""Whether a run of the loop begins now: pure, and it says why, or what it waits for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from relens.kit.clock import DAY, HOUR, Micros
from relens.loop.policy import ContinuousTraining


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at `now`. `began`: when the last run did, None before the first; `spent`: (when it began, seconds it took) of each
    run of the last 24 hours.

    `alerts`: when each metric's alert that fires now began; `added`: images that are new since the last run.
    """

    now: Micros
    added: int
    began: Micros | None = None
    spent: Sequence[tuple[Micros, float]] = ()
    alerts: Mapping[str, Micros] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Due:
    """`reason`: why a run should begin, None when nothing asks for one; `waits`: what holds it back all the same, `until` when if that is known."""

    reason: str | None
    waits: str | None = None
    until: Micros | None = None

    @property
    def now(self) -> bool:
        return self.reason is not None and self.waits is None


def due(chosen: ContinuousTraining, seen: Situation) -> Due:
    """Any trigger is enough; then every limit has to allow it."""
    reason = _wanted(chosen, seen)
    return Due(reason, *_held_back(chosen, seen)) if reason else Due(None)


def _wanted(chosen: ContinuousTraining, seen: Situation) -> str | None:
    if seen.added >= chosen.after:
        return f"{_images(chosen.after)} added"
    if seen.added < 1:
        # The same images would give the same version again.
        return None
    began = seen.began or 0
    fresh = [name for name in chosen.on_alert if seen.alerts.get(name, -1) > began]
    if fresh:
        return f"an alert on {', '.join(fresh)} fires, and {_images(seen.added)} added"
    counted_from = chosen.since if seen.began is None else seen.began
    if chosen.every_days is None or counted_from is None or seen.now - counted_from < chosen.every_days * DAY:
        return None
    what = "the schedule was set" if seen.began is None else "the last run was"
    return f"{what} {chosen.every_days:g} days ago, and {_images(seen.added)} added"


def _held_back(chosen: ContinuousTraining, seen: Situation) -> tuple[str | None, Micros | None]:
    rested = (seen.began or 0) + round(chosen.cool_down_hours * HOUR)
    if seen.began is not None and seen.now < rested:
        return "a pause after the last run", rested
    again = None if chosen.minutes_per_day is None else _within_budget(60 * chosen.minutes_per_day, seen)
    if again is not None:
        minutes = f"{chosen.minutes_per_day:g} minutes of training a day are"
        return f"{'the minute of training a day is' if chosen.minutes_per_day == 1 else minutes} used up", again
    over = chosen.quiet.ends(seen.now) if chosen.quiet else None
    return (None, None) if over is None else ("quiet hours", over)


def _within_budget(seconds: float, seen: Situation) -> Micros | None:
    """When so many of the runs, the oldest first, are more than 24 hours ago that the rest took less than `seconds`; None if it does now."""
    left, again = sum(took for _, took in seen.spent), None
    for began, took in sorted(seen.spent):
        if left < seconds:
            break
        left, again = left - took, began + DAY
    return again


def firing(alerts: Collection[tuple[str, Micros]]) -> dict[str, Micros]:
    """When the newest alert on each metric began."""
    found: dict[str, Micros] = {}
    for metric, since in alerts:
        found[metric] = max(since, found.get(metric, 0))
    return found


def _images(count: int) -> str:
    return "one image was" if count == 1 else f"{count} images were"
