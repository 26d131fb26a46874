"""An asset: an image kept once, named by the hash of its bytes."""

from dataclasses import dataclass

from relens.kit.clock import Micros


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


def storage_key(asset_id: str) -> str:
    """Where the bytes lie: spread over 256 folders."""
    return f"assets/{asset_id[:2]}/{asset_id}"
