"""Prepares a run folder: the order, the images, what is true of them, and the checkpoint to start from.

Test images are never in it: what is not there cannot be trained on.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relens.assets.asset import storage_key
from relens.assets.read import image_bytes
from relens.datasets.formats import FORMATS
from relens.datasets.item import Item
from relens.infra.storage import Storage
from relens.kit.errors import Conflict

SPLITS = ("train", "validation")


class NothingToTrainOn(Conflict):
    """The dataset version has no training images."""


@dataclass(frozen=True, slots=True)
class Order:
    """What run.json says. `trial`: whether the program works is all that is asked; what it makes is thrown away."""

    task: str
    labels: tuple[str, ...]
    parameters: Mapping[str, Any]
    threads: int
    start_from: bool
    trial: bool = False


def prepare(
    folder: Path,
    order: Order,
    items: Sequence[Item],
    storage: Storage,
    checkpoint: bytes | None,
    link: bool,
    progress: Callable[[int, int], None],
) -> int:
    """Makes the folder anew and returns the number of images. `link`: hard links to kept images, where that is possible.

    Raises NothingToTrainOn.
    """
    chosen = [item for item in items if item.split in SPLITS and (item.annotations or order.task != "classification")]
    if not any(item.split == "train" for item in chosen):
        raise NothingToTrainOn(
            "this dataset version has no training images (with a label): add some and publish a new version"
        )
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "out").mkdir(parents=True)
    done = 0
    for entry in FORMATS.get("coco").write("training", order.task, order.labels, chosen):
        target = folder / "dataset" / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.asset is None:
            target.write_bytes(entry.data or b"")
            continue
        _place(storage, entry.asset, target, link)
        done += 1
        progress(done, len(chosen))
    if checkpoint is not None:
        (folder / "start.ckpt").write_bytes(checkpoint)
    # Last: a folder with an order in it is whole.
    (folder / "run.json").write_text(json.dumps(_written(order), indent=1), encoding="utf-8")
    return len(chosen)


def is_prepared(folder: Path) -> bool:
    return (folder / "run.json").is_file()


def _written(order: Order) -> dict[str, Any]:
    return {
        "task": order.task,
        "labels": list(order.labels),
        "parameters": dict(order.parameters),
        "threads": order.threads,
        "start_from": "start.ckpt" if order.start_from else None,
        **({"trial": True} if order.trial else {}),
    }


def _place(storage: Storage, asset: str, target: Path, link: bool) -> None:
    kept = storage.path(storage_key(asset)) if link else None
    if kept is not None:
        try:
            os.link(kept, target)
        except OSError:
            pass
        else:
            return
    target.write_bytes(image_bytes(storage, asset))
