"""Rows of assets and of who needs them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, String, Table, delete, select

from relens.assets.asset import Asset
from relens.infra.database import metadata, upsert

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


def remember(connection: Connection, assets: Iterable[Asset]) -> None:
    """Writes those not there yet."""
    names = tuple(Asset.__dataclass_fields__)
    upsert(connection, asset, [{name: getattr(one, name) for name in names} for one in assets], ["id"])


def get(connection: Connection, asset_id: str) -> Asset | None:
    row = connection.execute(select(asset).where(asset.c.id == asset_id)).one_or_none()
    return None if row is None else _asset(row)


def several(connection: Connection, ids: Sequence[str]) -> dict[str, Asset]:
    """Those of `ids` that exist, by id."""
    found: dict[str, Asset] = {}
    for start in range(0, len(ids), _CHUNK):
        for row in connection.execute(select(asset).where(asset.c.id.in_(ids[start : start + _CHUNK]))):
            found[row.id] = _asset(row)
    return found


def pin(connection: Connection, asset_ids: Iterable[str], owner_kind: str, owner_id: str) -> None:
    """`owner` needs these images: they must not expire."""
    rows = [{"owner_kind": owner_kind, "owner_id": owner_id, "asset": asset_id} for asset_id in asset_ids]
    upsert(connection, asset_pin, rows, ["owner_kind", "owner_id", "asset"])


def unpin(connection: Connection, owner_kind: str, owner_id: str) -> None:
    connection.execute(delete(asset_pin).where(asset_pin.c.owner_kind == owner_kind, asset_pin.c.owner_id == owner_id))


def _asset(row: Any) -> Asset:
    return Asset(row.id, row.width, row.height, row.format, row.size_bytes, row.fingerprint, row.created_at)
