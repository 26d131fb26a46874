"""Lets images go: those older than their deployment keeps them, and the oldest when the disk runs full; never one that somebody needs.

Each step is a transaction of some dozens of images. What leaves is counted with its reason in the transaction that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from relens.assets import store as assets
from relens.assets.asset import all_keys, storage_key
from relens.deployments import store as deployments
from relens.deployments.keeping import BadKeeping, keeping_of
from relens.infra.database import Database
from relens.infra.storage import Room, Storage
from relens.kit import clock
from relens.kit.clock import DAY, Micros
from relens.predictions.retention import store
from relens.predictions.retention.store import FIRST, Hold, Place

Result = TypeVar("Result")
OnLeave = Callable[[Connection, Sequence[str]], None]
"""Told of the predictions (by id) whose images leave, in the transaction that says so."""

FULL_FROM = 0.8
"""Of the disk; the images of the log give way before more of it is used."""
OURS_AT_LEAST = 0.1
"""Of what others leave of the disk: where they fill four fifths of it alone, the log still keeps some."""
AT_ONCE = 32
_COUNTED_AT_ONCE = 256
_LOOK_EVERY_S = 2.0
_REST_S = 30.0
"""After a scan that found nothing (more) to let go."""


class Retention:
    """`step` for a follower: counts what the log brought, then lets go what must. Several servers may."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        on_leave: Sequence[OnLeave] = (),
        room: Callable[[], Room | None] | None = None,
        now: Callable[[], Micros] = clock.now,
        rest_s: float = _REST_S,
    ) -> None:
        self._database = database
        self._storage = storage
        self._on_leave = tuple(on_leave)
        self._room = room or storage.room
        self._now = now
        self._rest_s = rest_s
        self._places: dict[str, Place] = {}
        self._resting: dict[str, float] = {}
        self._looked = float("-inf")

    def step(self) -> bool:
        """True when there may be more to do."""
        with self._database.read() as connection:
            behind = store.behind(connection)
        if behind:
            self.write(lambda connection: store.follow(connection, _COUNTED_AT_ONCE))
            return True
        if clock.stopwatch() - self._looked < min(_LOOK_EVERY_S, self._rest_s):
            return False
        more = self.delete_leaving() | self._too_old() | self._no_room()
        if not more:
            self._looked = clock.stopwatch()
        return more

    def delete_leaving(self) -> bool:
        """Deletes the bytes of images whose rows say that they leave; also those a crash left over."""
        return self.write(self._delete) > 0

    def _delete(self, connection: Connection) -> int:
        leaving = assets.lock_leaving(connection, AT_ONCE)
        needed = [one for one in assets.pinned(connection, leaving) if self._storage.exists(storage_key(one))]
        assets.stay(connection, needed)
        going = sorted(set(leaving) - set(needed))
        for asset_id in going:
            for key in all_keys(asset_id):
                self._storage.delete(key)
        assets.set_gone(connection, going)
        return len(leaving)

    def _too_old(self) -> bool:
        with self._database.read() as connection:
            known = deployments.all_of_them(connection, archived=True)
        more = False
        for one in known:
            try:
                days = keeping_of(one.settings).days
            except BadKeeping:
                continue  # the recorder says so; nothing leaves by a policy that cannot be read
            if days is not None:
                more |= self._let_some_go(
                    one.id,
                    "too old",
                    f"kept for {days} days",
                    self._now() - days * DAY,
                    partial(_kept_for, deployment=one.id, days=days),
                )
        return more

    def _no_room(self) -> bool:
        room = self._room()
        if room is None:
            return False
        with self._database.read() as connection:
            ours = held_bytes(store.sums(connection))
        if room.total - room.free <= most_used(room, ours):
            self._places.pop("", None)
            self._resting.pop("", None)
            return False
        return self._let_some_go(None, "no room", "to leave room on the disk", self._now() + DAY, lambda _: True)

    def _let_some_go(
        self, deployment: str | None, reason: str, sentence: str, before: Micros, may: Callable[[Connection], bool]
    ) -> bool:
        """The next of the oldest images that may leave, if they `may` when it comes to it. A scan that came to the end rests, then starts again from the oldest."""
        scan = deployment or ""
        if clock.stopwatch() < self._resting.get(scan, 0.0):
            return False
        place = self._places.get(scan, FIRST)
        with self._database.read() as connection:
            found = store.oldest(connection, place, AT_ONCE, deployment, before)
        if not found:
            self._places.pop(scan, None)
            self._resting[scan] = clock.stopwatch() + self._rest_s
            return False
        self._places[scan] = Place(found[-1].at, found[-1].asset)
        gone = partial(let_go, holds=found, reason=reason, sentence=sentence, now=self._now(), on_leave=self._on_leave)
        left = self.write(lambda connection: gone(connection) if may(connection) else [])
        if left:
            self.delete_leaving()
        return True

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """On SQLite through the one writer; elsewhere apart from the log's group transactions, which must not wait for our locks."""
        if self._database.engine.dialect.name == "sqlite":
            return self._database.write(work)
        self._database.catch_up()
        with self._database.engine.begin() as connection:
            return work(connection)


def _kept_for(connection: Connection, deployment: str, days: int) -> bool:
    """Whether its images are kept no longer than that: a person may just have chosen otherwise, and what has left does not come back."""
    now = keeping_of(deployments.lock(connection, deployment).settings).days
    return now is not None and now <= days


def let_go(
    connection: Connection,
    holds: Sequence[Hold],
    reason: str,
    sentence: str,
    now: Micros,
    on_leave: Sequence[OnLeave] = (),
) -> list[str]:
    """Releases these holds where nobody needs the image; the images that nobody holds any more leave. Answers which.

    "too old" releases only what the deployment itself holds; for any other reason the image leaves every deployment.
    """
    after = store.lock_cursor(connection)
    free = assets.lock_unpinned(connection, sorted({one.asset for one in holds}))
    coming = store.still_coming(connection, free, after)
    free = [one for one in free if one not in coming]
    held = store.holders(connection, free)
    wanted = {(one.deployment, one.asset): one.at for one in holds}
    if reason == "too old":
        # One that was logged again meanwhile is young again.
        released = [one for one in held if wanted.get((one.deployment, one.asset)) == one.at]
    else:
        released = held
    store.release(connection, released)
    leaving = sorted({one.asset for one in released} - {one.asset for one in held if one not in released})
    assets.leave(connection, leaving, sentence)
    counted: dict[tuple[str, int, str], tuple[int, int]] = {}
    for one in released:
        key = (one.deployment, now // DAY, reason)
        images, size = counted.get(key, (0, 0))
        counted[key] = (images + 1, size + one.size_bytes)
    store.count(connection, counted)
    blind = store.take_from_queue(connection, leaving) if leaving else []
    for tell in on_leave:
        tell(connection, blind)
    return leaving


def held_bytes(sums: dict[str, tuple[int, int]]) -> int:
    """Bytes held by what was kept and not dropped."""
    return sums.get("kept", (0, 0))[1] - sum(sums.get(reason, (0, 0))[1] for reason in store.DROPPED)


def most_used(room: Room, ours: int) -> float:
    """Bytes of the disk that may be used before images give way; `ours`: what the log's images take."""
    others = room.total - room.free - ours
    return max(FULL_FROM * room.total, others + OURS_AT_LEAST * (room.free + ours))
