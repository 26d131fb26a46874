"""Our own small network, trained on a CPU in minutes; its program is `relens.training.compact`."""

import math
import sys
from pathlib import Path

from relens.training.trainer import BadParameters, Parameter, Parameters, Trainer

# Ranges as the program has them; it stays the judge, this says it before anything is started.
_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, 100_000),
    "minutes": (0.05, 10_000),
    "image_size": (32, 2048),
    "batch": (1, 1024),
    "seed": (0, 2**31),
    "learning_rate": (1e-6, 1.0),
    "width": (0.25, 4.0),
}
_WHOLE = frozenset({"epochs", "image_size", "batch", "seed"})


def _command(run_folder: Path, _parameters: Parameters) -> list[str]:
    # -P: the run folder must not become a place to import from.
    return [sys.executable, "-P", "-m", "relens.training.compact", str(run_folder)]


def _check(parameters: Parameters) -> None:
    for name, value in parameters.items():
        if value is None:
            continue
        low, high = _RANGES[name]
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not low <= value <= high or (name in _WHOLE and value != int(value)):
            kind = "a whole number" if name in _WHOLE else "a number"
            raise BadParameters(f"the parameter '{name}' is {kind} from {low:g} to {high:g}, not {str(value)[:40]!r}")


TRAINER = Trainer(
    title="Compact (our own small network, on this machine's processor)",
    tasks=("detection", "classification"),
    parameters={
        "epochs": Parameter(None, "Passes over the training images"),
        "minutes": Parameter(None, "Minutes it may take (chosen by the number of images when neither is set)"),
        "image_size": Parameter(None, "Longer side of the network's input in pixels"),
        "batch": Parameter(None, "Images in one step (chosen by the length of the run when not set)"),
        "seed": Parameter(0, "Seed: the same one with the same images and epochs gives the same start"),
        "learning_rate": Parameter(None, "Learning rate"),
        "width": Parameter(None, "Factor on the network's channels"),
    },
    command=_command,
    check=_check,
    needs="torch",
    extra="train",
    # The program must find the relens that started it, also where that runs from a checkout.
    environment={"PYTHONPATH": str(Path(__file__).parents[3])},
    reads_only=True,
)
