"""Reads an image back: its original bytes, or a small copy for a page."""

import io

from PIL import Image as Picture

from relens.assets.asset import SIDES, storage_key, thumbnail_key
from relens.infra.storage import NoBytes, Storage
from relens.vision.decode import decode


def image_bytes(storage: Storage, asset_id: str) -> bytes:
    """The bytes as they came; NoBytes when they were never here or have left."""
    try:
        return storage.get(storage_key(asset_id))
    except NoBytes as error:
        raise NoBytes(
            f"the image {asset_id[:12]}… is not kept here: it was not sent, its deployment's image policy left it out, or it has expired"
        ) from error


def thumbnail(storage: Storage, asset_id: str, size: int) -> bytes:
    """A JPEG whose long side is at most the next of 128, 256, 512, 1024 above `size`; made once, then kept."""
    side = next((step for step in SIDES if step >= size), SIDES[-1])
    key = thumbnail_key(asset_id, side)
    if storage.exists(key):
        return storage.get(key)
    image = decode(image_bytes(storage, asset_id), smallest=side)
    picture = Picture.fromarray(image.pixels)
    picture.thumbnail((side, side), Picture.Resampling.BILINEAR, reducing_gap=2.0)
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=82)
    storage.put(key, written.getvalue())
    if not storage.exists(storage_key(asset_id)):
        # The image was let go while its small copy was made: the copy goes too.
        storage.delete(key)
        return image_bytes(storage, asset_id)
    return written.getvalue()
