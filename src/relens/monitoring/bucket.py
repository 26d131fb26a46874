"""A bucket: the images of one deployment, hour, source, version and role; its states are sums.

An image belongs to the hour it was taken in (UTC), however late it arrives.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from relens.kit import clock
from relens.kit.clock import Micros
from relens.metrics.metric import Observed, State, Summed, of_task
from relens.metrics.reference import Reference
from relens.predictions.logged import Logged

IMPORTED = "imported"
"""Stands for the champion's role in the bucket of what was brought in afterwards, so that alerts can leave it out."""


class Bucket(NamedTuple):
    """`source` and `model_version` are "" where nobody said."""

    hour: Micros
    source: str
    model_version: str
    role: str


class Cell(NamedTuple):
    """Where one state belongs: metric, bucket, the reference it was counted against ("" for none), label ("" for all)."""

    metric: str
    bucket: Bucket
    reference: str
    label: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One logged prediction with what the reference says of it."""

    line: Logged
    reference: Reference | None
    outlier: float | None
    own_reference: bool


def bucket_of(line: Logged, width: Micros = clock.HOUR) -> Bucket:
    """The bucket of a prediction; `width` microseconds wide, aligned to 1970."""
    role = IMPORTED if line.origin == "imported" and line.role != "shadow" else line.role
    return Bucket(line.taken_at - line.taken_at % width, line.source or "", line.model_version or "", role)


def observed(seen: Seen, whole_image: bool) -> Observed:
    """The prediction as the metrics see it. Of a whole-image task only the best label is an answer.

    Programs that do not measure their latency send 0; that is not known, not fast.
    """
    line = seen.line
    answered = line.answered[:1] if whole_image else line.answered
    latency = line.latency_ms if line.latency_ms > 0 else None
    return Observed(line.width, line.height, latency, answered, line.scalars, seen.outlier, seen.own_reference)


def summed(names: Iterable[str] | None, task: str) -> dict[str, Summed]:
    """The unsupervised metrics of a task, by name; all of them, or those of `names`."""
    wanted = None if names is None else set(names)
    found = of_task(task).items()
    return {n: metric for n, metric in found if isinstance(metric, Summed) and (wanted is None or n in wanted)}


def states_of(
    seen: Sequence[Seen], task: str, metrics: dict[str, Summed], width: Micros = clock.HOUR
) -> dict[Cell, State]:
    """The states of these predictions, each in the bucket it belongs to. A line with an error answered nothing: it is no image seen."""
    groups: dict[tuple[Bucket, str], list[Seen]] = defaultdict(list)
    for one in (one for one in seen if one.line.error is None):
        groups[bucket_of(one.line, width), one.reference.id if one.reference else ""].append(one)
    states: dict[Cell, State] = {}
    for (bucket, reference_id), group in groups.items():
        images = [observed(one, task == "classification") for one in group]
        for name, metric in metrics.items():
            against = reference_id if metric.needs == "training data" else ""
            for label, state in metric.observe(images, group[0].reference).items():
                cell = Cell(name, bucket, against, label)
                states[cell] = states[cell] + state if cell in states else state
    return states


def pack(state: State) -> bytes:
    """A state as a few bytes: most counts are zero."""
    return state.dtype.char.encode() + zlib.compress(np.ascontiguousarray(state).tobytes(), 1)


def unpack(written: bytes) -> State:
    """What `pack` wrote; a fresh array."""
    numbers = bytearray(zlib.decompress(written[1:]))
    if written[:1] == b"d":
        return np.frombuffer(numbers, dtype=np.float64)
    return np.frombuffer(numbers, dtype=np.int64)
