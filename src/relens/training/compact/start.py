"""The checkpoint a run leaves behind, and starting from the parent's: whatever fits is kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from relens.training.compact.order import CannotTrain

FORMAT = 1
PER_LABEL = ("head.classes.weight", "head.classes.bias", "linear.weight", "linear.bias")


def save_checkpoint(network: nn.Module, labels: Sequence[str], channels: float, path: Path) -> None:
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    torch.save({"format": FORMAT, "labels": list(labels), "channels": channels, "state": state}, path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The parent's checkpoint. Raises CannotTrain."""
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises pickle, zip, runtime and key errors alike
        raise CannotTrain(f"cannot read the checkpoint {path.name} to start from: {error}") from error
    if not isinstance(kept, dict) or kept.get("format") != FORMAT:
        raise CannotTrain(f"the checkpoint {path.name} is not one of trainer 'compact'")
    return kept


@torch.no_grad()
def adopt(network: nn.Module, labels: Sequence[str], parent: dict[str, Any]) -> int:
    """Copy what has the same name and shape, and the outputs of labels both know; the number of tensors kept."""
    state, rows = parent["state"], _shared_rows(labels, parent["labels"])
    kept = 0
    for name, own in network.state_dict().items():
        theirs = state.get(name)
        if theirs is None:
            continue
        if name in PER_LABEL:
            kept += _adopt_rows(own, theirs, rows)
        elif own.shape == theirs.shape:
            own.copy_(theirs)
            kept += 1
    return kept


def _shared_rows(labels: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
    where = {label: i for i, label in enumerate(theirs)}
    return [(i, where[label]) for i, label in enumerate(labels) if label in where]


def _adopt_rows(own: Tensor, theirs: Tensor, rows: list[tuple[int, int]]) -> int:
    if own.shape[1:] != theirs.shape[1:] or not rows:
        return 0
    mine, yours = (list(column) for column in zip(*rows, strict=True))
    own[mine] = theirs[yours]
    return 1
