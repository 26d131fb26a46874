"""Keeps an image: its bytes once under their hash; the row is for the caller's transaction."""

from relens.assets.asset import Asset, storage_key
from relens.infra.storage import Storage
from relens.kit import clock
from relens.kit.ids import content_id
from relens.vision.decode import decode
from relens.vision.fingerprint import fingerprint


def keep(storage: Storage, data: bytes) -> Asset:
    """Decodes (refusing what is no image) and keeps the bytes; `store.remember` writes the row."""
    image = decode(data)
    found = Asset(content_id(data), image.width, image.height, image.format, len(data), fingerprint(image), clock.now())
    keep_bytes(storage, found.id, data)
    return found


def keep_bytes(storage: Storage, asset_id: str, data: bytes) -> None:
    """Writes the bytes of an image that was decoded already; nothing to do when they are there."""
    key = storage_key(asset_id)
    if not storage.exists(key):
        storage.put(key, data)
