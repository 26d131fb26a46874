"""Who may start which trainer: what names a program to run on this machine is for owners only."""

from collections.abc import Mapping
from typing import Any

from relens.access.actor import Actor
from relens.kit.errors import NotAllowed
from relens.training.trainers import TRAINERS


def must_be_permitted(actor: Actor, trainer_name: str, parameters: Mapping[str, Any]) -> None:
    """Refuses parameters that say what runs on this machine from anyone but an owner. Raises NotAllowed."""
    actor.must_be("operator")
    known = TRAINERS.get(trainer_name).parameters
    for name in parameters:
        if name in known and known[name].owner_only and actor.permission != "owner":
            raise NotAllowed(f"the parameter '{name}' decides what runs on this machine: only an owner may set it")
