"""What a policy will need: images and gigabytes a day, and the days until the disk is as full as it may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relens.deployments.keeping import Keeping
from relens.infra.storage import Room
from relens.kit.spoken import percent
from relens.predictions.keep import Answered, decide, stands_out
from relens.predictions.retention.expire import most_used

ASSUMED_IMAGES = 10_000
ASSUMED_BYTES = 300_000
ASSUMED_STANDING_OUT = 0.1
ROW_BYTES = 1_500
"""Of one line of the log with its indexes and its numbers for monitoring; kept also where no image is."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was seen per day: lines, and images among them that were new; `image_bytes` is the mean of those kept. None: not known.

    `early`: it was seen for so short a time that a day may bring something else entirely.
    """

    lines_per_day: float | None = None
    fresh: float | None = None
    image_bytes: float | None = None
    early: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """`days_left` is None when the disk lasts for ever (images leave as fast as they come) or its size is not known.

    `early`: the numbers stand on less than an hour of traffic.
    """

    images_per_day: float
    kept_share: float
    gb_per_day: float
    days_left: float | None
    gb_at_most: float | None
    assumptions: tuple[str, ...]
    early: bool = False


def forecast(policy: Keeping, traffic: Traffic, recent: Sequence[Answered], room: Room | None, ours: int) -> Forecast:
    """`recent`: lines the policy is tried on; `ours`: bytes of images held now."""
    assumed: list[str] = []
    lines = traffic.lines_per_day
    if lines is None:
        lines = float(ASSUMED_IMAGES)
        assumed.append(f"no traffic was seen yet: {ASSUMED_IMAGES:,} images a day are assumed")
    if traffic.early:
        assumed.append("every hour is taken to be like the first, which is not over yet")
    size = traffic.image_bytes
    if size is None:
        size = float(ASSUMED_BYTES)
        assumed.append(f"no image was kept yet: {ASSUMED_BYTES // 1000} kB an image are assumed")
    share, more = kept_share(policy, recent)
    assumed += more
    fresh = 1.0 if traffic.fresh is None else traffic.fresh
    images = lines * share * fresh
    per_day = images * size + lines * ROW_BYTES
    kept_for = None if policy.days is None else images * size * policy.days
    left = _days_left(policy, images * size, lines, room, ours)
    return Forecast(lines, share, per_day / 1e9, left, _gb(kept_for), tuple(assumed), traffic.early)


def kept_share(policy: Keeping, recent: Sequence[Answered]) -> tuple[float, list[str]]:
    """The share of images the policy keeps, and what had to be assumed to say so."""
    if policy.images != "uncertain":
        return decide(policy, _NOTHING, 0.0).probability, []
    if not recent:
        standing_out = ASSUMED_STANDING_OUT
        assumed = [f"{percent(ASSUMED_STANDING_OUT)} of the images are assumed to be uncertain or unusual"]
    else:
        standing_out = sum(stands_out(line, _outlier(line)) is not None for line in recent) / len(recent)
        assumed = []
    return standing_out + policy.share - standing_out * policy.share, assumed


def _days_left(policy: Keeping, image_bytes: float, lines: float, room: Room | None, ours: int) -> float | None:
    if room is None:
        return None
    left = max(0.0, most_used(room, ours) - (room.total - room.free))
    if policy.days is not None and image_bytes * policy.days <= left + ours:
        image_bytes = 0.0  # by then as much leaves every day as comes
    per_day = image_bytes + lines * ROW_BYTES
    return left / per_day if per_day > 0 else None


def _outlier(line: Answered) -> float | None:
    found: float | None = getattr(line, "outlier", None)
    return found


def _gb(size: float | None) -> float | None:
    return None if size is None else size / 1e9


@dataclass(frozen=True, slots=True)
class _Nothing:
    detections: tuple[()] = ()
    threshold: float = 1.0
    error: str | None = None


_NOTHING = _Nothing()
