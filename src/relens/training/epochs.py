"""Follows a trainer's progress lines into the training run's row, not more than twice a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from relens.infra.jobs import JobRun
from relens.kit import clock
from relens.training.training_run import epoch_in

_EVERY_S = 0.5
MOST = 5000


class Epochs:
    """`line` takes every line of the program; `write` keeps all epochs seen so far."""

    def __init__(self, run: JobRun, write: Callable[[list[dict[str, Any]]], None]) -> None:
        self._run = run
        self._write = write
        self._seen: dict[int, dict[str, Any]] = {}
        self._written_at = 0.0
        self._waiting = True

    def line(self, line: str) -> None:
        epoch = epoch_in(line)
        if epoch is None:
            return
        if len(self._seen) < MOST or epoch["epoch"] in self._seen:
            self._seen[epoch["epoch"]] = epoch
            self._waiting = True
        self._run.progress(epoch["epoch"], epoch["epochs"], "training")
        if clock.stopwatch() - self._written_at > _EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Writes what was not written yet."""
        if self._waiting:
            self._waiting = False
            self._written_at = clock.stopwatch()
            self._write(list(self._seen.values()))
