"""Erases a prediction on a person's wish: what it said and showed goes, that it was made stays.

The line becomes a tombstone: when, by which version, how long it took. So every count stays true, and its client id still is not logged a
second time. What stands in dataset versions is not touched: those never change; the image stays as long as one of them needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from relens.assets import store as assets
from relens.infra.database import Database
from relens.kit.ids import content_id
from relens.predictions import filing, store
from relens.predictions.logged import ERASED, Logged
from relens.predictions.retention import store as holds
from relens.predictions.retention.expire import Retention, let_go
from relens.predictions.retention.store import Hold
from relens.predictions.tables import UNKNOWN_COUNT, feature, posting, prediction, signal
from relens.predictions.writers import store as writers

Forget = Callable[[Connection, Logged], None]
"""A room forgets what it knows of a prediction, in the transaction that erases it."""


@dataclass(frozen=True, slots=True)
class Erased:
    """`image` says what became of the image: erased, needed by others (a dataset version, another prediction), or none here."""

    prediction: str
    image: str


class Erasure:
    """Bootstrap wires what other rooms have to forget."""

    def __init__(self, database: Database, retention: Retention, forget: Sequence[Forget] = ()) -> None:
        self._database = database
        self._retention = retention
        self._forget = tuple(forget)

    def erase(self, prediction_id: str) -> Erased:
        """Done when this returns, the image's bytes too. Raises NoPrediction. Erasing again changes nothing."""
        erased = self._retention.write(lambda connection: self._erase(connection, prediction_id))
        while self._retention.delete_leaving():
            pass
        return erased

    def _erase(self, connection: Connection, prediction_id: str) -> Erased:
        connection.execute(select(prediction.c.id).where(prediction.c.id == prediction_id).with_for_update())
        line = store.get(connection, prediction_id)
        if line.erased:
            return Erased(line.id, "none here")
        for tell in self._forget:
            tell(connection, line)
        for one in (line, *store.shadows_of(connection, line.id)):
            _blank(connection, one)
        return Erased(line.id, _let_image_go(connection, line))


def _blank(connection: Connection, line: Logged) -> None:
    """The tombstone, and nothing beside it that one could search or compare."""
    # Lines that were filed before only answers counted stand under all labels of a whole image.
    words = filing.words_of(line) | {("label", label) for label in line.columns.labels}
    terms = list(filing.find_words(connection, line.deployment, words).values())
    here = and_(posting.c.taken_at == line.taken_at, posting.c.log_seq == line.log_seq)
    connection.execute(delete(posting).where(posting.c.term.in_(terms), here))
    connection.execute(delete(feature).where(feature.c.log_seq == line.log_seq))
    stand_in = content_id(f"erased: {line.id}".encode())
    beside = {
        "asset": stand_in,
        "source": None,
        "priority": None,
        "outlier": None,
        "confidence": 0.0,
        "count": UNKNOWN_COUNT,
    }
    was = connection.execute(select(signal.c.review).where(signal.c.log_seq == line.log_seq)).scalar()
    if was is not None:
        connection.execute(update(signal).where(signal.c.log_seq == line.log_seq).values(**beside))
        shadow = line.role == "shadow"
        filing.count(connection, {(line.deployment, shadow, was): -1, (line.deployment, shadow, ERASED): 1})
    if line.writer is not None and line.writer_seq is not None:
        writers.erased(connection, line.deployment, line.writer, line.source, line.writer_seq, line.taken_at)
    empty: dict[str, Any] = {
        "asset": stand_in,
        "source": None,
        "tags": [],
        "metadata": {},
        "detections": "[]",
        "trace": None,
    }
    tombstone = {**empty, "writer": None, "writer_seq": None, "keep_reason": ERASED}
    connection.execute(update(prediction).where(prediction.c.log_seq == line.log_seq).values(**tombstone))


def _let_image_go(connection: Connection, line: Logged) -> str:
    if assets.get(connection, line.asset) is None:
        return "none here"
    if holds.still_coming(connection, [line.asset], filing.filed(connection)):
        return "needed by others"
    others = select(prediction.c.id).join(signal, signal.c.log_seq == prediction.c.log_seq)
    if connection.execute(others.where(signal.c.asset == line.asset).limit(1)).first() is not None:
        return "needed by others"
    held = holds.holders(connection, [line.asset]) or [Hold(line.deployment, line.asset, line.logged_at, 0)]
    left = let_go(connection, held, "erased", "a person erased it", line.logged_at)
    if not left and not assets.pinned(connection, [line.asset]):
        # It was not counted as held yet.
        left = assets.lock_unpinned(connection, [line.asset])
        assets.leave(connection, left, "a person erased it")
    assets.forget_looks(connection, left)
    return "erased" if left else "needed by others"
