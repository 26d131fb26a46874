"""What is looked at in an image file before a decoder takes memory for it: sizes in odd places, and parts nobody needs."""

from __future__ import annotations

import struct

PNG_SIGN = b"\x89PNG\r\n\x1a\n"
# All others (colour profiles, texts, times) may hold compressed data of any size and change nothing that is kept; the frames of an
# animation after the first are among them.
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf", b"IEND"})


def plain_png(data: bytes) -> bytes:
    """The PNG without the chunks its first frame can be read without; the same bytes where there are none."""
    kept, at, whole = [PNG_SIGN], len(PNG_SIGN), True
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if kind in _PNG_KEPT:
            kept.append(data[at:end])
        else:
            whole = False
        at = end
        if kind == b"IEND":
            break
    return data if whole else b"".join(kept)


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of a WebP's canvas."""
    head = data[:30].ljust(30, b"\0")
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF


def webp_frames(data: bytes) -> int:
    """How many frames an animated WebP holds: its decoder looks at all of them before it gives the first."""
    count, at = 0, 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        count += kind == b"ANMF"
        at += 8 + length + (length & 1)
    return count


def tiff_tile(tags: object) -> int:
    """The pixels of one tile of a TIFF, which its decoder takes memory for whatever the image's size; 0 where it has strips."""
    sides = []
    for tag in (322, 323):
        value = tags.get(tag, 0)  # type: ignore[attr-defined]
        value = value[0] if isinstance(value, tuple) and value else value
        sides.append(int(value) if isinstance(value, int | float) else 0)
    return sides[0] * sides[1]
