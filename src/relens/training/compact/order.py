"""What a run was asked to do: `run.json`, read once and checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relens.kit.errors import RelensError


class CannotTrain(RelensError):
    """The run cannot be carried out; the message says why and what to do, and is the last line of the log."""


@dataclass(frozen=True)
class Wishes:
    """The parameters a person may set; None leaves the choice to `plan`.

    `epochs` are passes over the images, `minutes` wall time of the whole run, `image_size` the longer side of the
    network's input in pixels, `width` a factor on the channels of every layer.
    """

    epochs: int | None = None
    minutes: float | None = None
    image_size: int | None = None
    batch: int | None = None
    seed: int = 0
    learning_rate: float | None = None
    width: float | None = None


@dataclass(frozen=True)
class Order:
    """One run: the folder, the task, the labels in output order, the wishes."""

    folder: Path
    task: str
    labels: tuple[str, ...]
    wishes: Wishes
    threads: int
    start_from: Path | None

    @property
    def out(self) -> Path:
        return self.folder / "out"


LIMITS: Mapping[str, tuple[float, float]] = {
    "epochs": (1, 100_000),
    "minutes": (0.05, 10_000),
    "image_size": (32, 2048),
    "batch": (1, 1024),
    "seed": (0, 2**31),
    "learning_rate": (1e-6, 1.0),
    "width": (0.25, 4.0),
}
WHOLE = frozenset({"epochs", "image_size", "batch", "seed"})


def read_order(folder: Path) -> Order:
    """The order in `folder/run.json`. Raises CannotTrain."""
    path = folder / "run.json"
    try:
        asked = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CannotTrain(f"cannot read the order {path}: {error}") from error
    task = asked.get("task")
    if task not in ("detection", "classification"):
        raise CannotTrain(f"trainer 'compact' knows detection and classification, not {task!r}")
    labels = tuple(str(label) for label in asked.get("labels") or ())
    if not labels:
        raise CannotTrain("the order names no labels: there is nothing to learn")
    start = asked.get("start_from")
    return Order(
        folder=folder,
        task=task,
        labels=labels,
        wishes=read_wishes(asked.get("parameters") or {}),
        threads=max(1, int(asked.get("threads") or 1)),
        start_from=folder / start if start else None,
    )


def read_wishes(parameters: Mapping[str, Any]) -> Wishes:
    """Checked parameters. Raises CannotTrain for an unknown name or a value out of range."""
    values: dict[str, Any] = {}
    for name, value in parameters.items():
        if name not in LIMITS:
            raise CannotTrain(f"unknown parameter {name!r}; known are {', '.join(LIMITS)}")
        if value is None:
            continue
        low, high = LIMITS[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise CannotTrain(f"parameter {name!r} must be a number from {low:g} to {high:g}, not {value!r}")
        values[name] = int(value) if name in WHOLE else float(value)
    return Wishes(**values)
