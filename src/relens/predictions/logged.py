"""A logged prediction: what was answered, to which image, by which version; a fact that is never edited."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from relens.deployments.deployment import Role
from relens.kit.clock import DAY, Micros
from relens.kit.errors import Conflict, Invalid, NotFound
from relens.predictions.written import Said
from relens.vision.columns import Columns
from relens.vision.prediction import Detection

ReviewState = Literal["pending", "accepted", "corrected", "unusable", "skipped"]
Origin = Literal["served", "external", "imported"]
REVIEW_STATES: tuple[ReviewState, ...] = ("pending", "accepted", "corrected", "unusable", "skipped")


ERASED = "erased"
"""The reason why nothing is kept of a line that a person erased: a tombstone says when, by which version and how long it took, not what was said."""


class NoPrediction(NotFound):
    """No prediction has this id."""


class SentTwice(Conflict):
    """The same client id came with another image."""


class BadEntry(Invalid):
    """A field of a prediction that cannot be kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One prediction on its way into the log.

    `taken_at` is when the image was taken (event time); `scalars` and `feature` are what monitoring needs of the image.
    `parent` is the champion's prediction when this one is a shadow's. `origin`: answered here, made on the user's own machines, or brought in
    afterwards. `error`: why there is no answer (its kind, a few words); such a line has no detections. `writer` and `writer_seq` number what one
    program sent, so that gaps show. `keep_reason` and `keep_probability` say why the image was kept or not, and how probable keeping it was.
    """

    deployment: str
    asset: str
    width: int
    height: int
    model_version: str | None
    role: Role
    detections: tuple[Detection, ...]
    threshold: float
    latency_ms: float
    taken_at: Micros
    client_id: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    trace: str | None = None
    origin: Origin = "served"
    error: str | None = None
    writer: str | None = None
    writer_seq: int | None = None
    keep_reason: str = "all"
    keep_probability: float = 1.0
    scalars: NDArray[np.float32] | None = None
    feature: NDArray[np.float16] | None = None

    def __post_init__(self) -> None:
        if self.client_id is not None and not 1 <= len(self.client_id) <= 200:
            raise BadEntry("a client_id has 1 to 200 characters")
        if self.source is not None and not 1 <= len(self.source) <= 200:
            raise BadEntry("a source has 1 to 200 characters")
        if len(self.tags) > 50 or any(not 1 <= len(tag) <= 100 for tag in self.tags):
            raise BadEntry("at most 50 tags of 1 to 100 characters each")
        if not math.isfinite(self.latency_ms) or self.latency_ms < 0:
            raise BadEntry(f"a latency is a number of milliseconds that is not negative, not {self.latency_ms}")
        if self.error is not None:
            self._check_error()
        elif self.width < 1 or self.height < 1:
            raise BadEntry("width and height must be at least 1 pixel")
        if self.writer is not None or self.writer_seq is not None:
            self._check_writer()

    def _check_error(self) -> None:
        """An image nobody could open has no size: it is 0 x 0."""
        if not isinstance(self.error, str) or not 1 <= len(self.error) <= 60:
            raise BadEntry("an error is its kind in 1 to 60 characters; what else there is to say goes into metadata")
        if self.detections:
            raise BadEntry("a prediction with an error has no detections: send one or the other")

    def _check_writer(self) -> None:
        if not isinstance(self.writer, str) or not 1 <= len(self.writer) <= 100:
            raise BadEntry("a writer_seq counts what one writer sent: name that writer in 1 to 100 characters")
        if (
            not isinstance(self.writer_seq, int)
            or isinstance(self.writer_seq, bool)
            or not 0 <= self.writer_seq < 2**62
        ):
            raise BadEntry(
                "a writer_seq is a whole number that grows by one with each prediction of its writer and source"
            )


@dataclass(frozen=True, slots=True)
class Logged:
    """One line of the log, with its signals (review state, outlier score) as they are now."""

    id: str
    deployment: str
    log_seq: int
    client_id: str | None
    asset: str
    width: int
    height: int
    model_version: str | None
    role: Role
    source: str | None
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]
    taken_at: Micros
    logged_at: Micros
    latency_ms: float
    threshold: float
    detections: tuple[Detection, ...]
    parent: str | None
    trace: str | None
    review: ReviewState
    outlier: float | None
    origin: Origin = "served"
    error: str | None = None
    writer: str | None = None
    writer_seq: int | None = None
    keep_reason: str = "all"
    keep_probability: float = 1.0
    scalars: NDArray[np.float32] | None = None
    feature: NDArray[np.float16] | None = None

    @property
    def in_log(self) -> bool:
        """False for an answer that was given although it could not be logged."""
        return self.log_seq > 0

    @property
    def took_ms(self) -> float | None:
        """The latency, where it was said: of a prediction made elsewhere it may not be known, and stands as 0."""
        return self.latency_ms if self.latency_ms > 0 else None

    @property
    def columns(self) -> Columns:
        """Everything that was said, side by side."""
        said = _DETECTIONS.__get__(self)
        return said.columns() if type(said) is Said else Columns.of(said)

    @property
    def erased(self) -> bool:
        return self.keep_reason == ERASED

    @property
    def answered(self) -> tuple[Detection, ...]:
        """What was answered: the detections at or above the threshold of that moment."""
        return tuple(d for d in self.detections if d.confidence >= self.threshold)


_DETECTIONS: Any = Logged.__dict__["detections"]
"""Where a line keeps its detections, or as they are written (Said)."""


class _WhenAsked:
    def __get__(self, line: Logged | None, owner: type[Logged]) -> Any:
        said = _DETECTIONS.__get__(line, owner)
        return said.detections() if type(said) is Said else said

    def __set__(self, line: Logged, said: tuple[Detection, ...] | Said) -> None:
        _DETECTIONS.__set__(line, said)


setattr(Logged, "detections", _WhenAsked())  # noqa: B010 - the field of a frozen class, whose value is read when asked for


def read_columns(lines: Sequence[Logged]) -> None:
    """Reads what was said on these lines together, before each is asked for its columns."""
    said = (_DETECTIONS.__get__(line) for line in lines)
    Said.read_columns([one for one in said if type(one) is Said])


def believable(taken_at: Micros, now: Micros) -> Micros:
    """Event time as it is kept: a clock that runs ahead is clamped to now (a day's grace would fill tomorrow's charts)."""
    return min(taken_at, now) if taken_at <= now + 365 * DAY else now
