"""Explains drift: the distance, what moved and how, which source is behind it, and whether it is plain enough to say so.

Cold start only: against the training data, every camera's small differences are "significant" sooner or later, so this
never alarms on a p-value. It gives a notice when a distance is large beyond its sampling noise: the headline's by PLAIN,
or that of one number of the image itself by PLAIN_FEATURE. Numbers of the model have no vote of their own: they look
different on images it was trained on. What looks like something that was accepted as normal gives none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from relens.kit.calendar import WEEK
from relens.kit.clock import Micros
from relens.metrics.kinds import drift
from relens.metrics.ks import ks_of_each
from relens.metrics.metric import State
from relens.metrics.reference import Reference
from relens.monitoring.bucket import Cell
from relens.monitoring.lasting import These

LEAST_FOR_NOTICE = 50
PLAIN, PLAIN_FEATURE = 0.15, 0.3
RECENT, RECENT_IN_SLICE = 200, 50
LEAST_IN_SLICE = 20

Cells = Sequence[tuple[Cell, State]]
Pieces = Sequence[NDArray[np.int64]]
"""Counts of the outlier score and of each feature."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the window's images: all or one source's (None), and only the latest of them or not."""

    source: str | None
    latest: bool
    counts: NDArray[np.int64]
    """Their drift states together."""
    headline: dict[str, Any]

    def plainness(self, reference: Reference, looks: int, accepted: Sequence[Pieces] = ()) -> float:
        """From 1 on production plainly differs here, from the training data and from each of `accepted`.

        `looks`: how many parts are looked at together.
        """
        counts = drift.pieces(self.counts, reference)
        image = [i for i, feature in enumerate(reference.features) if feature.family == "image"]
        training = [spread.counts for spread in reference.all_spreads()]
        return min(_plainness(counts, usual, image, looks) for usual in (training, *accepted))


class Normality(Protocol):
    """What was accepted as normal beside the training data."""

    def like(self, part: Part, reference: Reference) -> Sequence[Pieces]: ...


def _plainness(counts: Pieces, usual: Pieces, image: Sequence[int], looks: int) -> float:
    """Of the outlier score and of each number of the image; minus infinity where there are too few."""
    mine, theirs = ([pieces[0], *(pieces[i + 1] for i in image)] for pieces in (counts, usual))
    distances, n, m = ks_of_each(mine, theirs)
    shared = np.array([looks, *[looks * len(image)] * len(image)], dtype=np.float64)
    plain = np.array([PLAIN, *[PLAIN_FEATURE] * len(image)])
    enough = (n >= LEAST_IN_SLICE) & (m > 0)
    if not enough.any():
        return float("-inf")
    noise = _noise(shared[enough], n[enough], m[enough])
    return float(((distances[enough] - noise) / plain[enough]).max())


def _noise(looks: NDArray[np.float64], n: NDArray[np.int64], m: NDArray[np.int64]) -> NDArray[np.float64]:
    """What the Kolmogorov statistic of two samples of these sizes exceeds with probability 1 % / looks, to first order."""
    return np.sqrt(-np.log(0.01 / looks / 2) / 2) * np.sqrt(1 / n + 1 / m)


def explain(
    cells: Cells,
    reference: Reference,
    normal: Normality | None = None,
    least: int = LEAST_FOR_NOTICE,
    lasting: bool = False,
) -> dict[str, Any]:
    """The drift of one window against one reference. `cells` are the drift states counted against it, not empty.

    `lasting`: they stay in memory, and what is made of them is worth keeping.
    `notice`: there are at least `least` images, and production plainly differs: as a whole, in one source, or in the
    latest images of either. `sentence` then says which and how.
    """
    parts = parts_of(cells, reference, lasting)
    value = drift.value({"": parts[0].counts}, reference)
    plainness = [
        part.plainness(reference, len(parts), normal.like(part, reference) if normal else ()) for part in parts
    ]
    plainest = parts[plainness.index(max(plainness))]
    notice = value["n"] >= least and max(plainness) >= 1
    return {
        **value,
        "usual": not notice,
        "notice": notice,
        "sentence": _sentence(plainest, reference) if notice else None,
        "slice": most_responsible(parts, reference),
    }


