"""A real server in its own process, on a free port, for tests that come through the public doors."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import httpx


class Server:
    """`http` talks to it; `kill` ends it as a power-off of the process would, `start` brings it back in the same home.

    `program` is the module that is run, with its first arguments: the product's command line.
    """

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.program: Sequence[str] = ("relens.cli.main",)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=60)
        # No blind check and no second look by chance: who wants them says so.
        self._environment = {"RELENS_BLIND_SHARE": "0", "RELENS_SECOND_SHARE": "0", **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self.log = home.parent / f"{home.name}.log"

    def start(self) -> None:
        self.begin()
        assert self._process is not None
        deadline, pause = monotonic() + 180, Event()
        while monotonic() < deadline:
            if self._process.poll() is not None:
                raise AssertionError(f"the server ended at its start:\n{self.log.read_text()[-4000:]}")
            try:
                if self.http.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pause.wait(0.05)
        raise AssertionError(f"the server was not ready within three minutes:\n{self.log.read_text()[-4000:]}")

    @property
    def process_id(self) -> int:
        assert self._process is not None, "it does not run"
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL: nothing of it runs any more when this returns."""
        self._end(signal.SIGKILL)

    def begin(self) -> None:
        """Starts it and does not wait until it answers."""
        command = [sys.executable, "-m", *self.program, "serve", "--home", str(self.home), "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **self._environment})

    def ended(self, seconds: float = 120) -> int:
        """Waits until it ends by itself; its exit status."""
        assert self._process is not None, "it does not run"
        return self._process.wait(seconds)

    def stop(self) -> None:
        self._end(signal.SIGTERM)
        self.http.close()

    def job(self, job_id: str, seconds: float = 120) -> dict[str, Any]:
        """Waits for the end of a job and returns it."""
        deadline, pause = monotonic() + seconds, Event()
        while monotonic() < deadline:
            job: dict[str, Any] = self.http.get(f"/api/v1/jobs/{job_id}").raise_for_status().json()
            if job["state"] not in ("queued", "running"):
                return job
            pause.wait(0.05)
        raise AssertionError(f"the job {job_id} did not end within {seconds} s: {job}")

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None


@contextmanager
def running(home: Path, **environment: str) -> Iterator[Server]:
    """A started server that is stopped at the end."""
    server = Server(home, **environment)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
