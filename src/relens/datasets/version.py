"""A dataset version: one immutable manifest of assets and annotations, named by its content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from relens.datasets.item import SPLITS, BadItem, Item
from relens.datasets.relabel import Relabelling
from relens.kit.clock import Micros
from relens.kit.errors import Conflict
from relens.vision.labels import LabelMap
from relens.vision.task import TASKS, Task

Origin = Literal["import", "feedback", "labels", "undo"]
"""`labels`: people changed its labels; `undo`: what reviews did was left out again."""
Statistics = dict[str, dict[str, int]]


class ImageTwice(Conflict):
    """The same asset stands in one version twice."""


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """What is known of a version without opening it. `images`: split to number of images; `parent`: the version it grew from.

    `relabelling`: the rules that made it of its parent, where its labels were changed.
    """

    id: str
    dataset: str
    dataset_name: str
    number: int
    content_hash: str
    task: str
    labels: tuple[str, ...]
    parent: str | None
    origin: str
    note: str
    images: dict[str, int]
    statistics: Statistics
    created_at: Micros
    created_by: str
    relabelling: Relabelling | None = None

    @property
    def title(self) -> str:
        return f"{self.dataset_name} v{self.number}"


def checked(task: str, labels: Sequence[str], items: Sequence[Item]) -> tuple[Item, ...]:
    """The items of a version that may be published, each with a file name of its own.

    Raises ImageTwice, BadItem, WrongShape or BadLabels: no image twice, labels that are known, shapes that fit the task.
    """
    known, kind = set(LabelMap(tuple(labels)).names), TASKS.get(task)
    seen: dict[str, str] = {}
    for item in items:
        if item.asset in seen:
            raise ImageTwice(
                f"the image '{item.file_name}' is in this version twice (also as '{seen[item.asset]}')",
                asset=item.asset,
            )
        seen[item.asset] = item.file_name
        _check_annotations(kind, known, item)
    return distinct_names(items)


def distinct_names(items: Iterable[Item]) -> tuple[Item, ...]:
    """The same items; a file name that an earlier item has gets the asset's first digits put behind it.

    A name that is another one's folder, or the other way round, cannot lie beside it on a disk and is replaced too.
    """
    taken: set[str] = set()
    folders: set[str] = set()
    named = []
    for item in items:
        name, digits = item.file_name, 8
        while name in taken or name in folders or not taken.isdisjoint(_folders(name)):
            path = PurePosixPath(item.file_name)
            name, digits = f"{path.stem[:50]}~{item.asset[:digits]}{path.suffix[:20]}", digits + 8
        taken.add(name)
        folders.update(_folders(name))
        named.append(item if name == item.file_name else replace(item, file_name=name))
    return tuple(named)


def _folders(name: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(name).parents if str(parent) != "."]


def count_images(items: Iterable[Item]) -> dict[str, int]:
    """Images by split, every split named."""
    counted = Counter(item.split for item in items)
    return {split: counted[split] for split in SPLITS}


def count_labels(labels: Sequence[str], items: Iterable[Item]) -> Statistics:
    """Annotations by label and split, every label and split named."""
    counted = Counter((annotation.label, item.split) for item in items for annotation in item.annotations)
    return {label: {split: counted[label, split] for split in SPLITS} for label in labels}


def _check_annotations(task: Task, known: set[str], item: Item) -> None:
    for annotation in item.annotations:
        if annotation.label not in known:
            raise BadItem(f"'{item.file_name}' has the label '{annotation.label}', which this dataset does not have")
        task.check(annotation)
    if task.whole_image and len(item.annotations) > 1:
        raise BadItem(f"'{item.file_name}' has {len(item.annotations)} labels: in classification an image has one")
