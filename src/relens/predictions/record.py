"""Records predictions: the image first, then one line of the log; when the future is done, both survive a crash."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from threading import Thread

from sqlalchemy import Connection

from relens.assets import store as asset_store
from relens.assets.asset import Asset, BytesGone
from relens.assets.keep import until_here
from relens.assets.underway import UnderWay
from relens.deployments.deployment import Deployment
from relens.deployments.keeping import Keeping
from relens.deployments.remembered import Remembered
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.kit.clock import Micros
from relens.predictions import plain_rows, store
from relens.predictions.file_soon import FileSoon
from relens.predictions.gathered import Gathered
from relens.predictions.keep import chance_of, decide, surely
from relens.predictions.logged import Entry, Logged
from relens.predictions.plain import Plain
from relens.predictions.policies import Policies
from relens.predictions.reading import Reading
from relens.predictions.tallied import Tallied
from relens.predictions.unlogged import CANNOT_WRITE, Unlogged
from relens.predictions.writable import Writable

Line = tuple[Logged, bool]
Sent = tuple[Entry, Asset | None, bytes | None]
Since = Mapping[str, Micros]
_FILED_AT_ONCE = 20
"""A longer batch is logged at once and filed right after (`filing.py`)."""


class Recorder:
    """The one way into the log.

    `strangeness` gives the outlier score of an entry, or None; asked only where a deployment keeps unusual images and the rest.
    `after_a_batch` is called when lines were logged that somebody else files (`file_along.py`).
    """

    def __init__(
        self,
        database: Database,
        storage: Storage,
        policies: Policies | None = None,
        strangeness: Callable[[Entry], float | None] | None = None,
        reading: Reading | None = None,
    ) -> None:
        self._database = database
        self._storage = storage
        self._policies = policies or Policies(database)
        self._strangeness = strangeness
        self._under_way = UnderWay(database, storage)
        self._filing = FileSoon(database, reading or Reading())
        self._gathered: Gathered[Sent, Line] = Gathered(
            database, partial(_append, since={}), _append_each, self._written
        )
        self.deployments = Remembered(database)
        self.after_a_batch: Callable[[], None] = lambda: None
        self.tallied = Tallied(database)
        self.unlogged = Unlogged(self.tallied)
        self.writable = Writable(database, storage)

    def record(
        self, entry: Entry, asset: Asset | None, data: bytes | None, hold: bool = False, here: bool = False
    ) -> Future[Line]:
        """`data` are the image's bytes (None: not sent, or here already). The future gives the line and whether it is new.

        `hold`: more lines follow in a moment, or a `flush`; this one may wait for them. `here`: nothing else waits for this thread, which may
        write the line itself.

        Bytes are written before the row: a crash in between leaves an image nobody asks for, never a line without its image. Where nothing
        can be written and the deployment chose to answer all the same, the line has no id and is not new.
        """
        try:
            logged = self._record(entry, asset, data, hold, here)
        except CANNOT_WRITE as error:
            logged = Future()
            logged.set_exception(error)
        logged.add_done_callback(lambda done: self._notice(done, data))
        answered = entry.origin == "served" and entry.role != "shadow" and entry.error is None
        if answered and self._policies.of(entry.deployment).when_full == "answer unlogged":
            return self.unlogged.instead(logged, entry, self._policies.name(entry.deployment))
        return logged

    def ahead(self, deployment: str, asset: str, data: bytes) -> Callable[[], None] | None:
        """Writes the bytes of an image that its line will keep, whatever it says. What this gives must be called when the line is recorded.

        None when nothing was written: that may be decided by what the line says, or it cannot be done, and the line will hear why.
        """
        try:
            policy = self._policies.of(deployment)
            if not surely(policy, _draw(policy, deployment, asset)):
                return None
            self._under_way.put({asset: data})
        except Exception:  # noqa: BLE001 - the line meets the same, and tells the one who waits for it
            return None
        return lambda: self._under_way.done((asset,), ())

    def _written(self, lines: Sequence[Line]) -> None:
        self._filing.add([line for line, fresh in lines if fresh])

    def _notice(self, done: Future[Line], data: bytes | None) -> None:
        if isinstance(done.exception(), CANNOT_WRITE):
            self.writable.failed(len(data or b""))

    def flush(self) -> None:
        """Writes what was told to wait."""
        self._gathered.flush()

    def _record(self, entry: Entry, asset: Asset | None, data: bytes | None, hold: bool, here: bool) -> Future[Line]:
        sent = (entry, asset, data)
        chosen = self._decided([sent])[0] if asset is None else self._choose(sent, set())
        if chosen[2] is None:
            return self._gathered.add(chosen, hold, here)
        images = _images([chosen])
        self._under_way.put(images)
        outcome: Future[Line] = Future()
        outcome.set_running_or_notify_cancel()

        def settled(done: Future[Line]) -> None:
            if isinstance(done.exception(), BytesGone):
                # The writer's thread runs this and must not wait for itself.
                Thread(target=self._again, args=(chosen, images, outcome), daemon=True).start()
            else:
                self._settle(images, done, outcome)

        self._gathered.add(chosen, hold, here).add_done_callback(settled)
        return outcome

    def record_together(self, sent: Sequence[Sent], shadows: Mapping[int, Entry] | None = None) -> list[Line]:
        """All of them or, when one cannot be, none; returns when they are durable.

        `shadows`: what a shadow said of the same images, by place in `sent`; logged with the answer, so only when that is new.
        """
        chosen = self._decided(sent)
        images = _images(chosen)
        self._under_way.put(images)
        here: set[str] = set()
        try:
            lines = until_here(
                self._storage,
                images,
                lambda since: self._database.write(
                    partial(_append_all, sent=chosen, shadows=shadows or {}, since=since)
                ),
            )
            here = {line.asset for line, fresh in lines if fresh}
        finally:
            self._under_way.done(images, here)
        self.after_a_batch()
        return lines

    def first(self, deployment_id: str, client_id: str) -> Logged | None:
        """The line this client id has already, if it has one."""
        with self._database.read() as connection:
            return store.by_client_id(connection, deployment_id, client_id)

    def record_plain(self, deployment: Deployment, lines: Sequence[Plain]) -> list[plain_rows.Sent]:
        """The same for lines without images. Raises Changed where `deployment`, by which they were read, is another by now."""
        try:
            written = self._database.write(partial(plain_rows.append_new, deployment=deployment, lines=lines))
        except plain_rows.NotAllNew:
            written = self._database.write(partial(plain_rows.append, deployment_id=deployment.id, lines=lines))
        self.after_a_batch()
        return written

    def _again(self, sent: Sent, images: Mapping[str, bytes], outcome: Future[Line]) -> None:
        done: Future[Line] = Future()
        try:
            line = until_here(
                self._storage,
                images,
                lambda since: self._database.write(partial(_append, sent=sent, since=since)),
            )
            self._written([line])
            done.set_result(line)
        except Exception as error:  # noqa: BLE001 - handed to the caller who waits for the line
            done.set_exception(error)
        self._settle(images, done, outcome)

    def _settle(self, images: Mapping[str, bytes], done: Future[Line], outcome: Future[Line]) -> None:
        error = done.exception()
        fresh = error is None and done.result()[1]
        self._under_way.done(images, images if fresh else ())
        if error is None:
            outcome.set_result(done.result())
        else:
            outcome.set_exception(error)

    def _decided(self, sent: Sequence[Sent]) -> list[Sent]:
        """Each with its keep decision; the bytes of those that are not kept are gone from it."""
        elsewhere = [entry.asset for entry, asset, _ in sent if asset is None and entry.role != "shadow"]
        here: set[str] = set()
        if elsewhere:
            with self._database.read() as connection:
                here = set(asset_store.several(connection, elsewhere))
        return [self._choose(one, here) for one in sent]

    def _choose(self, sent: Sent, here: set[str]) -> Sent:
        entry, asset, data = sent
        if entry.role == "shadow":
            return sent
        if asset is None:
            known = entry.asset in here
            return (entry if known else replace(entry, keep_reason="not sent", keep_probability=0.0)), None, None
        policy = self._policies.of(entry.deployment)
        chance = _draw(policy, entry.deployment, entry.asset)
        made = decide(policy, entry, chance)
        if not made.keep and policy.images == "uncertain" and self._strangeness is not None:
            made = decide(policy, entry, chance, self._strangeness(entry))
        if (made.reason, made.probability) != (entry.keep_reason, entry.keep_probability):
            entry = replace(entry, keep_reason=made.reason, keep_probability=made.probability)
        return (entry, asset, data) if made.keep else (entry, None, None)


def _draw(policy: Keeping, deployment: str, asset: str) -> float:
    """The image's draw, where the policy looks at it."""
    return 0.0 if policy.images in ("all", "none") else chance_of(deployment, asset)


