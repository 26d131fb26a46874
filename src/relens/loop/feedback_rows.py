"""Rows of what became of each reviewed image in its target dataset, and how far the verdicts were followed.

A member says how things stand and follows the verdicts; an entry says for good which verdict put an image into a version, or changed it there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Connection, Index, String, Table, delete, func, select, update

from relens.datasets.item import Split, as_split
from relens.infra.statements import add, upsert
from relens.infra.tables import metadata
from relens.loop.membership import Member, Outcome
from relens.loop.merge import Change
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
    Column("verdict", BigInteger),
    Index("feedback_by_asset", "dataset", "asset"),
    Index("feedback_by_deployment", "deployment", "dataset", "fresh", "outcome"),
)

feedback_cursor = Table(
    "feedback_cursor",
    metadata,
    Column("dataset", String(36), primary_key=True),
    Column("deployment", String(36), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("version", String(36)),
)

feedback_entry = Table(
    "feedback_entry",
    metadata,
    Column("version", String(36), primary_key=True),
    Column("asset", String(64), primary_key=True),
    Column("deployment", String(36), nullable=False),
    Column("prediction", String(36), nullable=False),
    Column("verdict", BigInteger, nullable=False),
    Column("change", String(8), nullable=False),
    Index("feedback_entry_by_verdict", "verdict"),
)

_MOST_AT_ONCE = 500


def members(
    connection: Connection, dataset: str, deployment: str, assets: Sequence[str] | None = None, lock: bool = False
) -> dict[str, Member]:
    """What became of the reviewed images of `deployment`, by asset; in the order of their verdicts. `lock`: until the transaction ends."""
    query = select(feedback_member).where(
        feedback_member.c.dataset == dataset, feedback_member.c.deployment == deployment
    )
    if assets is not None:
        query = query.where(feedback_member.c.asset.in_(assets))
    query = query.order_by(feedback_member.c.seq)
    return {row.asset: _member(row) for row in connection.execute(query.with_for_update() if lock else query)}


def all_there(connection: Connection, dataset: str, deployment: str, assets: Sequence[str]) -> bool:
    """Whether none of these members was erased."""
    here = (feedback_member.c.dataset == dataset) & (feedback_member.c.deployment == deployment)
    count = select(func.count()).select_from(feedback_member).where(here)
    pieces = [assets[start : start + _MOST_AT_ONCE] for start in range(0, len(assets), _MOST_AT_ONCE)]
    return all(
        connection.execute(count.where(feedback_member.c.asset.in_(some))).scalar_one() == len(some) for some in pieces
    )


def of_dataset(connection: Connection, dataset: str) -> list[Member]:
    """The same of every deployment that feeds the dataset: an image may be there once for each."""
    query = select(feedback_member).where(feedback_member.c.dataset == dataset).order_by(feedback_member.c.seq)
    return [_member(row) for row in connection.execute(query)]


def sides_of_others(connection: Connection, dataset: str, deployment: str) -> dict[str, Split]:
    """The scenes that other deployments' members were placed in, with their side; `test` where they do not agree."""
    columns = (feedback_member.c.group_name, feedback_member.c.split)
    query = select(*columns).where(
        feedback_member.c.dataset == dataset,
        feedback_member.c.deployment != deployment,
        feedback_member.c.split.is_not(None),
    )
    found: dict[str, Split] = {}
    for group, split in connection.execute(query.distinct()):
        if found.get(group) != "test":
            found[group] = as_split(split)
    return found


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
            "verdict": one.verdict,
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


def refuse(connection: Connection, dataset: str, deployment: str, refused: Mapping[str, Outcome], up_to: int) -> None:
    """Members (by asset) that cannot enter after all, as far as nothing was said of them since verdict `up_to`."""
    mine = (feedback_member.c.dataset == dataset) & (feedback_member.c.deployment == deployment)
    for outcome in sorted(set(refused.values())):
        assets = [asset for asset, found in refused.items() if found == outcome]
        for start in range(0, len(assets), _MOST_AT_ONCE):
            these = mine & feedback_member.c.asset.in_(assets[start : start + _MOST_AT_ONCE])
            still = these & (feedback_member.c.seq <= up_to)
            connection.execute(update(feedback_member).where(still).values(outcome=outcome, split=None))


