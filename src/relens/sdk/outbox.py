"""What a program logs, on its way: into the spool at once, to the server in the background."""

from __future__ import annotations

import atexit
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from relens.kit import clock
from relens.kit.errors import Invalid
from relens.kit.ids import content_id, new_id
from relens.sdk import forking
from relens.sdk.images import image_bytes
from relens.sdk.sending import Sender
from relens.sdk.spool import MOST_BYTES, MOST_ROWS, Spool, Waiting
from relens.sdk.transport import Transport

Json = dict[str, Any]
_AT_EXIT_S = 2.0


@dataclass(frozen=True, slots=True)
class SpoolOptions:
    """Where the spool is (None: one file per server in the user's folder for state), who writes it, and how large it may grow."""

    path: Path | None = None
    writer: str | None = None
    most_rows: int = MOST_ROWS
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True, slots=True)
class SpoolStats:
    """`waiting` predictions of `bytes` are in the file; `sent` by this program; `dropped` and `images_dropped` because it was full;
    `refused` by the server. `last_error` is why it is not empty, None when all is well."""

    path: Path
    writer: str
    waiting: int
    bytes: int
    sent: int
    dropped: int
    images_dropped: int
    refused: int
    last_error: str | None


class Outbox:
    """Opened with the first prediction. `connect` makes the connection to the server, `path` is the spool's file."""

    def __init__(self, connect: Callable[[], Transport], path: Path, options: SpoolOptions) -> None:
        self._connect = connect
        self._path = path
        self._options = options
        self._lock = forking.outer()
        self._here: tuple[int, Spool, Sender, Transport] | None = None
        self._inherited: list[object] = []

    def log(self, deployment: str, predictions: Sequence[Mapping[str, Any]]) -> list[str]:
        """Keeps them in the spool; their client ids. Raises Invalid for what cannot be written as JSON or is no image."""
        spool, sender = self._open()
        items = [loggable(prediction) for prediction in predictions]
        spool.put(deployment, items)
        sender.wake()
        return [str(body["client_id"]) for body, _ in items]

    def flush(self, timeout_s: float | None = None) -> bool:
        """Waits until everything logged so far has left the spool; False when the time is over before."""
        if self._here is None and not self._path.exists():
            return True
        spool, sender = self._open()
        until = None if timeout_s is None else time.monotonic() + timeout_s
        last, pause = spool.last_id(), 0.01
        sender.hurry()
        while spool.waiting_up_to(last):
            if until is not None and time.monotonic() >= until:
                return False
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
        return True

    def close(self, timeout_s: float = 5.0) -> None:
        """Sends what it can within the time; the rest stays in the file for the next program that opens it."""
        if self._here is None or self._here[0] != os.getpid():
            return
        if timeout_s > 0:
            self.flush(timeout_s)
        with self._lock:
            if self._here is None:
                return
            _, spool, sender, transport = self._here
            self._here = None
        atexit.unregister(self._at_exit)
        sender.stop(timeout_s + 1.0)
        transport.close()
        spool.close()

    @property
    def writer(self) -> str:
        """Who writes to this spool, as the server knows it."""
        return self._open()[0].writer

    def stats(self) -> SpoolStats:
        spool, sender = self._open()
        level = spool.level()
        return SpoolStats(
            self._path, spool.writer, level.waiting, level.bytes, sender.sent, level.dropped, level.images_dropped,
            level.refused, sender.last_error,
        )  # fmt: skip

    def refused(self) -> Iterator[tuple[str, Json, str]]:
        """(deployment, prediction, the server's sentence) of the latest 1,000 that it would not take."""
        return self._open()[0].refused()

    def waiting(self, rows: int = 100) -> list[Waiting]:
        """The oldest that wait, of one deployment."""
        taken = self._open()[0].take(rows, MOST_BYTES)
        return taken[1] if taken else []

    def _open(self) -> tuple[Spool, Sender]:
        """This process's own: neither a thread nor a connection survives a fork."""
        with self._lock:
            if self._here is not None and self._here[0] != os.getpid():
                self._inherited.append(self._here)  # never closed here: that would touch what the parent uses
                self._here = None
            if self._here is None:
                options = self._options
                spool = Spool(
                    self._path, writer=options.writer, most_rows=options.most_rows, most_bytes=options.most_bytes
                )
                transport = self._connect()
                self._here = (os.getpid(), spool, Sender(spool, transport), transport)
                atexit.register(self._at_exit)
            return self._here[1], self._here[2]

    def _at_exit(self) -> None:
        self.close(_AT_EXIT_S)


def loggable(prediction: Mapping[str, Any]) -> tuple[Json, bytes | None]:
    """The prediction as it is sent, and its image beside it.

    What is known of the image stands in the prediction too, so that the numbers stay true when the image cannot be kept.
    """
    said = {"client_id": new_id(), **prediction}
    said["taken_at"] = time_text(said.get("taken_at")) or clock.to_text(clock.now())
    # In Roboflow's answers, which are taken as they are, `image` is its size.
    image = None if isinstance(said.get("image"), Mapping) else said.pop("image", None)
    data = None if image is None else image_bytes(image)
    if data is not None:
        from relens.vision.decode import peek

        width, height, _ = peek(data)
        said |= {"width": width, "height": height, "asset": content_id(data)}
    try:
        written = json.dumps(said, default=plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Invalid(f"a prediction is written as JSON, and this one cannot be: {error}") from error
    return {key: value for key, value in json.loads(written).items() if value is not None}, data


def plain(value: Any) -> Any:
    """Numbers and arrays of numpy, and our own detections, as JSON has them."""
    for name in ("to_json", "tolist", "isoformat"):
        if callable(getattr(value, name, None)):
            return getattr(value, name)()
    raise TypeError(f"{type(value).__name__} is no JSON")


def time_text(moment: datetime | str | None) -> str | None:
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo is not None else moment.astimezone()).isoformat()
    return moment
