"""YOLO networks of Ultralytics, where that package is installed; only the program `ultralytics_program.py` imports it."""

import re
import sys
from pathlib import Path

from relens.training.trainer import BadParameters, Parameter, Parameters, Trainer
from relens.training.trainers._numbers import check_number

PROGRAM = Path(__file__).parents[1] / "ultralytics_program.py"
_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, 100_000),
    "minutes": (0.05, 10_000),
    "image_size": (32, 4096),
    "batch": (1, 1024),
    "seed": (0, 2**31),
}


def _command(run_folder: Path, parameters: Parameters) -> list[str]:
    return [str(parameters.get("python") or sys.executable), "-P", str(PROGRAM), str(run_folder)]


def _check(parameters: Parameters) -> None:
    for name, value in parameters.items():
        if value is None:
            continue
        if name in _RANGES:
            check_number(name, value, _RANGES)
        elif not isinstance(value, str) or not value or "\0" in value:
            raise BadParameters(f"the parameter '{name}' is a text, not {str(value)[:40]!r}")
    network = parameters.get("network")
    if network and not re.fullmatch(r"[a-z0-9-]{1,40}", network):
        raise BadParameters(
            "'network' is the name of a network of Ultralytics, such as yolo11n, yolo11s-seg or yolo11n-cls"
        )


TRAINER = Trainer(
    title="Ultralytics YOLO (AGPL-3.0)",
    tasks=("detection", "segmentation", "classification"),
    parameters={
        "epochs": Parameter(None, "Passes over the training images (100 when neither these nor minutes are set)"),
        "minutes": Parameter(None, "Minutes it may take"),
        "image_size": Parameter(None, "Longer side of the network's input in pixels (640, and 224 to classify)"),
        "batch": Parameter(None, "Images in one step (16)"),
        "seed": Parameter(0, "Seed"),
        "network": Parameter(None, "Name of the network (yolo11n, yolo11n-seg for outlines, yolo11n-cls to classify)"),
        "weights": Parameter(None, "File of weights (.pt) on this machine to start from", owner_only=True),
        "python": Parameter(None, "Python of another environment, in which it is installed", owner_only=True),
    },
    command=_command,
    check=_check,
    needs="ultralytics",
    extra="ultralytics",
    interpreter="python",
    notice=(
        "Ultralytics is licensed under AGPL-3.0, and so, says its maker, are models trained with it: who offers them over a network "
        "owes the source of the whole, or needs a licence of Ultralytics"
    ),
    instead=(frozenset({"epochs", "minutes"}),),
    packages=("ultralytics", "torch", "numpy", "onnx"),
)
