"""Reads an image back: its original bytes, or a small copy for a page."""

import io

from PIL import Image as Picture

from relens.assets.asset import storage_key
from relens.infra.storage import NoBytes, Storage
from relens.vision.decode import decode

SIZES = (128, 256, 512, 1024)


def image_bytes(storage: Storage, asset_id: str) -> bytes:
    """The bytes as they came; NoBytes when they were never here or have expired."""
    try:
        return storage.get(storage_key(asset_id))
    except NoBytes as error:
        raise NoBytes(f"the image {asset_id} is not kept here (any more)") from error


def thumbnail(storage: Storage, asset_id: str, size: int) -> bytes:
    """A JPEG whose long side is at most the next of 128, 256, 512, 1024 above `size`; made once, then kept."""
    side = next((step for step in SIZES if step >= size), SIZES[-1])
    key = f"thumbnails/{side}/{asset_id[:2]}/{asset_id}"
    if storage.exists(key):
        return storage.get(key)
    image = decode(image_bytes(storage, asset_id), smallest=side)
    picture = Picture.fromarray(image.pixels)
    picture.thumbnail((side, side), Picture.Resampling.BILINEAR, reducing_gap=2.0)
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=82)
    storage.put(key, written.getvalue())
    return written.getvalue()
