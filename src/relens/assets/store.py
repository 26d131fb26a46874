"""Rows of assets and of who needs them.

An image that nobody needs leaves in two transactions: the first says so in its row (`leaving`), the second deletes the bytes and says `gone`.
A pin that comes between the two turns it back; whoever keeps the same image again meanwhile is told by BytesGone. Both transactions lock the
rows, so that on PostgreSQL nobody can come to need an image between the look and the leave. The log never waits for such a lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    delete,
    select,
    text,
    update,
)

from relens.assets.asset import Asset, BytesGone, ImageGone, Left
from relens.infra.statements import append_rows, upsert
from relens.infra.tables import metadata
from relens.kit import clock
from relens.kit.clock import Micros

asset = Table(
    "asset",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("format", String(12), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", String(8), nullable=False, server_default="here"),
    Column("left_at", BigInteger),
    Column("left_reason", Text),
    Index("asset_leaving", "state", sqlite_where=text("state = 'leaving'"), postgresql_where=text("state = 'leaving'")),
)

asset_pin = Table(
    "asset_pin",
    metadata,
    Column("owner_kind", String(30), primary_key=True),
    Column("owner_id", String(64), primary_key=True),
    Column("asset", String(64), primary_key=True),
    Index("asset_pin_by_asset", "asset"),
)

_CHUNK = 500
_FIELDS = tuple(Asset.__dataclass_fields__)


def remember(
    connection: Connection, assets: Iterable[Asset], written_since: Mapping[str, Micros] | None = None
) -> None:
    """Writes those not there yet. Their bytes must lie in storage already.

    Raises BytesGone when some were let go meanwhile. `written_since`: for those that had left, when they had (as BytesGone said), after
    which the caller wrote their bytes again.
    """
    known = list(assets)
    rows = [tuple(getattr(one, name) for name in _FIELDS) for one in known]
    if append_rows(connection, asset, _FIELDS, rows) == len(rows):
        return
    lost: dict[str, Micros | None] = {}
    for asset_id, state, at in _not_here(connection, [one.id for one in known]):
        if state == "gone" and written_since is not None and written_since.get(asset_id) == at:
            values = {"state": "here", "left_at": None, "left_reason": None, "created_at": clock.now()}
            connection.execute(update(asset).where(asset.c.id == asset_id).values(**values))
        else:
            lost[asset_id] = at if state == "gone" else None
    if lost:
        raise BytesGone(lost)


def get(connection: Connection, asset_id: str) -> Asset | None:
    """None when it was never here, or has left."""
    return several(connection, [asset_id]).get(asset_id)


def left(connection: Connection, asset_id: str) -> Left | None:
    """When and why the image left; None when it is here or never was."""
    query = select(asset.c.left_at, asset.c.left_reason).where(asset.c.id == asset_id, asset.c.state != "here")
    row = connection.execute(query).one_or_none()
    return None if row is None else Left(row.left_at, row.left_reason)


def gone(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that were here and have left, or are leaving."""
    found: set[str] = set()
    for start in range(0, len(ids), _CHUNK):
        query = select(asset.c.id).where(asset.c.id.in_(ids[start : start + _CHUNK]), asset.c.state != "here")
        found |= set(connection.execute(query).scalars())
    return found


def gone_and_locked(connection: Connection, ids: Sequence[str]) -> set[str]:
    """The same; the others do not leave until the transaction ends."""
    found: set[str] = set()
    for start in range(0, len(ids), _CHUNK):
        query = select(asset.c.id, asset.c.state).where(asset.c.id.in_(ids[start : start + _CHUNK]))
        rows = connection.execute(query.order_by(asset.c.id).with_for_update(read=True))
        found |= {row.id for row in rows if row.state != "here"}
    return found


def several(connection: Connection, ids: Sequence[str]) -> dict[str, Asset]:
    """Those of `ids` that are here, by id."""
    found: dict[str, Asset] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(asset).where(asset.c.id.in_(ids[start : start + _CHUNK]), asset.c.state == "here")
        for row in connection.execute(query):
            found[row.id] = _asset(row)
    return found