def parts_of(cells: Cells, reference: Reference, lasting: bool = False) -> list[Part]:
    """All images and the latest ones; where there are several sources, the same of each."""
    by_source: dict[str, list[tuple[Cell, State]]] = defaultdict(list)
    for one in cells:
        by_source[one[0].bucket.source].append(one)
    summed = _total_by_weeks if lasting else _total_of
    totals = {source: summed(its) for source, its in sorted(by_source.items())}
    newest = total(state for _, state in latest(cells, reference, RECENT))
    found = [part_of(None, False, total(totals.values()), reference), part_of(None, True, newest, reference)]
    if len(totals) > 1:
        for source, counts in totals.items():
            newest = total(state for _, state in latest(by_source[source], reference, RECENT_IN_SLICE))
            found.append(part_of(source, False, counts, reference))
            found.append(part_of(source, True, newest, reference))
    return found


def part_of(source: str | None, newest: bool, counts: NDArray[np.int64], reference: Reference) -> Part:
    return Part(source, newest, counts, drift.headline(reference.outlier, drift.scores_of(counts, reference)))


def most_responsible(parts: Sequence[Part], reference: Reference) -> dict[str, Any] | None:
    """The source without which the distance would fall most; None where there is only one, or none that adds to it."""
    whole, by_source = parts[0], {part.source: part for part in parts if part.source is not None and not part.latest}
    if whole.headline["d"] is None:
        return None
    found: list[tuple[float, str]] = []
    for source, part in by_source.items():
        if part.headline["n"] >= LEAST_IN_SLICE and source is not None:
            rest = drift.scores_of(whole.counts - part.counts, reference)
            without = drift.headline(reference.outlier, rest)["d"]
            found.append((whole.headline["d"] - (without or 0.0), source))
    if not found or max(found)[0] <= 0:
        return None
    source = max(found)[1]
    headline = by_source[source].headline
    return {"source": source or None, **{name: headline[name] for name in ("d", "bound", "n")}}


def latest(cells: Cells, reference: Reference, images: int) -> Cells:
    """The newest buckets that hold at least so many scored images together."""
    by_time: dict[Micros, list[tuple[Cell, State]]] = defaultdict(list)
    for one in cells:
        by_time[one[0].bucket.hour].append(one)
    kept: list[tuple[Cell, State]] = []
    scored = 0
    for hour in sorted(by_time, reverse=True):
        kept += by_time[hour]
        scored += sum(int(drift.scores_of(state, reference).sum()) for _, state in by_time[hour])
        if scored >= images:
            break
    return kept


def _total_by_weeks(cells: Cells) -> NDArray[np.int64]:
    """Weeks that are over were added up before."""
    by_week: dict[int, list[tuple[Cell, State]]] = defaultdict(list)
    for one in cells:
        by_week[one[0].bucket.hour // WEEK].append(one)
    return total(_remembered(These(week)) for week in by_week.values())


def _total_of(cells: Cells) -> NDArray[np.int64]:
    return total(state for _, state in cells)


@lru_cache(512)
def _remembered(week: These) -> NDArray[np.int64]:
    return _total_of(week.ones)


def total(states: Iterable[State]) -> NDArray[np.int64]:
    together: NDArray[np.int64] | None = None
    for state in states:
        if together is None:
            together = np.array(state, dtype=np.int64)
        else:
            together += state.astype(np.int64, copy=False)
    return np.zeros(0, dtype=np.int64) if together is None else together


def _sentence(part: Part, reference: Reference) -> str:
    """ "line-2, latest 60 images: darker: median brightness 0.463 → 0.29"."""
    moved = drift.value({"": part.counts}, reference)["features"]
    what = moved[0]["sentence"] if moved else "the images look different"
    n = f"{part.headline['n']:,} images"
    where = [*([part.source] if part.source else []), f"latest {n}" if part.latest else n]
    return f"{', '.join(where)}: {what}"
