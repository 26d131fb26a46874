"""Work that others must not feel is done on a thread of its own, of low priority."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")
# A little below the others and no more: for moments it holds the interpreter's lock, and then all of them wait until it gets a processor.
# With 10 the slowest answers during a swap took 2.7 times as long on a machine that other programs kept busy.
NICE = 3


def be_nice() -> None:
    """Lowers the priority of the calling thread for good, on Linux."""
    if sys.platform == "linux":
        with suppress(OSError):
            me = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, me, os.getpriority(os.PRIO_PROCESS, me) + NICE)


def quietly(work: Callable[[], Result]) -> Result:
    """What `work` answers or raises. On Linux only the thread is nice; elsewhere it runs like any other.

    What it starts inherits the priority: models are loaded here with one thread, which is the caller's.
    """
    done: Future[Result] = Future()

    def run() -> None:
        be_nice()
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits for it
            done.set_exception(error)

    threading.Thread(target=run, name="quietly", daemon=True).start()
    return done.result()
