"""What goes wrong in a database, by names that say what to do about it."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from relens.kit.errors import DiskFails, StorageFull, Unavailable

_AWAY = ("locked", "connection", "disk i/o error", "unable to open database file")


class NotAnswering(Unavailable):
    """The database cannot be reached, or its disk fails; nothing was written."""


class NoRoom(StorageFull):
    """The disk of the database is full; nothing was written."""


class NoDisk(DiskFails):
    """The database can be read only; nothing was written."""


class CrossedLocks(Unavailable):
    """Two servers on one PostgreSQL waited for each other; the database undid one of them."""


def named(error: BaseException) -> BaseException:
    """The error to raise in place of what the database said; the same where it has no other name."""
    if isinstance(error, PoolTimeout | PendingRollbackError):
        return NotAnswering("the database is not answering right now: try again in a moment")
    if isinstance(error, DBAPIError):
        reason = str(error.orig).lower()
        if "readonly database" in reason or getattr(error.orig, "sqlstate", None) == "25006":
            return NoDisk(
                "the database cannot be written, its file or disk is read-only: see to it; nothing was written"
            )
        if "disk is full" in reason or "disk full" in reason or "no space left" in reason:
            return NoRoom("the disk of the database is full: free some space; nothing was written")
        if getattr(error.orig, "sqlstate", None) in ("40P01", "40001"):
            return CrossedLocks("the database is busy with another server's work: try again in a moment")
        gone = error.connection_invalidated or any(word in reason for word in _AWAY)
        if isinstance(error, OperationalError | InterfaceError) and gone:
            return NotAnswering("the database is not answering right now: try again in a moment")
    return error
