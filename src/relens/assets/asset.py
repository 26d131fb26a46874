"""An asset: an image kept once, named by the hash of its bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from relens.kit import clock
from relens.kit.clock import Micros
from relens.kit.errors import Gone, Unavailable

State = Literal["here", "leaving", "gone"]
SIDES = (128, 256, 512, 1024)
"""Long sides in pixels of the small copies that pages show."""


class ImageGone(Gone):
    """The image was here and was let go: too old, no room, or erased."""


class BytesGone(Unavailable):
    """Images were let go while somebody kept them again: their bytes must be written once more.

    `left`: for each of them when it left, or None while its bytes are still being deleted.
    """

    def __init__(self, left: Mapping[str, Micros | None]) -> None:
        super().__init__("the image was just being let go to make room: send it again in a moment")
        self.left = dict(left)


@dataclass(frozen=True, slots=True)
class Asset:
    """`id` is the SHA-256 of the bytes; width and height are those of the upright image; `fingerprint` finds near-duplicates."""

    id: str
    width: int
    height: int
    format: str
    size_bytes: int
    fingerprint: str
    created_at: Micros


@dataclass(frozen=True, slots=True)
class Left:
    """When and why an image was let go."""

    at: Micros
    reason: str

    def gone(self, asset_id: str) -> ImageGone:
        when = clock.to_text(self.at)
        return ImageGone(f"the image {asset_id[:12]}… was let go at {when}: {self.reason}", reason=self.reason)


def storage_key(asset_id: str) -> str:
    """Where the bytes lie: spread over 256 folders."""
    return f"assets/{asset_id[:2]}/{asset_id}"


def thumbnail_key(asset_id: str, side: int) -> str:
    """Where a small copy lies, whose long side is at most `side` pixels."""
    return f"thumbnails/{side}/{asset_id[:2]}/{asset_id}"


def all_keys(asset_id: str) -> list[str]:
    """Everything of an image that lies in storage."""
    return [storage_key(asset_id), *(thumbnail_key(asset_id, side) for side in SIDES)]
