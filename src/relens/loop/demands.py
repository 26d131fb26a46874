"""What a deployment's demands say against a candidate, whatever its score. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from relens.kit.spoken import signed
from relens.loop.gate import Objection
from relens.loop.parts import LEAST, Part
from relens.loop.policy import Demands
from relens.loop.speed import Speed

CRITICAL_LOSS = 0.05
"""How much of its score a critical label might have lost at most, by the lower bound."""
_ONE_SIDED = 1.645
_MOST_IMAGES = 5_000


def objections(
    demands: Demands, labels: Sequence[Part], speed: Speed | None, size_bytes: int, images: int
) -> tuple[Objection, ...]:
    """What stands against a candidate whose `labels` were compared on `images` test images."""
    found = [_critical(part, images) for part in labels if part.name in demands.critical]
    if demands.latency_ms is not None:
        found.append(_latency(demands.latency_ms, speed))
    if demands.size_mb is not None and size_bytes > demands.size_mb * 1e6:
        found.append(Objection(f"its file has {size_bytes / 1e6:.1f} MB, and {demands.size_mb:g} MB are allowed", True))
    return tuple(one for one in found if one is not None)


def _critical(part: Part, images: int) -> Objection | None:
    if part.state == "not assessed" or part.lower is None or part.difference is None or part.upper is None:
        wanted = images * LEAST / part.count if part.count else images + LEAST
        short = (
            f"the critical label {part.name} has {part.count} of {LEAST} test objects, too few to see whether it falls"
        )
        return Objection(short, False, _more(wanted, images))
    if part.lower >= -CRITICAL_LOSS:
        return None
    span = f"{signed(part.difference * 100)} points, at worst {signed(part.lower * 100)}"
    if part.upper < 0 or part.difference <= -CRITICAL_LOSS:
        return Objection(f"it is worse on the critical label {part.name} ({span})", True)
    spread = (part.difference - part.lower) / _ONE_SIDED
    wanted = images * (_ONE_SIDED * spread / (part.difference + CRITICAL_LOSS)) ** 2
    unsure = f"the critical label {part.name} might have lost more than {CRITICAL_LOSS * 100:g} points ({span})"
    return Objection(unsure, False, _more(wanted, images))


def _latency(budget: float, speed: Speed | None) -> Objection | None:
    if speed is None:
        return Objection(f"nobody knows how fast it is, and {budget:g} ms an image are allowed", False, 1)
    if speed.candidate_ms <= budget:
        return None
    return Objection(f"it takes {speed.candidate_ms:.1f} ms an image, and {budget:g} ms are allowed", True)


def _more(wanted: float, images: int) -> int:
    return max(1, min(ceil(wanted) - images, _MOST_IMAGES))
