"""Runs a trainer's program: its lines as they come, within limits, stopped when asked, and never left behind."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from relens.training.memory import Used, Watch
from relens.training.training_run import TrainingFailed

LEASH = Path(__file__).with_name("leash.py")
LONGEST_LINE = 1 << 16
LONGEST_LOG = 20 << 20
GRACE_S = 10.0
_LAST_WORDS = 8
_LAST_LINES_S = 5.0


class TookTooLong(TrainingFailed):
    """It was stopped at its time limit."""


class TooMuchMemory(TrainingFailed):
    """It was stopped at its memory limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds of wall time, bytes of memory of the program and all it starts, threads that libraries may use."""

    seconds: float
    memory_bytes: int
    threads: int


def run_program(
    command: Sequence[str],
    folder: Path,
    log: Path,
    limits: Limits,
    on_line: Callable[[str], None],
    check: Callable[[], None],
    environment: Mapping[str, str] | None = None,
    on_end: Callable[[Used], None] = lambda _used: None,
) -> None:
    """Returns when the program has ended well; every line goes to `log` and to `on_line`, what it used to `on_end`, however it ended.

    `check` is called a few times a second; what it raises stops the program and is raised here. Otherwise raises
    TrainingFailed, TookTooLong or TooMuchMemory. When this returns or raises, nothing of the program runs any more.
    """
    process = _start(command, folder, limits, environment or {})
    watch = Watch(process.pid)
    last: deque[str] = deque(maxlen=_LAST_WORDS)
    lines: queue.Queue[str | None] = queue.Queue(maxsize=1000)
    stopped = threading.Event()
    reader = threading.Thread(
        target=_read, args=(process.stdout, log, lines, stopped), name="trainer-lines", daemon=True
    )
    reader.start()
    try:
        while (line := _next(lines, process, watch)) is not None:
            if line:
                last.append(line)
                on_line(line)
            check()
            _within(limits, watch)
    except BaseException:
        watch.look()
        _stop(process)
        raise
    finally:
        stopped.set()
        _kill_group(process)
        process.wait()
        reader.join(timeout=5)
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        on_end(watch.used())
    if process.returncode != 0:
        words = " | ".join(last) or "it said nothing"
        raise TrainingFailed(
            f"the trainer ended with exit code {process.returncode}: {words}", exit_code=process.returncode
        )


def _start(command: Sequence[str], folder: Path, limits: Limits, added: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # Our own secrets (tokens, database addresses) are no business of a trainer.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RELENS_")}
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        environment[name] = str(limits.threads)
    environment["PYTHONUNBUFFERED"] = "1"
    environment |= added
    return subprocess.Popen(
        [sys.executable, "-P", "-S", "-E", str(LEASH), str(limits.threads), *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _read(pipe: BinaryIO, log: Path, lines: queue.Queue[str | None], stopped: threading.Event) -> None:
    """Until the pipe ends; a log beyond its size is cut off with a word about it."""
    written = 0
    with log.open("ab") as file:
        while line := pipe.readline(LONGEST_LINE):
            if written <= LONGEST_LOG:
                file.write(line if written + len(line) <= LONGEST_LOG else b"(the log is cut off here)\n")
                file.flush()
            written += len(line)
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            while text and not stopped.is_set():
                with contextlib.suppress(queue.Full):
                    lines.put(text, timeout=0.5)
                    break
    with contextlib.suppress(queue.Full):
        lines.put(None, timeout=0.5)


def _next(lines: queue.Queue[str | None], process: subprocess.Popen[bytes], watch: Watch) -> str | None:
    """The next line; empty when there is none for now; None when the program is over and its lines are read."""
    try:
        line = lines.get(timeout=0.25)
    except queue.Empty:
        if process.poll() is None:
            return ""
        # Its last words, the ones that say why, may still be on the way; whatever it left behind would keep the pipe open.
        _kill_group(process)
        with contextlib.suppress(queue.Empty):
            return lines.get(timeout=_LAST_LINES_S)
        return None
    if line is None:
        watch.look()
        process.wait()
    return line


def _within(limits: Limits, watch: Watch) -> None:
    seconds, used = watch.used().wall_s, watch.memory()
    if seconds > limits.seconds:
        raise TookTooLong(f"the trainer was stopped after {seconds / 60:.0f} minutes, its time limit")
    if used > limits.memory_bytes:
        raise TooMuchMemory(
            f"the trainer was stopped: it used {used / 2**30:.1f} GiB of memory, and {limits.memory_bytes / 2**30:.1f} GiB are allowed"
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Asks it to end, and waits a little before it is made to."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=GRACE_S)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
