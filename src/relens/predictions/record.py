"""Records predictions: the image first, then one line of the log; when the future is done, both survive a crash."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

from sqlalchemy import Connection

from relens.assets import store as asset_store
from relens.assets.asset import Asset
from relens.assets.keep import keep_bytes
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.predictions import store
from relens.predictions.logged import Entry, Logged


class Recorder:
    """The one way into the log."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    def record(self, entry: Entry, asset: Asset | None, data: bytes | None) -> Future[tuple[Logged, bool]]:
        """`data` are the image's bytes (None: not sent, or here already). The future gives the line and whether it is new.

        Bytes are written before the row: a crash in between leaves an image nobody asks for, never a line without its image.
        """
        self._keep(asset, data)
        return self._database.write_soon(partial(_append, entry=entry, asset=asset))

    def record_together(self, sent: Sequence[tuple[Entry, Asset | None, bytes | None]]) -> list[tuple[Logged, bool]]:
        """All of them or, when one cannot be, none; returns when they are durable."""
        for _, asset, data in sent:
            self._keep(asset, data)
        return self._database.write(lambda connection: [_append(connection, entry, asset) for entry, asset, _ in sent])

    def _keep(self, asset: Asset | None, data: bytes | None) -> None:
        if asset is not None and data is not None:
            keep_bytes(self._storage, asset.id, data)


def _append(connection: Connection, entry: Entry, asset: Asset | None) -> tuple[Logged, bool]:
    if asset is not None:
        asset_store.remember(connection, [asset])
    return store.append(connection, entry)
