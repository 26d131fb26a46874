"""What somebody said is normal: production as it was then. A notice no longer tells of what looks like that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Boolean, Column, Connection, LargeBinary, String, Table, func, select

from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.kit.clock import Micros
from relens.metrics.kinds.drift import pieces
from relens.metrics.reference import Reference
from relens.monitoring.bucket import pack, unpack
from relens.monitoring.drift import LEAST_IN_SLICE, Part, Pieces

accepted_part = Table(
    "accepted_part",
    metadata,
    Column("reference", String(36), primary_key=True),
    # When somebody said that this is normal.
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    # True: all sources together, `source` is "" then.
    Column("whole", Boolean, primary_key=True),
    Column("source", String(200), primary_key=True),
    Column("latest", Boolean, primary_key=True),
    Column("counts", LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True, eq=False)
class Accepted:
    """One part of production when somebody said that it is normal; `source` None: all of them together."""

    source: str | None
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Normal:
    """All that was accepted beside the training data; nothing where nobody said anything."""

    parts: tuple[Accepted, ...] = ()

    def like(self, part: Part, reference: Reference) -> list[Pieces]:
        """What a part of production may look like: its own source as it was, or all of it where that is not known."""
        own = [one for one in self.parts if one.source == part.source]
        found = [pieces(one.counts, reference) for one in own or [o for o in self.parts if o.source is None]]
        return [one for one in found if one[0].sum() >= LEAST_IN_SLICE]


def keep(connection: Connection, reference: str, at: Micros, parts: Sequence[Part]) -> None:
    """Writes down what production looked like when somebody said that this is normal."""
    rows = [
        {
            "reference": reference,
            "at": at,
            "whole": part.source is None,
            "source": part.source or "",
            "latest": part.latest,
            "counts": pack(part.counts),
        }
        for part in parts
    ]
    upsert(connection, accepted_part, rows, ["reference", "at", "whole", "source", "latest"])


def latest(connection: Connection, reference: str, usual: Iterable[NDArray[np.int64]] = ()) -> Normal:
    """What was said last; `usual`: the counts of usual production's windows, which are normal together."""
    here = accepted_part.c.reference == reference
    last = select(func.max(accepted_part.c.at)).where(here).scalar_subquery()
    rows = connection.execute(select(accepted_part).where(here & (accepted_part.c.at == last)))
    parts = [Accepted(None if row.whole else row.source, unpack(row.counts).astype(np.int64)) for row in rows]
    windows = list(usual)
    if windows:
        parts.append(Accepted(None, np.sum(windows, axis=0).astype(np.int64)))
    return Normal(tuple(parts))
