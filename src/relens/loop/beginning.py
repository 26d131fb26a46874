"""What the next run begins with: the champion's weights or none, and the parameters of the run that made the champion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from relens.kit.errors import NotFound
from relens.registry.model_version import ModelVersion
from relens.training import store as trainings
from relens.training.trainers import TRAINERS
from relens.training.training_run import TrainingRun
from relens.training.wish import inherited


@dataclass(frozen=True, slots=True)
class Beginning:
    """`start_from`: the version whose checkpoint the trainer goes on from; None: from scratch, and `why` says so where it was not chosen.

    `run` made the champion; `same`: with this trainer, and `earlier` are its parameters.
    """

    trainer: str
    start_from: str | None
    why: str | None
    run: str | None = None
    same: bool = False
    earlier: Mapping[str, Any] = field(default_factory=dict)

    def parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What is given, and for the rest what the champion's run was given; a value of null leaves it to the trainer."""
        return {**inherited(TRAINERS.get(self.trainer), given, self.earlier), **given}


def beginning(connection: Connection, champion: ModelVersion, trainer: str, start: str) -> Beginning:
    made_by = _run_of(connection, champion)
    same = made_by is not None and made_by.trainer == trainer
    earlier = made_by.parameters if made_by is not None and same else {}
    run = made_by.id if made_by is not None else None
    if start == "scratch":
        return Beginning(trainer, None, None, run, same, earlier)
    why = _why_not(champion, made_by, trainer)
    return Beginning(trainer, None if why else champion.id, why, run, same, earlier)


def _why_not(champion: ModelVersion, made_by: TrainingRun | None, trainer: str) -> str | None:
    """Why the champion's weights cannot be gone on from; a checkpoint a person put there is taken at their word."""
    if champion.checkpoint is None:
        came = "was imported" if champion.training_run is None else "was registered"
        return f"{champion.title} {came} without a checkpoint"
    if made_by is not None and made_by.trainer != trainer:
        return (
            f"the checkpoint of {champion.title} is one of trainer '{made_by.trainer}', which '{trainer}' does not read"
        )
    return None


def _run_of(connection: Connection, champion: ModelVersion) -> TrainingRun | None:
    if champion.training_run is None:
        return None
    try:
        return trainings.get_run(connection, champion.training_run)
    except NotFound:
        return None