def pin(connection: Connection, asset_ids: Iterable[str], owner_kind: str, owner_id: str) -> None:
    """`owner` needs these images: they must not leave. Raises ImageGone when one has left already."""
    wanted = sorted(set(asset_ids))
    rows = [{"owner_kind": owner_kind, "owner_id": owner_id, "asset": asset_id} for asset_id in wanted]
    upsert(connection, asset_pin, rows, ["owner_kind", "owner_id", "asset"])
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        query = select(asset.c.id, asset.c.state).where(asset.c.id.in_(some)).order_by(asset.c.id)
        for row in connection.execute(query.with_for_update(read=True)):
            if row.state == "gone":
                found = left(connection, row.id)
                raise found.gone(row.id) if found else ImageGone(f"the image {row.id} has left")


def pin_if_here(connection: Connection, asset_id: str, owner_kind: str, owner_id: str) -> bool:
    """The same for one image that may have left, or never have been here; False then."""
    query = select(asset.c.state).where(asset.c.id == asset_id).with_for_update(read=True)
    if connection.execute(query).scalar() not in ("here", "leaving"):
        return False
    upsert(
        connection,
        asset_pin,
        [{"owner_kind": owner_kind, "owner_id": owner_id, "asset": asset_id}],
        ["owner_kind", "owner_id", "asset"],
    )
    return True


def unpin(connection: Connection, owner_kind: str, owner_id: str) -> None:
    connection.execute(delete(asset_pin).where(asset_pin.c.owner_kind == owner_kind, asset_pin.c.owner_id == owner_id))


def pinned(connection: Connection, asset_ids: Sequence[str]) -> set[str]:
    """Those of `asset_ids` that somebody needs."""
    query = select(asset_pin.c.asset).where(asset_pin.c.asset.in_(asset_ids)).distinct()
    return set(connection.execute(query).scalars())


def lock_unpinned(connection: Connection, asset_ids: Sequence[str]) -> list[str]:
    """Those that are here and that nobody needs, locked until the transaction ends; those others have locked are left out."""
    query = (
        select(asset.c.id)
        .where(asset.c.id.in_(asset_ids), asset.c.state == "here")
        .order_by(asset.c.id)
        .with_for_update(skip_locked=True)
    )
    locked = list(connection.execute(query).scalars())
    # A second look, with the locks held: a pin that was committed before them is seen now.
    needed = pinned(connection, locked)
    return [asset_id for asset_id in locked if asset_id not in needed]


def leave(connection: Connection, asset_ids: Sequence[str], reason: str) -> None:
    """Says that these images leave; `lock_unpinned` gave them in the same transaction."""
    here = and_(asset.c.id.in_(asset_ids), asset.c.state == "here")
    connection.execute(update(asset).where(here).values(state="leaving", left_at=clock.now(), left_reason=reason))


def forget_looks(connection: Connection, asset_ids: Sequence[str]) -> None:
    """Takes away what would tell a copy of these images: their fingerprints."""
    connection.execute(update(asset).where(asset.c.id.in_(asset_ids)).values(fingerprint=""))


def lock_leaving(connection: Connection, limit: int) -> list[str]:
    """Images whose bytes are still to be deleted, locked until the transaction ends."""
    query = select(asset.c.id).where(asset.c.state == "leaving").limit(limit).with_for_update(skip_locked=True)
    return list(connection.execute(query).scalars())


def stay(connection: Connection, asset_ids: Sequence[str]) -> None:
    """Somebody came to need these while they were leaving, and their bytes are still there."""
    back = {"state": "here", "left_at": None, "left_reason": None}
    connection.execute(update(asset).where(asset.c.id.in_(asset_ids)).values(**back))


def set_gone(connection: Connection, asset_ids: Sequence[str]) -> None:
    """Their bytes are deleted."""
    connection.execute(update(asset).where(asset.c.id.in_(asset_ids)).values(state="gone", left_at=clock.now()))


def _not_here(connection: Connection, ids: Sequence[str]) -> list[tuple[str, str, Micros | None]]:
    """Those of `ids` (which have rows) that are leaving or gone; the other rows stay as they are until the transaction ends."""
    found: list[tuple[str, str, Micros | None]] = []
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        query = select(asset.c.id, asset.c.state, asset.c.left_at).where(asset.c.id.in_(some))
        rows = connection.execute(query.with_for_update(read=True, skip_locked=True)).all()
        found += [(row.id, row.state, row.left_at) for row in rows if row.state != "here"]
        # What somebody else has locked is perhaps leaving right now.
        found += [(asset_id, "leaving", None) for asset_id in set(some) - {row.id for row in rows}]
    return found


def _asset(row: Any) -> Asset:
    return Asset(**{name: getattr(row, name) for name in _FIELDS})
