"""How many predictions are answered per time, and at which time of the day."""

from collections.abc import Mapping, Sequence

import numpy as np

from relens.kit.clock import HOUR
from relens.metrics.images import Images
from relens.metrics.metric import EVERY_TASK, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference

HOURS = 24


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """int64[24]: images by the hour of the day (UTC) they were taken in."""
    hours = Images.of(images).taken_at // HOUR % HOURS
    return {"": np.bincount(hours, minlength=HOURS).astype(np.int64)}


def value(states: States, reference: Reference | None) -> Value:
    by_hour = states[""]
    images = int(by_hour.sum())
    return {
        "images": images,
        "by_hour_of_day": by_hour.tolist(),
        "busiest_hour_of_day": int(by_hour.argmax()) if images else None,
    }


def point(states: States, reference: Reference | None) -> Value:
    return {"images": int(states[""].sum())}


def rate(states: States, seconds: float) -> Value:
    images = int(states[""].sum()) if "" in states else 0
    per_second = images / seconds if seconds > 0 else None
    return {"per_second": per_second, "per_minute": None if per_second is None else per_second * 60}


METRIC = Summed(
    title="Throughput",
    definition="Answered images per second over the window, and the hours of the day they come in (UTC).",
    formula="images / seconds from the window's first image (or its start) to its end (or now)",
    source="A count of our own",
    needs="predictions",
    tasks=EVERY_TASK,
    unit="images/s",
    observe=observe,
    value=value,
    point=point,
    rate=rate,
    sees_erased=True,
)
