"""Keeps an image: its bytes once under their hash, then its row; an image that is just being let go is written again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import TypeVar

from sqlalchemy import Connection

from relens.assets import store
from relens.assets.asset import Asset, BytesGone, storage_key
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.ids import content_id
from relens.vision.decode import decode
from relens.vision.fingerprint import fingerprint

Result = TypeVar("Result")
Owner = tuple[str, str]
TRIES = 40
_PAUSE_S = 0.025


def described(data: bytes) -> Asset:
    """The asset these bytes are; refuses what is no image."""
    image = decode(data)
    return Asset(content_id(data), image.width, image.height, image.format, len(data), fingerprint(image), clock.now())


def keep(storage: Storage, data: bytes) -> Asset:
    """Decodes (refusing what is no image) and keeps the bytes; `store.remember` writes the row."""
    found = described(data)
    keep_bytes(storage, found.id, data)
    return found


def keep_bytes(storage: Storage, asset_id: str, data: bytes) -> bool:
    """Writes the bytes of an image that was decoded already; False when they were there."""
    key = storage_key(asset_id)
    if storage.exists(key):
        return False
    storage.put(key, data)
    return True


def keep_together(
    database: Database, storage: Storage, images: Sequence[tuple[Asset, bytes]], owner: Owner | None = None
) -> None:
    """Bytes and rows of these images, pinned for `owner` (its kind and id) in the same transaction; returns when they are durable."""
    for image, data in images:
        keep_bytes(storage, image.id, data)
    by_id = {image.id: data for image, data in images}

    def write(connection: Connection, written_since: Mapping[str, Micros]) -> None:
        store.remember(connection, [image for image, _ in images], written_since)
        if owner is not None:
            store.pin(connection, by_id, *owner)

    until_here(storage, by_id, lambda since: database.write(lambda connection: write(connection, since)))
    # Bytes that a request had written for nothing may have gone between the look and the rows; from the rows on they stay.
    for asset_id, data in by_id.items():
        keep_bytes(storage, asset_id, data)


def until_here(storage: Storage, data: Mapping[str, bytes], write: Callable[[Mapping[str, Micros]], Result]) -> Result:
    """What `write` answers; while it raises BytesGone, the bytes of the images that had left are written again, and it is asked again."""
    since: dict[str, Micros] = {}
    for _ in range(TRIES):
        try:
            return write(since)
        except BytesGone as error:
            since = {**since, **write_again(storage, data, error)}
    return write(since)


def write_again(storage: Storage, data: Mapping[str, bytes], error: BytesGone) -> dict[str, Micros]:
    """Writes the bytes of those that have left, whatever lies there; answers when each had. Waits a moment for those still leaving."""
    since: dict[str, Micros] = {}
    for asset_id, left_at in error.left.items():
        if left_at is None or asset_id not in data:
            Event().wait(_PAUSE_S)
        else:
            storage.put(storage_key(asset_id), data[asset_id])
            since[asset_id] = left_at
    return since
