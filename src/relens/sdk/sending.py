"""Sends what a spool holds, in the background, until the server has it.

Of all the programs that share a spool one sends at a time; when it ends, however it ends, another takes over. A server that is away is asked
again after growing pauses, with chance in them, and never before the moment it named itself. What it refuses is set aside, alone.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from relens.kit import clock
from relens.kit.errors import RelensError
from relens.sdk.errors import NotReachable, Refused
from relens.sdk.spool import Spool, Waiting
from relens.sdk.transport import Transport

ROWS, BYTES = 200, 16 << 20
LINGER_S, LOOK_S, TELL_S, HOLD_S = 0.05, 1.0, 15.0, 30.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 60.0
_MUST_BE_SETTLED = frozenset({401, 403, 404})
"""Nothing is wrong with the prediction: a token or a deployment is missing, which a person will settle."""
_WRONG = frozenset({400, 409, 413, 415, 422})
_TRUST_A_FAILURE = 3


class Elected:
    """An exclusive transaction on a small file beside the spool: the operating system ends it with the process that holds it."""

    def __init__(self, spool: Path) -> None:
        self._file = spool.with_name(spool.name + "-sender")
        self._held: sqlite3.Connection | None = None

    def mine(self) -> bool:
        if self._held is None:
            asked = sqlite3.connect(self._file, timeout=0, isolation_level=None, check_same_thread=False)
            try:
                asked.execute("BEGIN EXCLUSIVE")
                self._held = asked
            except sqlite3.OperationalError:
                asked.close()
        return self._held is not None

    def give_up(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None


class Sender:
    """One background thread. `sent` counts what this one delivered; `last_error` is a sentence, None once all is well again."""

    def __init__(self, spool: Spool, transport: Transport) -> None:
        self._spool = spool
        self._transport = transport
        self._elected = Elected(spool.path)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._hurry = False
        self._failures = 0
        self._not_before = 0.0
        self._held: dict[str, float] = {}
        self._told: dict[str, tuple[float, object]] = {}
        self.sent = 0
        self.last_error: str | None = None
        self._thread = threading.Thread(target=self._run, name="relens-sender", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    def hurry(self) -> None:
        """Somebody waits: ask again at once, unless the server itself named a moment."""
        self._hurry = True
        self._wake.set()

    def stop(self, timeout_s: float | None = None) -> None:
        """Finishes the request that is under way."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._wake.wait(self._turn()) and not self._hurry:
                self._stopping.wait(LINGER_S)  # what is logged in a row travels together
            self._wake.clear()
        self._elected.give_up()

    def _turn(self) -> float:
        """Sends what it can; answers how long to rest."""
        try:
            if not self._elected.mine():
                return LOOK_S
            hurried, self._hurry = self._hurry, False
            rest = self._not_before - time.monotonic()
            if rest > 0 and not (hurried and self._failures):
                return rest
            while not self._stopping.is_set() and self._send_some():
                pass
        except NotReachable as error:
            return self._later(str(error), None)
        except Refused as refused:
            return self._later(str(refused), refused.retry_after_s)
        except Exception as error:  # noqa: BLE001 - a full disk, a locked file: whatever it is, the thread goes on
            return self._later(f"{type(error).__name__}: {error}", None)
        return LOOK_S

    def _later(self, why: str, asked_s: float | None) -> float:
        self.last_error = why
        pause = min(_FIRST_PAUSE_S * 2**self._failures, _LONGEST_PAUSE_S) * (0.5 + random.random() / 2)
        # Asked by name, nobody's hurry shortens the wait: no failure is counted, so `hurry` finds nothing to cut short.
        self._failures = 0 if asked_s is not None else min(self._failures + 1, 30)
        wait = max(asked_s, 0.05) if asked_s is not None else pause
        self._not_before = time.monotonic() + wait
        return wait

    def _send_some(self) -> bool:
        now = time.monotonic()
        self._held = {name: until for name, until in self._held.items() if until > now}
        taken = self._spool.take(ROWS, BYTES, tuple(self._held))
        if taken is None:
            for deployment in self._spool.deployments():
                self._tell(deployment)
            return False
        deployment, items = taken
        self._deliver(deployment, items)
        return True

    def _deliver(self, deployment: str, items: Sequence[Waiting]) -> None:
        try:
            self._post(deployment, items)
        except Refused as refused:
            if refused.status in _MUST_BE_SETTLED:
                self._held[deployment] = time.monotonic() + HOLD_S
                self.last_error = str(refused)
            elif refused.status in _WRONG or (refused.status == 500 and self._failures >= _TRUST_A_FAILURE):
                self._isolate(deployment, items, refused)
            else:
                raise
            return
        self._spool.arrived(items)
        self.sent += len(items)
        self.last_error, self._failures = None, 0
        self._tell(deployment)

    def _isolate(self, deployment: str, items: Sequence[Waiting], refused: Refused) -> None:
        """Finds the one the server cannot take; the others go through."""
        named = refused.problem.get("item")
        if len(items) > 1 and isinstance(named, int) and 0 <= named < len(items):
            items = [items[named]]
        elif len(items) > 1:
            middle = len(items) // 2
            self._deliver(deployment, items[:middle])
            self._deliver(deployment, items[middle:])
            return
        self.last_error = sentence = _of_one(items[0], refused)
        if refused.status in _WRONG:
            self._spool.set_aside(items[0], sentence)
        else:
            self._spool.postpone(items[0], min(30.0 * 2 ** items[0].attempts, 3600.0))

    def _post(self, deployment: str, items: Sequence[Waiting]) -> None:
        path = f"deployments/{quote(deployment)}/predictions"
        bodies = [item.body if item.image is None else {**item.body, "file": str(item.id)} for item in items]
        images = [("images", (str(item.id), item.image)) for item in items if item.image is not None]
        if images:
            written = ("predictions", (None, json.dumps({"items": bodies}, ensure_ascii=False).encode()))
            self._transport.call("POST", path, files=[written, *images])
        else:
            self._transport.call("POST", path, json={"items": bodies})

    def _tell(self, deployment: str) -> None:
        """What was numbered, what waits and what will never come; the server makes its gap report of it."""
        at, before = self._told.get(deployment, (0.0, None))
        if before is not None and time.monotonic() - at < TELL_S:
            return
        numbers, losses = self._spool.numbers(deployment), self._spool.losses(deployment)
        if (numbers, losses) == before and not losses:
            return
        said: dict[str, Any] = {
            "sources": [{"source": source, "last_seq": last, "waiting": waiting} for source, last, waiting in numbers],
            "losses": [
                {"source": one.source, "first_seq": one.first, "last_seq": one.last, "reason": one.reason,
                 "since": clock.to_text(one.since), "until": clock.to_text(one.until)}
                for one in losses
            ],
        }  # fmt: skip
        self._told[deployment] = (time.monotonic(), (numbers, losses))
        try:
            self._transport.call(
                "PUT", f"deployments/{quote(deployment)}/writers/{quote(self._spool.writer)}", json=said
            )
            self._spool.told(losses)
        except RelensError as error:
            self.last_error = str(error)


def _of_one(item: Waiting, refused: Refused) -> str:
    """Why the server will not take this prediction. Its own sentence names a place in a batch, which whoever logged it never saw."""
    return f"prediction '{item.body.get('client_id')}' was not taken: {refused.problem.get('cause') or refused}"
