"""Images of a deployment that look like the one of a prediction: near by what its model saw in them, or by their appearance.

Features are comparable within one model version only, so those of another version are not looked at; where the version gives none,
the plain numbers of an image (brightness, sharpness, ...) are compared, each in units of its own spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection, select

from relens.metrics.nearest import nearest
from relens.metrics.neighbours import normalised, standardisation
from relens.predictions import store
from relens.predictions.logged import Logged
from relens.predictions.tables import feature, prediction, signal

AMONG = 5_000
"""So many of the latest images are compared: some ten milliseconds."""

By = Literal["features", "appearance"]


@dataclass(frozen=True, slots=True)
class Similar:
    """The look-alikes, nearest first, with how far away each is; `among` images were compared."""

    lines: tuple[Logged, ...]
    distances: tuple[float, ...]
    by: By | None
    among: int


def similar(connection: Connection, line: Logged, k: int) -> Similar:
    """`by` None: nothing is known of this image that could be compared."""
    if line.feature is not None and (found := _near(connection, line, "features", k)).lines:
        return found
    if line.scalars is not None:
        return _near(connection, line, "appearance", k)
    return Similar((), (), None, 0)


def _near(connection: Connection, line: Logged, by: By, k: int) -> Similar:
    column = feature.c.vector if by == "features" else feature.c.scalars
    own: Any = line.feature if by == "features" else line.scalars
    rows = [row for row in _others(connection, line, column, by) if len(row.numbers) == own.nbytes]
    if not rows:
        return Similar((), (), by, 0)
    bank = np.stack([np.frombuffer(row.numbers, own.dtype) for row in rows])
    if by == "features":
        bank, own = normalised(bank), normalised(own[None])[0]
    else:
        bank, own = _in_own_units(bank, own)
    places, apart = nearest(bank, own, k)
    by_id = {one.id: one for one in store.several(connection, [rows[place].id for place in places])}
    pairs = [(by_id[rows[at].id], float(far)) for at, far in zip(places, apart, strict=True) if rows[at].id in by_id]
    return Similar(tuple(one for one, _ in pairs), tuple(far for _, far in pairs), by, len(rows))


def _others(connection: Connection, line: Logged, column: Any, by: By) -> Sequence[Any]:
    """The latest images with what is compared, each image once, without the line's own."""
    here = (signal.c.deployment == line.deployment) & (signal.c.role != "shadow") & (signal.c.asset != line.asset)
    if by == "features":
        here &= signal.c.model_version == line.model_version
    query = (
        select(prediction.c.id, signal.c.asset, column.label("numbers"))
        .select_from(signal)
        .join(feature, feature.c.log_seq == signal.c.log_seq)
        .join(prediction, prediction.c.log_seq == signal.c.log_seq)
        .where(here, column.is_not(None))
        .order_by(signal.c.log_seq.desc())
        .limit(AMONG)
    )
    once: dict[str, Any] = {}
    for row in connection.execute(query):
        once.setdefault(row.asset, row)
    return list(once.values())


def _in_own_units(bank: Any, own: Any) -> tuple[Any, Any]:
    """Each number in units of its spread; those that are not known of this image are left out, elsewhere they count as usual."""
    known = np.isfinite(own)
    centre, spread = standardisation(bank.astype(np.float64))
    return (
        np.nan_to_num((bank - centre) / spread)[:, known],
        ((own - centre) / spread)[known],
    )
