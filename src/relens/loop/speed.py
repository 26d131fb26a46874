"""How fast two versions answer: the same images, in turn, on one thread, with the production code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from relens.inference.load import LoadedVersion
from relens.inference.predict import predict
from relens.infra.storage import NoBytes

MOST_IMAGES = 40
_WARM_UP = 2
_FASTER_BY = 0.9
_FASTER_IN = 0.75


@dataclass(frozen=True, slots=True)
class Speed:
    """Median milliseconds per image of champion and candidate, over `images`; `won`: the share of them the candidate answered sooner.

    Medians, because the machine also serves: what an image waits for others says nothing of the version.
    """

    champion_ms: float
    candidate_ms: float
    won: float
    images: int

    @property
    def faster(self) -> bool:
        """By a tenth at least, and not by a few lucky images."""
        return self.candidate_ms <= _FASTER_BY * self.champion_ms and self.won >= _FASTER_IN


def measure_speed(
    champion: LoadedVersion, candidate: LoadedVersion, assets: Sequence[str], read: Callable[[str], bytes]
) -> Speed | None:
    """None where no image can be read."""
    times: list[tuple[float, float]] = []
    for asset in assets[: MOST_IMAGES + _WARM_UP]:
        try:
            data = read(asset)
        except NoBytes:
            continue
        # Whoever goes second finds the image's bytes in the caches, so they take turns.
        first, second = (champion, candidate) if len(times) % 2 == 0 else (candidate, champion)
        took = {id(version): predict(data, version).prediction.latency_ms for version in (first, second)}
        times.append((took[id(champion)], took[id(candidate)]))
    counted = times[_WARM_UP:] or times
    if not counted:
        return None
    won = sum(after < before for before, after in counted) / len(counted)
    return Speed(median(one for one, _ in counted), median(other for _, other in counted), won, len(counted))
