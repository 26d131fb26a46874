"""Images whose rows are being written: when nobody's row came to be, the bytes written for it go again."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from relens.assets import store
from relens.assets.asset import storage_key
from relens.assets.keep import keep_bytes
from relens.infra.database import Database
from relens.infra.storage import Storage

logger = logging.getLogger("relens.assets")


@dataclass(slots=True)
class _Image:
    users: int = 0
    there: bool = False
    written: bool = False
    needed: bool = False


class UnderWay:
    """Counts who is between writing an image's bytes and its row. The last one out deletes what was written for nothing.

    Where several servers share the storage nothing is deleted: another one may rely on the same bytes.
    """

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage
        self._alone = database.engine.dialect.name == "sqlite"
        self._lock = Lock()
        self._images: dict[str, _Image] = {}

    def put(self, images: Mapping[str, bytes]) -> None:
        """Writes the bytes of those not there yet; `done` must follow unless this raises."""
        with self._lock:
            for asset_id in images:
                self._images.setdefault(asset_id, _Image()).users += 1
        try:
            for asset_id, data in images.items():
                image = self._images[asset_id]
                if not image.there:
                    self._keep(image, asset_id, data)
        except BaseException:
            self.done(images, ())
            raise

    def _keep(self, image: _Image, asset_id: str, data: bytes) -> None:
        written = keep_bytes(self._storage, asset_id, data)
        with self._lock:
            image.there = True
            image.written |= written

    def done(self, images: Iterable[str], here: Collection[str]) -> None:
        """`here`: those whose rows were written."""
        unneeded = []
        with self._lock:
            for asset_id in images:
                image = self._images[asset_id]
                image.users -= 1
                image.needed |= asset_id in here
                if image.users == 0:
                    del self._images[asset_id]
                    if image.written and not image.needed and self._alone:
                        unneeded.append(asset_id)
            # Inside the lock: whoever sends the same image now waits until it is away, and writes it anew.
            if unneeded:
                self._delete(unneeded)

    def _delete(self, unneeded: list[str]) -> None:
        try:
            with self._database.read(behind=True) as connection:  # the writer may wait for this lock
                kept = store.several(connection, unneeded)
            for asset_id in unneeded:
                if asset_id not in kept:
                    self._storage.delete(storage_key(asset_id))
        except Exception:
            logger.exception("%d images were written for nothing and could not be deleted", len(unneeded))
