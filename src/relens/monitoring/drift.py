"""Explains drift: the distance, what moved and how, which source is behind it, and whether it is plain enough to say so.

Cold start only: against the training data, every camera's small differences are "significant" sooner or later, so this
never alarms on a p-value. It gives a notice when the distance is large beyond its sampling noise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relens.kit.clock import Micros
from relens.metrics.kinds import drift
from relens.metrics.metric import State
from relens.metrics.reference import Reference
from relens.monitoring.bucket import Cell

LEAST_FOR_NOTICE = 50
PLAIN = 0.15
RECENT = 200
LEAST_IN_SLICE = 20

Cells = Sequence[tuple[Cell, State]]


def plain(d: float | None, n: int, reference_n: int, looks: int = 1) -> bool:
    """Whether the distance, less the 99 % sampling noise of two samples of these sizes, still reaches PLAIN.

    `looks`: how many distances are asked about at once; the 1 % is shared among them.
    """
    if d is None or n < LEAST_IN_SLICE or reference_n < 1:
        return False
    # What the Kolmogorov statistic exceeds with probability 1 % / looks, to first order.
    noise = sqrt(-log(0.01 / looks / 2) / 2) * sqrt(1 / n + 1 / reference_n)
    return d - noise >= PLAIN


def explain(cells: Cells, reference: Reference, least: int = LEAST_FOR_NOTICE) -> dict[str, Any]:
    """The drift of one window against one reference. `cells` are the drift states counted against it, not empty.

    `notice`: at least `least` images, and production plainly differs as a whole, in its latest RECENT images, or in
    one source.
    """
    value = drift.value({"": total(state for _, state in cells)}, reference)
    sources = _by_source(cells, reference)
    behind = most_responsible(cells, sources, reference)
    recent = drift.headline(reference.outlier, _scores(latest(cells, reference), reference))
    looked_at = [value, recent, *sources.values()]
    notice = value["n"] >= least and any(
        plain(one["d"], one["n"], one["reference_n"], len(looked_at)) for one in looked_at
    )
    return {**value, "usual": not notice, "notice": notice, "recent": recent, "slice": behind}


def total(states: Iterable[State]) -> NDArray[np.int64]:
    return np.asarray(np.sum(list(states), axis=0), dtype=np.int64)


def latest(cells: Cells, reference: Reference, images: int = RECENT) -> Cells:
    """The newest buckets that hold at least so many scored images together."""
    by_time: dict[Micros, list[tuple[Cell, State]]] = defaultdict(list)
    for one in cells:
        by_time[one[0].bucket.hour].append(one)
    kept: list[tuple[Cell, State]] = []
    for hour in sorted(by_time, reverse=True):
        kept += by_time[hour]
        if _scores(kept, reference).sum() >= images:
            break
    return kept


def most_responsible(cells: Cells, sources: dict[str, dict[str, Any]], reference: Reference) -> dict[str, Any] | None:
    """The source without which the distance would fall most; None where there is only one, or none that adds to it."""
    whole = drift.headline(reference.outlier, _scores(cells, reference))["d"]
    if whole is None or len(sources) < 2:
        return None
    found: list[tuple[float, str]] = []
    for source, described in sources.items():
        if described["n"] < LEAST_IN_SLICE:
            continue
        rest = [one for one in cells if one[0].bucket.source != source]
        without = drift.headline(reference.outlier, _scores(rest, reference))["d"]
        found.append((whole - (without or 0.0), source))
    if not found or max(found)[0] <= 0:
        return None
    source = max(found)[1]
    return {"source": source or None, **{name: sources[source][name] for name in ("d", "bound", "n")}}


def _by_source(cells: Cells, reference: Reference) -> dict[str, dict[str, Any]]:
    names = sorted({cell.bucket.source for cell, _ in cells})
    return {
        name: drift.headline(
            reference.outlier, _scores([one for one in cells if one[0].bucket.source == name], reference)
        )
        for name in names
    }


def _scores(cells: Cells, reference: Reference) -> NDArray[np.int64]:
    """Counts of outlier scores on the reference's bins."""
    if not cells:
        return np.zeros(len(reference.outlier.counts), dtype=np.int64)
    return drift.pieces(total(state for _, state in cells), reference)[0]
