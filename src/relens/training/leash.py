"""Holds a trainer on a leash: `python leash.py CORES PROGRAM ARGS...` starts it and kills its whole group when standard input ends.

The server keeps the other end of that pipe: however it dies, the pipe closes, and no trainer goes on without it. Standard
library only, run as a file: it must start in an instant and in any environment.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading


def _kill_all_when_alone() -> None:
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


def _give_way(cores: int) -> None:
    """Whoever waits for an answer goes first: low priority, few cores, and the first to go when memory is short. All of it is inherited."""
    with contextlib.suppress(OSError):
        os.nice(10)
    # A library that takes every core it sees, whatever OMP_NUM_THREADS says.
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")


def main(cores: int, command: list[str]) -> int:
    # The group gets SIGTERM; the trainer may finish what it does, and the leash waits for its exit code.
    signal.signal(signal.SIGTERM, lambda *_: None)
    _give_way(cores)
    try:
        trainer = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        print(f"cannot start {command[0]!r}: {error.strerror}", flush=True)
        return 127
    threading.Thread(target=_kill_all_when_alone, daemon=True).start()
    code = trainer.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    code = main(int(sys.argv[1]), sys.argv[2:])
    sys.stdout.flush()
    # Not sys.exit: the thread that watches sits in a read.
    os._exit(code)