def keep_entries(
    connection: Connection, version: str, deployment: str, changes: Mapping[str, Change], members: Mapping[str, Member]
) -> None:
    """Writes for good which verdicts made `version` what it is. `changes` and `members` by asset."""
    rows = [
        {
            "version": version,
            "asset": asset,
            "deployment": deployment,
            "prediction": members[asset].prediction,
            "verdict": verdict,
            "change": change,
        }
        for asset, change in changes.items()
        if (verdict := members[asset].verdict) is not None
    ]
    for start in range(0, len(rows), _MOST_AT_ONCE):
        add(connection, feedback_entry, *rows[start : start + _MOST_AT_ONCE])


def entries(connection: Connection, version: str) -> list[tuple[int, Change]]:
    """The numbers of the verdicts that made `version` what it is, and what each did to its image, in order."""
    query = select(feedback_entry.c.verdict, feedback_entry.c.change).where(feedback_entry.c.version == version)
    return [(int(seq), change) for seq, change in connection.execute(query.order_by(feedback_entry.c.verdict))]


def entries_by(connection: Connection, verdicts: Sequence[int]) -> list[tuple[str, Change, int]]:
    """(dataset version, change, number of the verdict) of everything that some verdicts did, in order."""
    query = select(feedback_entry.c.version, feedback_entry.c.change, feedback_entry.c.verdict).where(
        feedback_entry.c.verdict.in_(verdicts)
    )
    rows = connection.execute(query.order_by(feedback_entry.c.verdict))
    return [(version, change, int(seq)) for version, change, seq in rows]


def predictions_of(connection: Connection, dataset: str, assets: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(deployment, prediction) by which reviewed images came to the dataset, by asset."""
    found: dict[str, tuple[str, str]] = {}
    columns = (feedback_member.c.asset, feedback_member.c.deployment, feedback_member.c.prediction)
    for start in range(0, len(assets), _MOST_AT_ONCE):
        here = feedback_member.c.asset.in_(assets[start : start + _MOST_AT_ONCE]) & (feedback_member.c.outcome == "in")
        for asset, deployment, prediction in connection.execute(
            select(*columns).where(here, feedback_member.c.dataset == dataset)
        ):
            found[asset] = (deployment, prediction)
    return found


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


def forget_dataset(connection: Connection, dataset: str, versions: Sequence[str]) -> None:
    """Of a dataset that is deleted."""
    connection.execute(delete(feedback_member).where(feedback_member.c.dataset == dataset))
    connection.execute(delete(feedback_cursor).where(feedback_cursor.c.dataset == dataset))
    connection.execute(delete(feedback_entry).where(feedback_entry.c.version.in_(versions)))


def cursor(connection: Connection, dataset: str, deployment: str) -> int:
    """The verdict seq up to which members were placed."""
    here = (feedback_cursor.c.dataset == dataset) & (feedback_cursor.c.deployment == deployment)
    return int(connection.execute(select(feedback_cursor.c.seq).where(here)).scalar() or 0)


def move_cursor(connection: Connection, dataset: str, deployment: str, seq: int) -> None:
    row = {"dataset": dataset, "deployment": deployment, "seq": seq, "version": None}
    upsert(connection, feedback_cursor, [row], ["dataset", "deployment"], ["seq"])


def looked_at(connection: Connection, dataset: str, deployment: str) -> str | None:
    """The dataset version that all members were last held against."""
    here = (feedback_cursor.c.dataset == dataset) & (feedback_cursor.c.deployment == deployment)
    return connection.execute(select(feedback_cursor.c.version).where(here)).scalar()


def set_looked_at(connection: Connection, dataset: str, deployment: str, version: str) -> None:
    row = {"dataset": dataset, "deployment": deployment, "seq": 0, "version": version}
    upsert(connection, feedback_cursor, [row], ["dataset", "deployment"], ["version"])


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
        verdict=row.verdict,
        deployment=row.deployment,
    )
