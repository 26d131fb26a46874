"""How a deployment's review queue is mixed: the share of random checks, and who ranks the hard cases."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from relens.kit.errors import Invalid
from relens.review.sampler import samplers

LEAST_SHARE = 0.2
"""With fewer random checks, the numbers for all traffic would rest on too little."""
USUAL_SAMPLER = "uncertainty"


class BadHabits(Invalid):
    """A queue that cannot be mixed like this."""


@dataclass(frozen=True, slots=True)
class Habits:
    """`random_share`: of the queue, 0.2 to 1. `sampler`: the name of the one that ranks the hard cases."""

    random_share: float = 0.5
    sampler: str = USUAL_SAMPLER

    def __post_init__(self) -> None:
        share = self.random_share
        if not isinstance(share, int | float) or not math.isfinite(share) or not LEAST_SHARE <= share <= 1:
            raise BadHabits(f"the share of random checks lies between {LEAST_SHARE} and 1, not at {share}")
        samplers.get(self.sampler)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def habits_of(settings: Mapping[str, Any]) -> Habits:
    """Those in a deployment's settings, or the usual ones."""
    written = settings.get("review_queue")
    return Habits(**written) if isinstance(written, Mapping) else Habits()
