"""A model file is examined in a process of its own, with limits: whatever it does, the server goes on.

One helper process has everything imported and forks once for each file (`apart_main`), so that a good file costs some hundredths
of a second more than in this process. It is started when first needed and ends when idle, or when this process does.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from relens.inference import errors
from relens.inference.examine import Examined, Given
from relens.inference.graph import MOST_BYTES
from relens.inference.manifest import Manifest
from relens.inference.reader import READERS
from relens.kit.catalog import BrokenPlugin
from relens.kit.errors import MissingPackage, NotFound, RelensError, Unavailable
from relens.vision.labels import BadLabels

_NAMED: dict[str, type[RelensError]] = {
    kind.__name__: kind
    for kind in (
        errors.NotAModel, errors.ModelTooLarge, errors.ExternalData, errors.CannotBeServed, BadLabels, NotFound,
        BrokenPlugin, MissingPackage,
    )
}  # fmt: skip


class NoExaminer(Unavailable):
    """The helper process cannot be started."""


@dataclass(frozen=True, slots=True)
class Leash:
    """What trying one file may take: seconds on the clock, seconds of processor, bytes of memory beside twelve times its own."""

    seconds: float = 120.0
    processor_seconds: int = 120
    memory: int = 4 << 30


DEFAULT = Leash()


def examine_apart(onnx: bytes, given: Given, leash: Leash = DEFAULT) -> Examined:
    """What `inference.examine` says of the file. Raises what it raises, or NoExaminer.

    A file that takes more than the leash allows, or that brings the process down, is refused with CannotBeServed.
    """
    if len(onnx) > MOST_BYTES:
        raise errors.ModelTooLarge(f"the model file has {len(onnx) >> 20} MiB, at most {MOST_BYTES >> 20} are taken")
    with tempfile.TemporaryDirectory(prefix="relens-examine-") as folder:
        sent, answer, served = (Path(folder) / name for name in ("sent.onnx", "answer.json", "served.onnx"))
        sent.write_bytes(onnx)
        how = _HELPER.ask(
            {
                "folder": folder,
                "given": {**asdict(given), "labels": None if given.labels is None else list(given.labels)},
                "plugins": [str(path) for path in READERS.folders],
                "seconds": leash.seconds,
                "processor_seconds": leash.processor_seconds,
                "memory": leash.memory + 12 * len(onnx),
            }
        )
        if how != "ended" or not answer.exists():
            raise errors.CannotBeServed(_SENTENCES.get(how, _SENTENCES["died"]).format(leash=leash, how=how))
        said = json.loads(answer.read_text())
        if "error" in said:
            raise _NAMED.get(said["error"], errors.CannotBeServed)(said["sentence"])
        return Examined(Manifest.from_json(said["manifest"]), served.read_bytes() if served.exists() else onnx)


_SENTENCES = {
    "slow": "the model was given {leash.seconds:.0f} seconds to load and to answer a few made-up images and did not: send a smaller one",
    "processor": "the model took more than {leash.processor_seconds} seconds of processor to load and to answer a few made-up images: "
    "send a smaller one",
    "died": "the model file brought down the process it was tried in ({how}): export it again, with another operator set or exporter",
}


class _Helper:
    """The process that forks, and the one conversation with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, asked: Mapping[str, Any]) -> str:
        """How it went: "ended", "slow", "processor" or what the process died of."""
        line = json.dumps(asked).encode() + b"\n"
        with self._lock:
            for _ in range(2):
                process = self._running()
                try:
                    process.stdin.write(line)  # type: ignore[union-attr]
                    process.stdin.flush()  # type: ignore[union-attr]
                    answer = process.stdout.readline()  # type: ignore[union-attr]
                except BrokenPipeError:
                    answer = b""
                if answer:
                    return str(json.loads(answer))
                # It was about to leave, being idle, or was killed: a new one is asked once.
                self._end()
        raise NoExaminer(
            "the process that tries model files does not start: see whether the server has memory left", 5.0
        )

    def close(self) -> None:
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        # Nothing secret is handed on; numeric libraries keep to one thread.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RELENS_")}
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "relens.registry.apart_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**kept, **one, "PYTHONPATH": paths},
        )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        process.kill()
        process.wait()


_HELPER = _Helper()
atexit.register(_HELPER.close)
