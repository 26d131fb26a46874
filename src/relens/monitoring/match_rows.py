"""Rows of the matches of reviewed images, so that a restart reads them instead of matching again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, String, Table, delete, select

from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.metrics.match_blob import BrokenBlob, pack, unpack
from relens.metrics.matching import LabelMatch

_AT_ONCE = 500

match_blob = Table(
    "match_blob",
    metadata,
    # The line that was judged: the one that was reviewed, or a shadow's beside it.
    Column("prediction", String(36), primary_key=True),
    # The review it was matched with, by the number of its latest change.
    Column("verdict_seq", BigInteger, nullable=False),
    Column("matches", LargeBinary, nullable=False),
)


def keep(connection: Connection, prediction_id: str, verdict_seq: int, matches: Mapping[str, LabelMatch]) -> None:
    row = {"prediction": prediction_id, "verdict_seq": verdict_seq, "matches": pack(matches)}
    upsert(connection, match_blob, [row], ["prediction"], ["verdict_seq", "matches"])


def forget(connection: Connection, prediction_ids: Sequence[str]) -> None:
    for start in range(0, len(prediction_ids), _AT_ONCE):
        some = prediction_ids[start : start + _AT_ONCE]
        connection.execute(delete(match_blob).where(match_blob.c.prediction.in_(some)))


def several(connection: Connection, prediction_ids: Sequence[str]) -> dict[str, tuple[int, dict[str, LabelMatch]]]:
    """(the change of the review it was matched with, matches) by prediction; what cannot be read is as if it were not there."""
    found = {}
    for start in range(0, len(prediction_ids), _AT_ONCE):
        here = match_blob.c.prediction.in_(prediction_ids[start : start + _AT_ONCE])
        for row in connection.execute(select(match_blob).where(here)):
            try:
                found[row.prediction] = (int(row.verdict_seq), unpack(row.matches))
            except BrokenBlob:
                continue
    return found
