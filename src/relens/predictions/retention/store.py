"""Rows of the images each deployment holds, and the sums of what it saw, kept and dropped, by day and reason.

Both follow the log behind a cursor that moves in the same transaction, so a crash counts nothing twice and forgets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    String,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from relens.assets.store import asset, asset_pin
from relens.infra.statements import upsert
from relens.infra.tables import counter, metadata
from relens.kit.clock import DAY, Micros
from relens.predictions import filing
from relens.predictions.keep import NOT_KEPT
from relens.predictions.store import prediction, signal

image_hold = Table(
    "image_hold",
    metadata,
    Column("deployment", String(36), primary_key=True),
    Column("asset", String(64), primary_key=True),
    # When the last line of this deployment with this image was logged.
    Column("at", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Index("image_hold_by_age", "deployment", "at", "asset"),
    Index("image_hold_oldest", "at", "asset"),
    Index("image_hold_by_asset", "asset"),
)

image_tally = Table(
    "image_tally",
    metadata,
    Column("deployment", String(36), primary_key=True),
    # Days since 1970, UTC.
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    # unlogged and the shadow's (see MISSED); kept, repeated; not kept: left out, none, not sent; dropped later: too old, no room, erased
    Column("reason", String(20), primary_key=True),
    Column("images", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

_CURSOR = "held"
DROPPED = ("too old", "no room", "erased")
UNLOGGED = "unlogged"
"""Answered although it could not be logged, by the deployment's own choice."""
SHADOW_BUSY, SHADOW_LEFT, SHADOW_STOPPED = "shadow busy", "shadow left", "shadow stopped"
"""The shadow did not see it: there was no room in its queue, its version was swapped out, or the server stopped."""
MISSED: Mapping[str, str] = {
    UNLOGGED: "answered although it could not be logged",
    SHADOW_BUSY: "not seen by the shadow: it works only while no image waits, and its queue was full",
    SHADOW_LEFT: "not seen by the shadow: its version left while the image waited",
    SHADOW_STOPPED: "not seen by the shadow: the server stopped",
}
"""Reasons why the log has no line of an image, in words."""


class Place(NamedTuple):
    """How far a scan from the oldest image on has come."""

    at: Micros
    asset: str


FIRST = Place(-1, "")


@dataclass(frozen=True, slots=True)
class Hold:
    """One image one deployment holds."""

    deployment: str
    asset: str
    at: Micros
    size_bytes: int


def cursor(connection: Connection) -> int:
    """The place in the log up to which holds and sums are made."""
    return int(connection.execute(select(counter.c.value).where(counter.c.name == _CURSOR)).scalar() or 0)


def lock_cursor(connection: Connection) -> int:
    """The same; whoever changes holds does it one after the other, also where several servers share a database."""
    query = select(counter.c.value).where(counter.c.name == _CURSOR).with_for_update()
    found = connection.execute(query).scalar()
    if found is None:
        upsert(connection, counter, [{"name": _CURSOR, "value": 0}], ["name"])
        found = connection.execute(query).scalar_one()
    return int(found)


def behind(connection: Connection) -> bool:
    """Whether there are filed lines that are not counted yet."""
    return cursor(connection) < filing.filed(connection)


