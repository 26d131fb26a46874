"""What a run is carried out with, kept with it so that it can be repeated: versions, machine, threads and seed."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from relens.training.trainer import Trainer

MOST_BYTES = 64 << 10
_MOST_ENTRIES = 100


def environment_of(trainer: Trainer, parameters: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """`seed` is None for a trainer that has none; packages that are not installed are left out."""
    seed = trainer.parameters.get("seed")
    return {
        "relens": version("relens"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "threads": threads,
        "seed": parameters.get("seed", seed.default) if seed else None,
        "packages": {name: found for name in trainer.packages if (found := _version(name))},
        "program": {},
    }


def said_by_program(folder: Path) -> dict[str, str]:
    """What the program wrote into out/environment.json about where it really ran; nothing where it wrote nothing usable."""
    path = folder / "out" / "environment.json"
    try:
        if path.stat().st_size > MOST_BYTES:
            return {}
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    plain = [(name, value) for name, value in said.items() if isinstance(value, str | int | float)]
    return {str(name)[:100]: str(value)[:200] for name, value in plain[:_MOST_ENTRIES]}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
