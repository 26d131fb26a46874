"""The process in which model files are examined: `python -m relens.registry.apart_main`, asked over standard input.

Each line asks for one file; a forked child examines it on a leash and leaves `answer.json` (and `served.onnx`, when the file had to be
changed) in its folder. The answer to the line says how the child ended.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from relens.inference.examine import Given, examine
from relens.inference.graph import MOST_BYTES
from relens.inference.reader import READERS
from relens.kit.errors import RelensError

IDLE_S = 300.0
WAIT_S = 0.005


def main() -> None:
    for name in READERS.names():
        READERS.get(name)
    pipe, line = sys.stdin.fileno(), b""
    while True:
        ready, _, _ = select.select([pipe], [], [], IDLE_S)
        more = os.read(pipe, 1 << 20) if ready else b""
        if not more:
            return
        line += more
        while b"\n" in line:
            asked, _, line = line.partition(b"\n")
            answer = _examined(json.loads(asked))
            os.write(sys.stdout.fileno(), json.dumps(answer).encode() + b"\n")


def _examined(asked: dict[str, Any]) -> str:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _on_a_leash(asked)
            _leave_answer(asked)
            code = 0
        finally:
            # No tidying up: buffers and exit handlers belong to the parent.
            os._exit(code)
    return _ended(child, asked["seconds"])


def _ended(child: int, seconds: float) -> str:
    until = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > until:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "slow"
        time.sleep(WAIT_S)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return "processor" if number == signal.SIGXCPU else signal.Signals(number).name
    return "ended"


def _on_a_leash(asked: dict[str, Any]) -> None:
    """Little memory, little time, no output, nothing beside its folder to stumble over."""
    os.setpgid(0, 0)
    os.chdir(asked["folder"])
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    used = resource.getrusage(resource.RUSAGE_SELF)
    processor = int(used.ru_utime + used.ru_stime) + asked["processor_seconds"]
    for kind, most in (
        (resource.RLIMIT_AS, asked["memory"]),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_FSIZE, 2 * MOST_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 128),
    ):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, hard))
    os.nice(5)


def _leave_answer(asked: dict[str, Any]) -> None:
    try:
        for folder in asked["plugins"]:
            READERS.add_folder(Path(folder))
        onnx = Path("sent.onnx").read_bytes()
        found = examine(onnx, Given(**asked["given"]))
        said: dict[str, Any] = {"manifest": found.manifest.to_json()}
        if found.onnx is not onnx:
            Path("served.onnx").write_bytes(found.onnx)
    except RelensError as error:
        said = {"error": type(error).__name__, "sentence": str(error)}
    except MemoryError:
        gigabytes = asked["memory"] / (1 << 30)
        said = {
            "error": "CannotBeServed",
            "sentence": f"the model takes more than {gigabytes:.1f} GiB of memory: {_SMALLER}",
        }
    except Exception as error:  # noqa: BLE001 - whatever a hostile file does, it is refused in words
        what = f"{type(error).__name__}: {error}"[:300]
        said = {"error": "CannotBeServed", "sentence": f"the model file cannot be examined ({what}): {_AGAIN}"}
    if "alloc" in said.get("sentence", ""):
        said["sentence"] += f"; it was given {asked['memory'] / (1 << 30):.1f} GiB of memory: {_SMALLER}"
    Path("answer.json").write_text(json.dumps(said))


_SMALLER = "send a smaller one"
_AGAIN = "export it again and send the whole file"

if __name__ == "__main__":
    main()
