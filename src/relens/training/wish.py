"""What is to be trained: refused at once where it could not be, and made from an earlier run that is to be done again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from relens.datasets import store as datasets
from relens.kit.errors import Conflict
from relens.registry import store as registry
from relens.registry.model_version import NoModel, OtherTask, check_name
from relens.training.trainer import Trainer
from relens.training.trainers import TRAINERS
from relens.training.training_run import TrainingRun


class NoCheckpoint(Conflict):
    """The version to start from was registered without a checkpoint."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be trained; `dataset_version` and `start_from` are ids, `model` is the name to register under.

    `repeats`: the run that is done again.
    """

    trainer: str
    model: str
    dataset_version: str
    parameters: Mapping[str, Any]
    start_from: str | None = None
    deployment: str | None = None
    repeats: str | None = None


def must_be_possible(connection: Connection, wish: Wish) -> None:
    """Refuses what cannot be trained, before anything is written.

    Raises NotFound, BadParameters, WrongTask, OtherTask, MissingPackage, NoCheckpoint or BadModelName.
    """
    trainer = TRAINERS.get(wish.trainer)
    trainer.must_be_there(wish.trainer, wish.parameters)
    trainer.checked(wish.parameters)
    made = trainer.task_for(datasets.get(connection, wish.dataset_version).task)
    _must_be_for(connection, check_name(wish.model), made)
    if wish.start_from is not None:
        parent = registry.get(connection, wish.start_from)
        if parent.checkpoint is None:
            raise NoCheckpoint(
                f"{parent.title} has no checkpoint to start from: leave start_from out to train from scratch"
            )


def again(run: TrainingRun) -> Wish:
    """The same model from the same images, parameters and start; outside of the loop, which trains on what is newest."""
    return Wish(run.trainer, run.model, run.dataset_version, run.parameters, run.start_from, repeats=run.id)


def inherited(trainer: Trainer, given: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """What an earlier run was given and `given` says nothing about.

    Of parameters that take each other's place (a budget in epochs or in minutes) the one that is given stands alone. What says
    what runs on this machine is not taken over: whoever may say it says it.
    """
    said = {one for group in trainer.instead for one in group if given.keys() & group} | given.keys()
    known = trainer.parameters
    return {
        name: value
        for name, value in earlier.items()
        if value is not None and name not in said and name in known and not known[name].owner_only
    }


def _must_be_for(connection: Connection, model: str, task: str) -> None:
    """Refuses now what registering would refuse after all the training."""
    with suppress(NoModel):
        found = registry.find_model(connection, model)
        if found.task != task:
            raise OtherTask(
                f"the model '{model}' is for {found.task}, and this trainer would make a version for {task}: name another model"
            )
