"""The loaded versions of this server: each in memory once, used by many requests, gone after its last one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from relens.inference.load import LoadedVersion
from relens.kit.errors import Unavailable


class NotHere(Unavailable):
    """The version is not in memory: it was swapped out a moment ago, or never brought."""


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
        self._let_go = 0

    def bring(self, version_id: str, vet: Callable[[LoadedVersion], None] = lambda _: None) -> None:
        """Loads the version unless it is here, and lets `vet` look at it first; nothing changes when either fails."""
        with self._lock:
            place = self._places.get(version_id)
            if place is not None:
                place.wanted = True
                return
        loaded = self._load(version_id)
        try:
            vet(loaded)
        except BaseException:
            loaded.close()
            raise
        with self._lock:
            self._places[version_id] = _Place(loaded)

    def keep_only(self, version_ids: Collection[str]) -> None:
        """Lets every other version go as soon as its last request has finished."""
        with self._lock:
            for version_id, place in self._places.items():
                place.wanted = version_id in version_ids
            gone = self._unused()
        _close(gone)

    @contextmanager
    def use(self, version_id: str) -> Iterator[LoadedVersion]:
        """The loaded version; it stays in memory while the block runs. Raises NotHere."""
        with self._lock:
            place = self._places.get(version_id)
            if place is None:
                raise NotHere(f"model version {version_id} is not loaded")
            place.users += 1
        try:
            yield place.loaded
        finally:
            with self._lock:
                place.users -= 1
                gone = [] if place.wanted else self._unused()
            _close(gone)

    def has(self, version_id: str) -> bool:
        with self._lock:
            return version_id in self._places

    def together(self, version_id: str) -> int:
        """How many images of this version to run at once at most."""
        place = self._places.get(version_id)
        return 1 if place is None else place.loaded.together

    def let_go(self) -> int:
        """How many versions have left since this was asked last."""
        with self._lock:
            left, self._let_go = self._let_go, 0
            return left

    def _unused(self) -> list[LoadedVersion]:
        leaving = [v for v, place in self._places.items() if not place.wanted and place.users == 0]
        self._let_go += len(leaving)
        return [self._places.pop(version_id).loaded for version_id in leaving]


def _close(gone: list[LoadedVersion]) -> None:
    """Outside the lock: a large model takes a while to go, and others want theirs."""
    for loaded in gone:
        loaded.close()
