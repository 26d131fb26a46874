"""The demonstration's own server: a process of its own, started and stopped here, spoken to over HTTP only."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from relens.kit.errors import RelensError
from relens.sdk.client import Client

USUAL_PORT = 8417
_PORTS_TRIED = 100
_START_S, _STOP_S = 300.0, 30.0
"""A server that ends is noticed at once; one that starts on a crowded machine takes its time."""


class ServerDidNotStart(RelensError):
    """The server process ended, or did not answer; the sentence holds its last words."""


class ServerProcess:
    """`threads` limits what training may use; None leaves it to the machine."""

    def __init__(self, home: Path, port: int | None, threads: int | None = None) -> None:
        self.home = home
        self._asked = port
        self.port = port if port is not None else free_port()
        self.log = home / "server.log"
        self._threads = threads
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns once the server answers. Raises ServerDidNotStart.

        Another program may take the port between looking for one and listening: unless it was asked for, the next one is tried.
        """
        while True:
            try:
                self._start()
                return
            except ServerDidNotStart:
                if self._asked is not None or _is_free(self.port):
                    raise
                self.port = free_port(self.port + 1)

    def _start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "relens.cli.main",
            "serve",
            "--home",
            str(self.home),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal reaches the demonstration, which stops the server in order.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait(self) -> None:
        """Until the server ends by itself."""
        if self._process is not None:
            self._process.wait()

    def _environment(self) -> dict[str, str]:
        # A database or token that the user has set for a real server must not reach this one.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RELENS_")}
        if self._threads is not None:
            kept["RELENS_THREADS"] = str(self._threads)
        return kept

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_S
        with Client(self.url, retries=0, timeout_s=5) as client:
            while time.monotonic() < deadline:
                if self._process.poll() is not None:
                    raise ServerDidNotStart(f"the server ended at once: {self._last_words()}")
                try:
                    # Whoever answers may be another server on the same port: ours works in our home.
                    if client.system()["home"] == str(self.home.absolute()):
                        return
                except RelensError:
                    pass
                time.sleep(0.1)
        raise ServerDidNotStart(f"the server does not answer at {self.url}: {self._last_words()}")

    def _last_words(self) -> str:
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"


def free_port(first: int = USUAL_PORT) -> int:
    """8417, or the next port nobody listens on."""
    for port in range(first, USUAL_PORT + _PORTS_TRIED):
        if _is_free(port):
            return port
    raise ServerDidNotStart(
        f"every port from {USUAL_PORT} to {USUAL_PORT + _PORTS_TRIED} is taken: choose one with --port"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
