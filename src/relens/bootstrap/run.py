"""Runs one server until it is told to stop."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# One thread per matrix product: requests and jobs are what runs side by side here.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import uvicorn  # noqa: E402 - the variables above must be set before numpy is imported

from relens.bootstrap.wire import Relens  # noqa: E402
from relens.infra.settings import Settings  # noqa: E402
from relens.kit.errors import Conflict, Invalid  # noqa: E402
from relens.serving import memory  # noqa: E402

_REST_S = 75
"""A camera that sends an image every few seconds keeps its connection: closed in the moment the next one is sent, that would be lost."""
_GARBAGE = 20_000
"""So many things more than before are there when the collector looks for those that only hold each other."""


class HomeInUse(Conflict):
    """Another server works in this home folder."""


class PortTaken(Invalid):
    """Another program listens on this port."""


def serve(settings: Settings, quiet: bool = False) -> None:
    """Answers until SIGINT or SIGTERM; a second server in the same home is refused."""
    memory.few_arenas()
    settings.home.mkdir(parents=True, exist_ok=True)
    with _only_one(settings.home):
        _keep_inside(settings.home)
        listening = _listen(settings)
        relens = Relens(settings)
        config = uvicorn.Config(
            relens.app,
            log_level="warning" if quiet else "info",
            access_log=False,
            http="httptools",
            timeout_graceful_shutdown=15,
            timeout_keep_alive=_REST_S,
            lifespan="on",
        )
        # What was imported stays for ever: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        # Nor does it pay to look after every seven hundred new things: a batch of predictions makes thousands, none of which it would find.
        gc.set_threshold(_GARBAGE)
        if not quiet:
            print(f"Relens listens on {settings.address}, its data is in {settings.home}", file=sys.stderr, flush=True)
        uvicorn.Server(config).run(sockets=[listening])


def _keep_inside(home: Path) -> None:
    """What is put down for a moment (parts of large forms) lies in the home folder, on its disk, and not wherever the system keeps such."""
    folder = home / "work" / "tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tempfile.tempdir = str(folder)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named: asyncio sends at once (TCP_NODELAY) only on sockets that say they are TCP's. Else the second half of an
    # answer waits for the client's acknowledgement of the first, which may take 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        # At once: until somebody listens, the system lets another server bind the same port.
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise PortTaken(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}): choose another --port"
        ) from error
    return listening


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """The folder is this process's as long as it lives; the system frees it when it dies."""
    with (home / "server.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HomeInUse(
                f"another Relens server works in {home}: stop it, or give this one another --home"
            ) from error
        lock.write(str(os.getpid()))
        lock.flush()
        yield
