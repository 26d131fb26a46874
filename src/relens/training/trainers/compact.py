"""Our own small network, trained on a CPU in minutes; its program is `relens.training.compact`."""

import sys
from pathlib import Path

from relens.training.trainer import Parameter, Parameters, Trainer
from relens.training.trainers._numbers import check_number

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


def _command(run_folder: Path, _parameters: Parameters) -> list[str]:
    # -P: the run folder must not become a place to import from.
    return [sys.executable, "-P", "-m", "relens.training.compact", str(run_folder)]


def _check(parameters: Parameters) -> None:
    for name, value in parameters.items():
        if value is not None:
            check_number(name, value, _RANGES)


TRAINER = Trainer(
    title="Compact (small, on the processor)",
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
    instead=(frozenset({"epochs", "minutes"}),),
    packages=("torch", "numpy", "onnx", "pillow"),
)
