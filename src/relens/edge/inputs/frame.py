"""One image that came in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """`data`: the bytes of an image file. `client_id`: the same for the same image of a file, None where each is new."""

    data: bytes
    taken_at: str
    client_id: str | None = None
    name: str = ""
