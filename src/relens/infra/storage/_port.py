"""The storage port: bytes under a key, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from relens.kit.errors import NotFound


class NoBytes(NotFound):
    """Nothing is kept under this key."""


class Room(NamedTuple):
    """Bytes of the disk in all, and those still free to us."""

    total: int
    free: int


class Storage(Protocol):
    """Keys are relative paths with forward slashes: `assets/ab/abcd...`. Every method may be called from any thread."""

    def put(self, key: str, data: bytes) -> None:
        """Keeps `data` whole or not at all; the same key again replaces it. Raises StorageFull when there is no room."""

    def get(self, key: str) -> bytes:
        """The bytes; NoBytes when there are none."""

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """No error when there is nothing."""

    def hold(self) -> None:
        """From now on what is deleted stays aside, gone for everybody else, until `release`: a copy of everything is being made."""

    def release(self) -> None:
        """What stays aside goes. No error when nothing was held."""

    def everything(self) -> Iterator[tuple[str, Path]]:
        """Keys and where their bytes lie, in no order; those that stay aside last, so that what is deleted while one looks comes too."""

    def keys(self, prefix: str = "") -> Iterator[str]: ...

    def path(self, key: str) -> Path | None:
        """The file that holds the bytes, where they are files on this machine."""

    def room(self) -> Room | None:
        """The size of the disk and what is free of it, where that can be known."""

    def free_bytes(self) -> int | None:
        """Room left, where that can be known."""
