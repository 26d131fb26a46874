"""Follows the server: takes its champion when it changes, keeps the old one when the new one cannot be loaded, and says so."""

from __future__ import annotations

import logging
import tempfile
import threading
from pathlib import Path
from typing import Any

from relens.edge.cache import Cache, DamagedDownload, Wanted
from relens.edge.champion import Champion
from relens.inference.load import load
from relens.kit import clock
from relens.kit.errors import RelensError
from relens.sdk.client import Client

logger = logging.getLogger("relens.edge")
RETRY_S = 30.0


class Follow:
    """`step` looks at the server once. `online` says whether it answered then."""

    def __init__(self, client: Client, deployment: str, cache: Cache, champion: Champion, threads: int) -> None:
        self._client = client
        self._deployment = client.deployment(deployment)
        self._cache = cache
        self._champion = champion
        self._threads = threads
        self._failed: tuple[str, float] = ("", 0.0)
        self._told: tuple[str, str, str | None] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.online = False
        self.message = ""

    def begin(self) -> None:
        """Takes what is kept here, so that a start needs no network."""
        last = self._cache.last()
        if last is None:
            return
        try:
            self._take(last)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with what was kept, the server has it anew
            self._say(f"the kept version cannot be used: {error}")

    def start(self, every_s: float) -> None:
        self._thread = threading.Thread(target=self._run, args=(every_s,), name="relens-follow", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(30)

    def step(self) -> None:
        """One look at the server. What cannot be reached or loaded leaves everything as it is."""
        try:
            wanted = _wanted(self._deployment.get())
        except RelensError as error:
            self._lost(str(error))
            return
        except (TypeError, KeyError, ValueError) as error:
            # A captive portal or a proxy's page comes with status 200.
            self._lost(f"what came back is not a deployment: {type(error).__name__}")
            return
        self.online = True
        here = self._champion.wanted
        if here is not None and here.version_id == wanted.version_id:
            if here != wanted:
                self._champion.adjust(wanted)
                self._remember(wanted)
            self._tell("live", "", wanted.version_id)
            return
        failed, at = self._failed
        if failed != wanted.version_id or clock.stopwatch() - at >= RETRY_S:
            self._follow(wanted, here)

    def _lost(self, why: str) -> None:
        self.online = False
        self._say(f"the server does not answer ({why}); what was loaded goes on answering")

    def _remember(self, wanted: Wanted) -> None:
        try:
            self._cache.remember(wanted)
        except OSError as error:
            self._say(f"{wanted.title} answers, and cannot be kept for the next start: {error}")

    def _follow(self, wanted: Wanted, here: Wanted | None) -> None:
        try:
            if not self._cache.has(wanted):
                self._fetch(wanted)
            self._take(wanted)
        except Exception as error:  # noqa: BLE001 - a version that cannot be had or loaded must not stop this machine
            self._failed = (wanted.version_id, clock.stopwatch())
            still = f"{here.title} goes on answering" if here is not None else "nothing answers here yet"
            reason = str(error) if isinstance(error, RelensError) else f"{type(error).__name__}: {error}"
            self._say(f"{wanted.title} could not be loaded: {reason}; {still}")
            self._tell("failed", self.message, here.version_id if here else None)
            return
        self._failed = ("", 0.0)
        self._say(f"{wanted.title} answers, from confidence {wanted.threshold:.2f} on")
        self._remember(wanted)
        self._tell("live", "", wanted.version_id)

    def _fetch(self, wanted: Wanted) -> None:
        manifest = self._client.models.manifest(wanted.version_id)
        with tempfile.TemporaryDirectory(dir=self._cache.folder) as place:
            path = self._client.models.artifact(wanted.version_id, Path(place) / "model.onnx")
            self._cache.keep(wanted, path.read_bytes(), manifest)

    def _take(self, wanted: Wanted) -> None:
        path, manifest = self._cache.model(wanted)
        loaded = load(path, manifest, wanted.version_id, self._threads, title=wanted.title)
        loaded.warm_up()
        self._champion.put(wanted, loaded)

    def _tell(self, state: str, message: str, version_id: str | None) -> None:
        if self._told == (state, message, version_id):
            return
        try:
            self._deployment.tell(self._client.spool.writer, state=state, message=message, model_version=version_id)
            self._told = (state, message, version_id)
        except RelensError as error:
            logger.info("the server was not told: %s", error)

    def _say(self, message: str) -> None:
        if message != self.message:
            self.message = message
            logger.warning("%s", message)

    def _run(self, every_s: float) -> None:
        pause = every_s
        while not self._stopping.wait(pause):
            try:
                self.step()
            except Exception:
                # Whatever it is, this machine must go on looking for its next champion.
                self.online = False
                logger.exception("looking at the server failed; it is tried again")
            pause = every_s if self.online else min(max(pause, every_s) * 2, 30.0)


def _wanted(deployment: dict[str, Any]) -> Wanted:
    champion = deployment["champion"]
    if champion is None:
        raise DamagedDownload(f"the deployment '{deployment['name']}' has no champion")
    return Wanted(
        deployment["name"],
        deployment["threshold"],
        deployment["revision"],
        champion["id"],
        champion["title"],
        champion["artifact"],
    )
