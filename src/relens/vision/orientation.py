"""Which way up a photograph is, from its EXIF block; read here because Pillow's own reader warns of every odd tag."""

from __future__ import annotations

import struct


def orientation(exif: object) -> int:
    """EXIF tag 0x0112 (1 to 8) of an EXIF block; 1, upright, when it is missing or damaged."""
    if not isinstance(exif, bytes):
        return 1
    block = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, _, _, value = struct.unpack_from(order + "HHIH", block, at)
            if tag == 0x0112:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
