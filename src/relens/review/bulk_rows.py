"""Rows of reviews that were made of many images at once: by which job, and as which revision of the review."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Index, Integer, String, Table, func, select

from relens.infra.statements import upsert
from relens.infra.tables import metadata
from relens.review.verdict import USABLE, Verdict

bulk_review = Table(
    "bulk_review",
    metadata,
    Column("prediction", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("job", String(36), nullable=False),
    Index("bulk_review_by_job", "job", "prediction"),
)


def keep(connection: Connection, prediction: str, revision: int, job: str) -> None:
    upsert(
        connection,
        bulk_review,
        [{"prediction": prediction, "revision": revision, "job": job}],
        ["prediction", "revision"],
    )


def written_by_any(connection: Connection, said: Sequence[Verdict]) -> set[str]:
    """Predictions of those of some reviews that were made of many images at once."""
    if not said:
        return set()
    rows = connection.execute(select(bulk_review).where(bulk_review.c.prediction.in_([one.prediction for one in said])))
    bulk = {(row.prediction, row.revision) for row in rows}
    return {one.prediction for one in said if (one.prediction, one.revision) in bulk}


def unseen(connection: Connection, said: Sequence[Verdict]) -> set[str]:
    """The same of those that say something of the answers: nobody looked at the images. Unusable and skipped ones say nothing of them."""
    return written_by_any(connection, [one for one in said if one.status in USABLE])


def of_job(connection: Connection, job: str, after: str, limit: int) -> list[tuple[str, int]]:
    """(prediction, revision) that a job wrote, in the order of ids, after one of them."""
    query = select(bulk_review.c.prediction, bulk_review.c.revision).where(
        bulk_review.c.job == job, bulk_review.c.prediction > after
    )
    return [
        (row.prediction, row.revision)
        for row in connection.execute(query.order_by(bulk_review.c.prediction).limit(limit))
    ]


def count(connection: Connection, job: str) -> int:
    return int(connection.execute(select(func.count()).where(bulk_review.c.job == job)).scalar_one())


def forget(connection: Connection, predictions: Sequence[str]) -> None:
    connection.execute(bulk_review.delete().where(bulk_review.c.prediction.in_(predictions)))