def _images(sent: Sequence[Sent]) -> dict[str, bytes]:
    return {asset.id: data for _, asset, data in sent if asset is not None and data is not None}


def _append_all(connection: Connection, sent: Sequence[Sent], shadows: Mapping[int, Entry], since: Since) -> list[Line]:
    now = len(sent) <= _FILED_AT_ONCE
    lines = _append_some(connection, sent, since, now)
    beside = [replace(one, parent=lines[number][0].id) for number, one in shadows.items() if lines[number][1]]
    store.append_many(connection, beside, now)
    return lines


def _append_each(connection: Connection, sent: Sequence[Sent]) -> list[Line]:
    return _append_some(connection, sent, {}, False)


def _append(connection: Connection, sent: Sent, since: Since) -> Line:
    return _append_some(connection, [sent], since, False)[0]


def _append_some(connection: Connection, sent: Sequence[Sent], since: Since, now: bool) -> list[Line]:
    """The lines first: whoever writes the log holds its counter, and only then locks images (two servers may share both)."""
    lines = store.append_many(connection, [entry for entry, _, _ in sent], now)
    images = {one.id: one for (_, one, _), (_, fresh) in zip(sent, lines, strict=True) if fresh and one is not None}
    if images:
        asset_store.remember(connection, list(images.values()), since)
    return lines
