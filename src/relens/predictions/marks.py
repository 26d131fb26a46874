"""Words that are put beside a line after it was filed, for searching: opinions, which change, beside facts, which do not."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from relens.infra.database import upsert
from relens.predictions import filing
from relens.predictions.logged import Logged
from relens.predictions.tables import posting, term


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
