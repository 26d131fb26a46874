"""One machine of the user's own: follows its deployment, answers what comes in, logs what it answered."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from relens.edge.answer import Asked, Edge
from relens.edge.cache import Cache
from relens.edge.champion import Champion
from relens.edge.door import Door
from relens.edge.follow import Follow
from relens.edge.inputs.folder import Folder
from relens.edge.inputs.frame import Frame
from relens.edge.inputs.video import Video
from relens.kit.errors import Invalid, RelensError
from relens.sdk.client import Client
from relens.sdk.outbox import SpoolOptions

logger = logging.getLogger("relens.edge")


@dataclass(frozen=True, slots=True)
class Options:
    """Where images come from (exactly one), and where this machine keeps its things."""

    deployment: str
    home: Path
    server: str | None = None
    token: str | None = None
    source: str = "edge"
    folder: Path | None = None
    camera: int | None = None
    stream: str | None = None
    http: int | None = None
    host: str = "127.0.0.1"
    stride: int = 1
    images: bool = True
    once: bool = False
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    poll_s: float = 2.0


class Input(Protocol):
    """Gives frames until it ends or is told to stop."""

    def frames(self, stopping: threading.Event, *, once: bool = False) -> Any: ...

    def close(self) -> None: ...


def run(options: Options, stopping: threading.Event) -> dict[str, Any]:
    """Answers until its input ends or `stopping` is set; what it counted. What the server does not have yet stays in the spool."""
    chosen = [one for one in (options.folder, options.camera, options.stream, options.http) if one is not None]
    if len(chosen) != 1:
        raise Invalid("say where images come from with one of --folder, --camera, --stream and --http")
    cache = Cache(options.home)
    coming = _input(options)
    spool = SpoolOptions(options.home / "spool.db", writer=options.source)
    champion = Champion()
    with Client(options.server, options.token, spool=spool, retries=0, timeout_s=30) as client:
        edge = Edge(champion, client, options.deployment, options.source, options.images)
        follow = Follow(client, options.deployment, cache, champion, options.threads)
        follow.begin()
        follow.step()
        follow.start(options.poll_s)
        try:
            if coming is None:
                _answer_http(options, edge, follow, champion, client, stopping)
            else:
                _answer(coming, edge, champion, stopping, once=options.once)
        finally:
            follow.stop()
            if coming is not None:
                coming.close()
        client.flush(10.0 if options.once else 2.0)
        stats = client.spool.stats()
    return {"answered": edge.answered, "failed": edge.failed, "sent": stats.sent, "waiting": stats.waiting}


def _input(options: Options) -> Input | None:
    if options.folder is not None:
        return Folder(options.folder, options.source, options.home / "seen.db")
    if options.http is not None:
        return None
    address = options.stream if options.stream is not None else options.camera
    assert address is not None
    return Video(address, options.source, options.stride)


def _answer(coming: Input, edge: Edge, champion: Champion, stopping: threading.Event, *, once: bool) -> None:
    while not champion.wait(0.2):
        if stopping.is_set():
            return
    frame: Frame
    for frame in coming.frames(stopping, once=once):
        try:
            edge.answer(frame.data, Asked(client_id=frame.client_id, taken_at=frame.taken_at))
        except RelensError as error:
            logger.warning("%s: %s", frame.name or "a frame", error)
        except Exception:
            # One image must not end what runs for months; the next start would come upon it again.
            edge.failed += 1
            logger.exception("%s could not be answered", frame.name or "a frame")


def _answer_http(
    options: Options, edge: Edge, follow: Follow, champion: Champion, client: Client, stopping: threading.Event
) -> None:
    def status() -> dict[str, Any]:
        wanted, spool = champion.wanted, client.spool.stats()
        return {
            "ready": wanted is not None,
            "model_version": wanted.title if wanted else None,
            "online": follow.online,
            "message": follow.message,
            "answered": edge.answered,
            "waiting": spool.waiting,
            "dropped": spool.dropped,
        }

    door = Door((options.host, options.http or 0), edge, options.deployment, status)
    logger.warning("answers at %s/predict", door.url)
    listening = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    listening.start()
    try:
        stopping.wait()
    finally:
        door.shutdown()
        listening.join(10)
        door.server_close()
