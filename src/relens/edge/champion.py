"""The version that answers here, and its swap for another: the old one answers until the new one can."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from relens.edge.cache import Wanted
from relens.inference.load import LoadedVersion
from relens.kit.errors import Unavailable


class NothingYet(Unavailable):
    """No version is loaded."""


@dataclass(slots=True)
class _Place:
    wanted: Wanted
    loaded: LoadedVersion
    users: int = 0
    gone: bool = False


class Champion:
    """Safe for threads. `wait` returns when there is one that answers."""

    def __init__(self) -> None:
        self._place: _Place | None = None
        self._changed = threading.Condition()

    @property
    def wanted(self) -> Wanted | None:
        return self._place.wanted if self._place else None

    def put(self, wanted: Wanted, loaded: LoadedVersion) -> None:
        """From now on `loaded` answers; the one before leaves after its last image."""
        with self._changed:
            before, self._place = self._place, _Place(wanted, loaded)
            self._changed.notify_all()
            if before is not None:
                before.gone = True
                self._leave(before)

    def adjust(self, wanted: Wanted) -> None:
        """Another threshold or name for the version that answers."""
        with self._changed:
            if self._place is not None and self._place.wanted.version_id == wanted.version_id:
                self._place.wanted = replace(wanted)

    @contextmanager
    def use(self) -> Iterator[tuple[Wanted, LoadedVersion]]:
        """It stays in memory while the block runs. Raises NothingYet."""
        with self._changed:
            place = self._place
            if place is None:
                raise NothingYet(
                    "no model version is loaded here yet: it is fetched as soon as the server answers", 2.0
                )
            place.users += 1
        try:
            yield place.wanted, place.loaded
        finally:
            with self._changed:
                place.users -= 1
                self._leave(place)

    def wait(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._place is not None, seconds)

    def _leave(self, place: _Place) -> None:
        if place.gone and place.users == 0:
            place.loaded.close()
