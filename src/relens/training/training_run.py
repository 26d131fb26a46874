"""A training run: one execution of a trainer, with what went in and what came out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from relens.kit.clock import Micros
from relens.kit.errors import Conflict, NotFound

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
OPEN: tuple[State, ...] = ("queued", "running")


class NoTrainingRun(NotFound):
    """There is no training run of that id."""


class TrainingFailed(Conflict):
    """The trainer ended without a model; the sentence has its last words."""


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """`model` is the name a version is registered under, `dataset_version`, `start_from` and `model_version` are ids.

    `epochs` are the progress lines of the trainer; `deployment` is set when a feedback loop asked for it. `used`: what the program
    took (wall_s, cpu_s, peak_memory_bytes); `environment`: what it ran with; both None before it ran. `repeats`: the run it does again.
    """

    id: str
    state: State
    job: str | None
    trainer: str
    parameters: Mapping[str, Any]
    model: str
    dataset_version: str
    start_from: str | None
    model_version: str | None
    deployment: str | None
    epochs: tuple[Mapping[str, Any], ...]
    error: str | None
    created_by: str
    created_at: Micros
    started_at: Micros | None
    finished_at: Micros | None
    used: Mapping[str, Any] | None = None
    environment: Mapping[str, Any] | None = None
    repeats: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def eta_s(self) -> float | None:
        """Seconds left, as the trainer said last."""
        return self.epochs[-1]["eta_s"] if self.epochs and self.state == "running" else None


def epoch_in(line: str) -> dict[str, Any] | None:
    """The progress a line of a trainer reports; None when it is a line of log."""
    if not line.startswith("{") or '"epoch"' not in line:
        return None
    try:
        said = json.loads(line)
    except ValueError:
        return None
    epoch = said.get("epoch") if isinstance(said, dict) else None
    if isinstance(epoch, bool) or not isinstance(epoch, int) or not 0 <= epoch < 2**31:
        return None
    metrics = said.get("metrics")
    return {
        "epoch": epoch,
        "epochs": int(epochs) if (epochs := _number(said.get("epochs"))) is not None else None,
        "loss": _number(said.get("loss")),
        "metrics": {str(name): _number(value) for name, value in metrics.items()} if isinstance(metrics, dict) else {},
        "eta_s": _number(said.get("eta_s")),
    }


def _number(value: Any) -> float | None:
    """Trainers print NaN when a loss explodes, and a database does not take it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300 or not math.isfinite(value):
        return None
    return value
