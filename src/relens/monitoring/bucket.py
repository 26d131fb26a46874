"""A bucket: the images of one deployment, hour, source, version and role; its states are sums.

An image belongs to the hour it was taken in (UTC), however late it arrives.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relens.inference import features
from relens.kit import clock
from relens.kit.clock import Micros
from relens.metrics.images import Images
from relens.metrics.metric import Observed, State, Summed, of_task
from relens.metrics.reference import Reference
from relens.predictions.logged import Logged

IMPORTED = "imported"
"""Stands for the champion's role in the bucket of what was brought in afterwards, so that alerts can leave it out."""

_KINDS = [(code, int(np.iinfo(code).min), int(np.iinfo(code).max)) for code in "bhiq"]
_SHORT = 160
"""Bytes; squeezing less saves nothing."""


class Bucket(NamedTuple):
    """`hour`: when it begins. `source` and `model_version` are "" where nobody said."""

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
    numbers: NDArray[np.float32] | None = None
    """Of the image, in the order of the reference's features."""


def bucket_of(line: Logged, width: Micros = clock.HOUR) -> Bucket:
    """The bucket of a prediction; `width` microseconds wide, aligned to 1970."""
    role = IMPORTED if line.origin == "imported" and line.role != "shadow" else line.role
    return _bucket(line.taken_at - line.taken_at % width, line.source or "", line.model_version or "", role)


@lru_cache(1000)
def _bucket(hour: Micros, source: str, model_version: str, role: str) -> Bucket:
    """Few buckets take thousands of lines in."""
    return Bucket(hour, source, model_version, role)


def observed(seen: Seen, whole_image: bool) -> Observed:
    """The prediction as the metrics see it. Of a whole-image task only the best label is an answer.

    Programs that do not measure their latency send 0; that is not known, not fast.
    """
    line = seen.line
    answered = line.answered[:1] if whole_image else line.answered
    return Observed(
        line.width,
        line.height,
        line.took_ms,
        answered,
        line.scalars if seen.reference is None else seen.numbers,
        seen.outlier,
        seen.own_reference,
        features.NAMES if seen.reference is None else seen.reference.names(),
        line.taken_at,
        line.error,
    )


def _together(group: Sequence[Seen], whole_image: bool) -> Images:
    lines = [one.line for one in group]
    said = [line.columns.above(line.threshold) for line in lines]
    return Images(
        [one.first() for one in said] if whole_image else said,
        [(line.width, line.height) for line in lines],
        [line.took_ms for line in lines],
        [line.taken_at for line in lines],
        [line.error for line in lines],
        [one.outlier for one in group],
        any((one.line.scalars if one.reference is None else one.numbers) is not None for one in group),
        lambda: [observed(one, whole_image) for one in group],
    )


class _Shown:
    """What each metric sees of one group: nearly always all of it, and then all of them see the same arrays."""

    def __init__(self, group: Sequence[Seen], whole_image: bool) -> None:
        self._group, self._whole_image = group, whole_image
        self._failed = any(one.line.error is not None for one in group)
        self._erased = any(one.line.erased for one in group)
        self._known: dict[tuple[bool, bool], Images] = {}

    def to(self, metric: Summed) -> Images:
        without = self._failed and not metric.sees_failures, self._erased and not metric.sees_erased
        if without not in self._known:
            failed, erased = without
            seen = [
                one
                for one in self._group
                if not (failed and one.line.error is not None) and not (erased and one.line.erased)
            ]
            self._known[without] = _together(seen, self._whole_image)
        return self._known[without]


def summed(names: Iterable[str] | None, task: str) -> dict[str, Summed]:
    """The unsupervised metrics of a task, by name; all of them, or those of `names`."""
    wanted = None if names is None else set(names)
    found = of_task(task).items()
    return {n: metric for n, metric in found if isinstance(metric, Summed) and (wanted is None or n in wanted)}


def states_of(
    seen: Sequence[Seen], task: str, metrics: dict[str, Summed], width: Micros = clock.HOUR
) -> dict[Cell, State]:
    """The states of these predictions, each in the bucket it belongs to.

    A line with an error answered nothing: only metrics that ask for failures see it. Of a tombstone nobody knows what it answered.
    """
    groups: dict[tuple[Bucket, str], list[Seen]] = defaultdict(list)
    for one in seen:
        groups[bucket_of(one.line, width), one.reference.id if one.reference else ""].append(one)
    states: dict[Cell, State] = {}
    for (bucket, reference_id), group in groups.items():
        shown = _Shown(group, task == "classification")
        for name, metric in metrics.items():
            against = reference_id if metric.needs == "training data" else ""
            images = shown.to(metric)
            for label, state in metric.observe(images, group[0].reference).items() if images else ():
                cell = Cell(name, bucket, against, label)
                states[cell] = states[cell] + state if cell in states else state
    return states


def pack(state: State) -> bytes:
    """A state as a few bytes: in the smallest whole numbers that hold it, and squeezed where that pays."""
    if state.dtype.kind == "f":
        return b"d" + np.ascontiguousarray(state, dtype=np.float64).tobytes()
    low, high = (int(np.minimum.reduce(state, None)), int(np.maximum.reduce(state, None))) if state.size else (0, 0)
    code = next(c for c, least, most in _KINDS if least <= low and high <= most)
    plain = state.astype(code).tobytes()
    if len(plain) <= _SHORT:
        return code.encode() + plain
    return code.upper().encode() + zlib.compress(plain, 1)


def unpack(written: bytes) -> State:
    """What `pack` wrote; a fresh array."""
    code = chr(written[0])
    if code == "d":
        return np.frombuffer(written, dtype=np.float64, offset=1).copy()
    plain = zlib.decompress(written[1:]) if code.isupper() else written[1:]
    return np.frombuffer(plain, dtype=code.lower()).astype(np.int64)
