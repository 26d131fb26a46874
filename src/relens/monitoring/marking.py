"""Follows the reviews: keeps what each was matched with, and files the lines under what is true of them and how they were wrong.

The cursor moves in the transaction that writes, so a crash at any moment leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import BigInteger, Column, Connection, String, Table, select, update

from relens.deployments import store as deployments
from relens.deployments.deployment import Deployment
from relens.infra.database import Database
from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.metrics.mistakes import NOTHING, of_image
from relens.monitoring import match_rows
from relens.monitoring.judged import Seen, seen_of
from relens.predictions import marks
from relens.predictions import store as predictions
from relens.predictions.filing import Word
from relens.predictions.logged import Logged
from relens.review import store as verdicts
from relens.review.verdict import Verdict

CHUNK = 20
"""Reviews in one transaction: with their words about 20 ms on SQLite."""
NOTHING_SAID = "nothing"
"""Stands in a query for what is not there, or was not found."""

review_cursor = Table(
    "review_cursor",
    metadata,
    Column("deployment", String(36), primary_key=True),
    # The last change of a review that is marked.
    Column("verdict_seq", BigInteger, nullable=False),
    # Shadows up to here are marked beside the reviews there were.
    Column("log_seq", BigInteger, nullable=False),
)


class Marking:
    """`step` marks the next reviews. Several servers may follow; the cursor decides who was first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def step(self) -> bool:
        """True when there is more."""
        with self._database.read() as connection:
            known = deployments.all_of_them(connection, archived=True)
        more = False
        for one in known:
            more |= self._follow(one)
        return more

    def _follow(self, deployment: Deployment) -> bool:
        with self._database.read() as connection:
            seq, log_seq = _cursor(connection, deployment.id)
            fresh = verdicts.since(connection, seq, CHUNK, deployment.id)
            last, parents = predictions.shadows_after(connection, deployment.id, log_seq if seq else None)
            late = sorted(parents - {one.prediction for one in fresh})
            said = [*fresh, *verdicts.of_predictions(connection, late).values()]
            found = seen_of(connection, deployment, said)
        if not fresh and last == log_seq:
            return False
        after = (fresh[-1].seq if fresh else seq, last)
        if not said and not log_seq // _STRIDE < last // _STRIDE:
            return False  # lines without a review beside them: not worth a transaction each second
        self._database.write(
            partial(_write, deployment=deployment.id, before=(seq, log_seq), after=after, said=said, found=found)
        )
        return len(fresh) == CHUNK


_STRIDE = 2_000
"""Places of the log after which the cursor moves although no reviewed image was seen."""


def words_of(seen: Seen) -> set[Word]:
    """What the line can be found by: true labels, kinds of mistakes, and what was taken for what ("bolt as nut")."""
    found = of_image(seen.judged)
    words = {("truth", annotation.label) for annotation in seen.judged.annotations}
    words |= {("mistake", kind) for _, kind in found.kinds}
    taken = {("taken_for", taken_for(true, said)) for true, said in found.taken}
    return words | (taken or {("taken_for", taken_for(NOTHING, NOTHING))})


def taken_for(true: str, said: str) -> str:
    """How it is written in a query; NOTHING is what is not there, or was not found."""
    return f"{true or NOTHING_SAID} as {said or NOTHING_SAID}"


def forget(connection: Connection, line: Logged) -> None:
    """Erased: nothing finds the line by what was true of it, and no match stays."""
    for one in (line, *predictions.shadows_of(connection, line.id)):
        marks.mark(connection, one.deployment, one.taken_at, one.log_seq, ())
        match_rows.forget(connection, [one.id])


def _write(
    connection: Connection,
    deployment: str,
    before: tuple[int, int],
    after: tuple[int, int],
    said: Sequence[Verdict],
    found: dict[str, list[Seen]],
) -> None:
    """Nothing when somebody else was first."""
    row = {"deployment": deployment, "verdict_seq": 0, "log_seq": 0}
    upsert(connection, review_cursor, [row], ["deployment"])
    here = review_cursor.c.deployment == deployment
    if (
        tuple(
            connection.execute(
                select(review_cursor.c.verdict_seq, review_cursor.c.log_seq).where(here).with_for_update()
            ).one()
        )
        != before
    ):
        return
    for verdict in said:
        seen = found.get(verdict.prediction, [])
        if not seen:
            _unmark(connection, verdict.prediction)
        for one in seen:
            marks.mark(connection, deployment, one.facts.taken_at, one.facts.log_seq, words_of(one))
            if one.judged.matches is not None:
                match_rows.keep(connection, one.judged.key, one.seq, one.judged.matches)
    connection.execute(update(review_cursor).where(here).values(verdict_seq=after[0], log_seq=after[1]))


def _unmark(connection: Connection, prediction_id: str) -> None:
    for line in predictions.several(connection, [prediction_id]):
        forget(connection, line)


def _cursor(connection: Connection, deployment: str) -> tuple[int, int]:
    query = select(review_cursor.c.verdict_seq, review_cursor.c.log_seq).where(review_cursor.c.deployment == deployment)
    row = connection.execute(query).one_or_none()
    return (int(row.verdict_seq), int(row.log_seq)) if row is not None else (0, 0)
