"""Rows of what became of each reviewed image in its target dataset, and how far the verdicts were followed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Connection, Index, String, Table, delete, func, select, update

from relens.infra.database import metadata, upsert
from relens.loop.membership import Member
from relens.predictions.logged import Logged
from relens.vision.annotation import Annotation

feedback_member = Table(
    "feedback_member",
    metadata,
    Column("dataset", String(36), primary_key=True),
    Column("deployment", String(36), primary_key=True),
    Column("asset", String(64), primary_key=True),
    Column("prediction", String(36), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("split", String(12)),
    Column("group_name", String(300)),
    Column("fingerprint", String(64), nullable=False),
    Column("annotations", JSON, nullable=False),
    Column("source", String(300)),
    Column("version", String(36)),
    Column("fresh", Boolean, nullable=False),
    Index("feedback_by_version", "dataset", "version"),
    Index("feedback_by_deployment", "deployment", "dataset", "fresh", "outcome"),
)

feedback_cursor = Table(
    "feedback_cursor",
    metadata,
    Column("dataset", String(36), primary_key=True),
    Column("deployment", String(36), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

_MOST_AT_ONCE = 500


def members(
    connection: Connection, dataset: str, deployment: str, assets: Sequence[str] | None = None
) -> dict[str, Member]:
    """What became of the reviewed images of `deployment`, by asset; in the order of their verdicts."""
    query = select(feedback_member).where(
        feedback_member.c.dataset == dataset, feedback_member.c.deployment == deployment
    )
    if assets is not None:
        query = query.where(feedback_member.c.asset.in_(assets))
    return {row.asset: _member(row) for row in connection.execute(query.order_by(feedback_member.c.seq))}


def keep_members(connection: Connection, dataset: str, deployment: str, some: Iterable[Member]) -> None:
    """Writes what became of images. The version an image entered is left as it is: only `entered` knows it."""
    rows = [
        {
            "dataset": dataset,
            "deployment": deployment,
            "asset": one.asset,
            "prediction": one.prediction,
            "seq": one.seq,
            "outcome": one.outcome,
            "split": one.split,
            "group_name": one.group,
            "fingerprint": one.fingerprint,
            "annotations": [annotation.to_json() for annotation in one.annotations],
            "source": one.source,
            "version": one.version,
            "fresh": one.fresh,
        }
        for one in some
    ]
    kept = ("dataset", "deployment", "asset", "version")
    if rows:
        upsert(connection, feedback_member, rows, kept[:3], [name for name in rows[0] if name not in kept])


def entered(
    connection: Connection, dataset: str, deployment: str, version: str, assets: Sequence[str], up_to: int
) -> None:
    """`assets` are in `version` now, and what was said up to verdict `up_to` has been looked at."""
    mine = (feedback_member.c.dataset == dataset) & (feedback_member.c.deployment == deployment)
    for start in range(0, len(assets), _MOST_AT_ONCE):
        these = (
            mine
            & feedback_member.c.asset.in_(assets[start : start + _MOST_AT_ONCE])
            & feedback_member.c.version.is_(None)
        )
        connection.execute(update(feedback_member).where(these).values(version=version))
    connection.execute(
        update(feedback_member).where(mine, feedback_member.c.seq <= up_to, feedback_member.c.fresh).values(fresh=False)
    )


def entered_with(connection: Connection, dataset: str, version: str) -> list[str]:
    """The predictions whose images entered the dataset with `version`, in the order they were reviewed."""
    query = select(feedback_member.c.prediction).where(
        feedback_member.c.dataset == dataset, feedback_member.c.version == version
    )
    return list(connection.execute(query.order_by(feedback_member.c.seq)).scalars())


def tally(
    connection: Connection, dataset: str, deployment: str, after_seq: int = 0
) -> list[tuple[str, str | None, bool, bool, int]]:
    """Counts of members by outcome, split, whether they are in a version already, and whether the next version looks at them."""
    in_version = feedback_member.c.version.is_not(None)
    by = (feedback_member.c.outcome, feedback_member.c.split, in_version, feedback_member.c.fresh)
    here = (feedback_member.c.dataset == dataset) & (feedback_member.c.deployment == deployment)
    query = select(*by, func.count()).where(here, feedback_member.c.seq > after_seq).group_by(*by)
    return [
        (outcome, split, bool(there), bool(fresh), int(count))
        for outcome, split, there, fresh, count in connection.execute(query)
    ]


def forget(connection: Connection, erased: Logged) -> None:
    """An erased prediction enters no dataset version any more; those it is in do not change."""
    waiting = (feedback_member.c.prediction == erased.id) & feedback_member.c.version.is_(None)
    connection.execute(delete(feedback_member).where(waiting))


def cursor(connection: Connection, dataset: str, deployment: str) -> int:
    """The verdict seq up to which members were placed."""
    here = (feedback_cursor.c.dataset == dataset) & (feedback_cursor.c.deployment == deployment)
    return int(connection.execute(select(feedback_cursor.c.seq).where(here)).scalar() or 0)


def move_cursor(connection: Connection, dataset: str, deployment: str, seq: int) -> None:
    upsert(
        connection,
        feedback_cursor,
        [{"dataset": dataset, "deployment": deployment, "seq": seq}],
        ["dataset", "deployment"],
        ["seq"],
    )


def _member(row: Any) -> Member:
    return Member(
        asset=row.asset,
        prediction=row.prediction,
        seq=row.seq,
        outcome=row.outcome,
        split=row.split,
        group=row.group_name,
        fingerprint=row.fingerprint,
        annotations=tuple(Annotation.from_json(written) for written in row.annotations),
        source=row.source,
        version=row.version,
        fresh=row.fresh,
    )
