"""Other servers for models, each in an environment of its own, made on first use: the same file, decode and read-out as ours, and no log.

A peer's program is `benchmarks/_peer_NAME.py MODEL PORT WORKERS`; it finds our decode and read-out on PYTHONPATH, as a library.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LIBRARIES = ("onnxruntime", "onnx", "pillow", "numpy", "scipy")
_STARTED_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Peer:
    """`body`: how an image is sent, with `{}` where its base64 stands; None: as it is. `kind`: the content type of that."""

    name: str
    packages: tuple[str, ...]
    health: str
    predict: str
    body: str | None = None
    kind: str = "application/json"
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def home(self) -> Path:
        return Path(tempfile.gettempdir()) / f"relens-benchmark-{self.name}"

    def form(self, image: bytes, folder: Path) -> tuple[Path, str, str]:
        """The file to send, its content type, and what ends a body behind the number that makes each one another."""
        file = folder / f"{self.name}.body"
        if self.body is None:
            file.write_bytes(image)
            return file, self.kind, ""
        head, tail = self.body.split("{}")
        # Without padding at its end, so that more may follow.
        file.write_text(head + base64.b64encode(image + b" " * (-len(image) % 3)).decode())
        return file, self.kind, tail


_V2 = {"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": ["{}"]}]}
LITSERVE = Peer("litserve", ("litserve==0.2.19",), "/health", "/predict", '{"image":"{}"}')
PEERS = (
    Peer("mlserver", ("mlserver==1.7.1", "uvloop<0.22"), "/v2/health/ready", "/v2/models/bench/infer", json.dumps(_V2)),
    Peer("bentoml", ("bentoml==1.4.39",), "/readyz", "/predict", '{"image":"{}"}', environment=(("BENTOML_DO_NOT_TRACK", "true"),)),
    Peer("ray", ("ray[serve]==2.60.0",), "/-/healthz", "/predict", kind="application/octet-stream", environment=(("RAY_USAGE_STATS_ENABLED", "0"),)),
)  # fmt: skip


@contextmanager
def answering(peer: Peer, onnx: bytes, folder: Path) -> Iterator[str]:
    """The address at which `peer` answers with this model: two workers with one thread each, which was the quicker setting everywhere."""
    python = environment_of(peer)
    file = folder / "peer.onnx"
    file.write_bytes(onnx)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = Path(__file__).resolve().parent.parent / "src"
    program = Path(__file__).parent / f"_peer_{peer.name}.py"
    environment = {**os.environ, **dict(peer.environment), "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    environment["PATH"] = f"{python.parent}{os.pathsep}{environment['PATH']}"
    log = folder / f"{peer.name}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [str(python), str(program), str(file), str(port), str(os.cpu_count())],
            env=environment, cwd=folder, stdout=written, stderr=written, start_new_session=True,
        )  # fmt: skip
        try:
            _wait_for(f"http://127.0.0.1:{port}{peer.health}", peer.name, log)
            yield f"http://127.0.0.1:{port}{peer.predict}"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def environment_of(peer: Peer, libraries: bool = True) -> Path:
    """The peer's Python; `libraries`: with what our side of it stands on."""
    python = peer.home / "bin" / "python"
    if not (peer.home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(peer.home)], check=True)
        packages = (*peer.packages, *(_LIBRARIES if libraries else ()))
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=True)
        (peer.home / "ready").touch()
    return python


def _wait_for(url: str, name: str, log: Path) -> None:
    until = time.monotonic() + _STARTED_WITHIN_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"{name} did not start:\n{log.read_text()[-3000:]}")
