"""Words that are put beside a line after it was filed, for searching: opinions, which change, beside facts, which do not."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, delete, select

from relens.infra.statements import append_rows, upsert
from relens.kit.clock import Micros
from relens.predictions import filing
from relens.predictions.logged import Logged
from relens.predictions.tables import posting, term

OF_REVIEWS = ("truth", "mistake", "taken_for")
"""Kinds of words that only a review can give: what is true of the image, and how the answer was wrong."""


def put(connection: Connection, line: Logged, kind: str, value: str | None) -> None:
    """Of this kind the line is found by `value` alone from now on; by nothing when that is None."""
    ours = select(term.c.id).where(term.c.deployment == line.deployment, term.c.kind == kind)
    here = (posting.c.taken_at == line.taken_at) & (posting.c.log_seq == line.log_seq)
    connection.execute(delete(posting).where(posting.c.term.in_(ours), here))
    if value is None:
        return
    number = filing.numbers(connection, line.deployment, {(kind, value)})[kind, value]
    row = {"term": number, "taken_at": line.taken_at, "log_seq": line.log_seq}
    upsert(connection, posting, [row], ["term", "taken_at", "log_seq"])


def mark(
    connection: Connection, deployment: str, taken_at: Micros, log_seq: int, words: Collection[filing.Word]
) -> None:
    """Files the line under exactly these words OF_REVIEWS, in place of those it was filed under; too long ones are left out."""
    ours = select(term.c.id).where(term.c.deployment == deployment, term.c.kind.in_(OF_REVIEWS))
    here = and_(posting.c.taken_at == taken_at, posting.c.log_seq == log_seq)
    connection.execute(delete(posting).where(posting.c.term.in_(ours), here))
    wanted = {(kind, value) for kind, value in words if len(value) <= filing.LONGEST}
    if wanted:
        numbers = filing.numbers(connection, deployment, wanted)
        rows = sorted((numbers[word], taken_at, log_seq) for word in wanted)
        append_rows(connection, posting, ("term", "taken_at", "log_seq"), rows)
