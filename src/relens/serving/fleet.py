"""The loaded versions of this server: each in memory once, used by many requests, gone after its last one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from relens.inference.load import LoadedVersion


@dataclass(slots=True)
class _Place:
    loaded: LoadedVersion
    users: int = 0
    wanted: bool = True


class Fleet:
    """`load` brings a version into memory, warm, or raises why it cannot."""

    def __init__(self, load: Callable[[str], LoadedVersion]) -> None:
        self._load = load
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()

    def bring(self, version_id: str) -> None:
        """Loads the version unless it is here; nothing changes when it fails."""
        with self._lock:
            place = self._places.get(version_id)
            if place is not None:
                place.wanted = True
                return
        loaded = self._load(version_id)
        with self._lock:
            self._places[version_id] = _Place(loaded)

    def keep_only(self, version_ids: Collection[str]) -> None:
        """Lets every other version go as soon as its last request has finished."""
        with self._lock:
            for version_id, place in self._places.items():
                place.wanted = version_id in version_ids
            self._drop_unused()

    @contextmanager
    def use(self, version_id: str) -> Iterator[LoadedVersion]:
        """The loaded version; it stays in memory while the block runs. KeyError when it was never brought."""
        with self._lock:
            place = self._places[version_id]
            place.users += 1
        try:
            yield place.loaded
        finally:
            with self._lock:
                place.users -= 1
                self._drop_unused()

    def has(self, version_id: str) -> bool:
        with self._lock:
            return version_id in self._places

    def _drop_unused(self) -> None:
        for version_id in [v for v, place in self._places.items() if not place.wanted and place.users == 0]:
            self._places.pop(version_id).loaded.close()