def follow(connection: Connection, limit: int) -> bool:
    """Counts the next lines of the log; True when there may be more."""
    after = lock_cursor(connection)
    query = (
        select(
            prediction.c.log_seq,
            prediction.c.deployment,
            prediction.c.asset,
            prediction.c.logged_at,
            prediction.c.keep_reason,
            prediction.c.role,
            asset.c.size_bytes,
        )
        .outerjoin(asset, and_(asset.c.id == prediction.c.asset, asset.c.state == "here"))
        .where(prediction.c.log_seq > after, prediction.c.log_seq <= filing.filed(connection))
        .order_by(prediction.c.log_seq)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    if not rows:
        return False
    lines = [row for row in rows if row.role != "shadow"]
    known = _held(connection, sorted({row.asset for row in lines}))
    holds: dict[tuple[str, str], Hold] = {}
    sums: dict[tuple[str, int, str], list[int]] = {}
    for row in lines:
        key = (row.deployment, row.asset)
        here = row.keep_reason not in NOT_KEPT and row.size_bytes is not None
        fresh = here and key not in known and key not in holds
        reason = ("kept" if fresh else "repeated") if here else _reason(row.keep_reason)
        if here:
            holds[key] = Hold(*key, row.logged_at, row.size_bytes)
        total = sums.setdefault((row.deployment, row.logged_at // DAY, reason), [0, 0])
        total[0] += 1
        total[1] += row.size_bytes if fresh else 0
    put(connection, list(holds.values()))
    count(connection, {key: (images, size) for key, (images, size) in sums.items()})
    connection.execute(update(counter).where(counter.c.name == _CURSOR).values(value=rows[-1].log_seq))
    return len(rows) == limit


def _reason(written: str) -> str:
    """A line whose image should be here and is not was erased, or let go before it was counted."""
    return written if written in NOT_KEPT else "not sent"


def _held(connection: Connection, assets: Sequence[str]) -> set[tuple[str, str]]:
    query = select(image_hold.c.deployment, image_hold.c.asset).where(image_hold.c.asset.in_(assets))
    return {(row.deployment, row.asset) for row in connection.execute(query)}


def put(connection: Connection, holds: Sequence[Hold]) -> None:
    """A deployment holds these; one it held already is as young as its last line."""
    rows = [{name: getattr(one, name) for name in Hold.__dataclass_fields__} for one in holds]
    upsert(connection, image_hold, rows, ["deployment", "asset"], ["at"])


def count(connection: Connection, changes: Mapping[tuple[str, int, str], tuple[int, int]]) -> None:
    """Adds images and bytes to the sums, by deployment, day and reason."""
    if not changes:
        return
    made: Any = (
        postgresql.insert(image_tally) if connection.dialect.name == "postgresql" else sqlite.insert(image_tally)
    )
    columns = {name: image_tally.c[name] + made.excluded[name] for name in ("images", "bytes")}
    statement = made.on_conflict_do_update(index_elements=["deployment", "day", "reason"], set_=columns)
    rows = [
        {"deployment": deployment, "day": day, "reason": reason, "images": images, "bytes": size}
        for (deployment, day, reason), (images, size) in sorted(changes.items())
    ]
    connection.execute(statement, rows)


def oldest(
    connection: Connection, after: Place, limit: int, deployment: str | None = None, before: Micros | None = None
) -> list[Hold]:
    """Held images that nobody pins, the oldest first, beyond `after`; only those last logged before `before`."""
    further = or_(image_hold.c.at > after.at, and_(image_hold.c.at == after.at, image_hold.c.asset > after.asset))
    nobody = ~exists().where(asset_pin.c.asset == image_hold.c.asset)
    query = select(image_hold).where(image_hold.c.at >= after.at, further, nobody)
    if deployment is not None:
        query = query.where(image_hold.c.deployment == deployment)
    if before is not None:
        query = query.where(image_hold.c.at < before)
    rows = connection.execute(query.order_by(image_hold.c.at, image_hold.c.asset).limit(limit))
    return [Hold(row.deployment, row.asset, row.at, row.size_bytes) for row in rows]


def holders(connection: Connection, assets: Sequence[str]) -> list[Hold]:
    """Who holds these images."""
    rows = connection.execute(select(image_hold).where(image_hold.c.asset.in_(assets)))
    return [Hold(row.deployment, row.asset, row.at, row.size_bytes) for row in rows]


def release(connection: Connection, holds: Sequence[Hold]) -> None:
    for one in holds:
        here = (image_hold.c.deployment == one.deployment) & (image_hold.c.asset == one.asset)
        connection.execute(delete(image_hold).where(here))


def still_coming(connection: Connection, assets: Sequence[str], after: int) -> set[str]:
    """Those of `assets` that lines beyond `after` speak of."""
    query = select(prediction.c.asset).where(prediction.c.log_seq > after, prediction.c.asset.in_(assets))
    return set(connection.execute(query).scalars())


def take_from_queue(connection: Connection, assets: Sequence[str]) -> list[str]:
    """Without their images nobody can review these: they lose their priority. Answers the ids of their predictions."""
    here = signal.c.asset.in_(assets)
    connection.execute(update(signal).where(here).values(priority=None))
    joined = select(prediction.c.id).join(signal, signal.c.log_seq == prediction.c.log_seq)
    return list(connection.execute(joined.where(here)).scalars())


def sums(connection: Connection, deployment: str | None = None, since_day: int = 0) -> dict[str, tuple[int, int]]:
    """Images and bytes by reason, since a day (days since 1970), of one deployment or of all."""
    query = (
        select(image_tally.c.reason, func.sum(image_tally.c.images), func.sum(image_tally.c.bytes))
        .where(image_tally.c.day >= since_day)
        .group_by(image_tally.c.reason)
    )
    if deployment is not None:
        query = query.where(image_tally.c.deployment == deployment)
    return {reason: (int(images), int(size)) for reason, images, size in connection.execute(query)}


def oldest_kept(connection: Connection, deployment: str) -> Micros | None:
    """When the oldest image that is held was last logged."""
    return connection.execute(select(func.min(image_hold.c.at)).where(image_hold.c.deployment == deployment)).scalar()
