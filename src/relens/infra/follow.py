"""A follower: a thread that keeps something in step with what the database says, and misses nothing when it dies."""

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger("relens.follow")


class Follower:
    """Calls `step` every `every_s` seconds, or `gather_s` after it was poked; again at once while it answers True (there is more).

    A step that fails is logged and tried again with growing pauses; the others go on.
    """

    def __init__(self, name: str, step: Callable[[], bool], every_s: float = 0.25, gather_s: float = 0.0) -> None:
        self.name = name
        self._step = step
        self._every_s = every_s
        self._gather_s = gather_s
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"follow-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def poke(self) -> None:
        """Something happened: look, and at what happens in the next moment too."""
        self._wake.set()

    def stop(self) -> None:
        """Returns when the step that runs now has finished."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                more = self._step()
                failures = 0
            except Exception:
                failures += 1
                more = False
                logger.exception("%s: a step failed (%d in a row); it is tried again", self.name, failures)
            if more:
                continue
            if self._wake.wait(min(self._every_s * 2**failures, 30.0)):
                self._stopping.wait(self._gather_s)
            self._wake.clear()
