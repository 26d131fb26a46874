"""Changes the labels of a dataset: what it would do, whom it concerns, and the next version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from relens.datasets import store as datasets
from relens.datasets.earlier import follow_sides
from relens.datasets.names_now import became
from relens.datasets.relabel import Relabelled, Relabelling, relabel
from relens.datasets.sides import Sides, keep_tested
from relens.datasets.version import DatasetVersion, Statistics, count_images, count_labels
from relens.deployments import change
from relens.deployments import store as deployments
from relens.kit.errors import NotFound
from relens.loop import store
from relens.loop.next_version import Planned, looked_at
from relens.registry import store as registry

LABELS = "labels"


@dataclass(frozen=True, slots=True)
class Concerned:
    """A deployment that feeds the dataset, and a sentence on what the change means for it."""

    id: str
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class LabelPreview:
    """What the version would hold."""

    base: DatasetVersion
    sentence: str
    made: Relabelled
    images: dict[str, int]
    statistics: Statistics
    deployments: tuple[Concerned, ...]


def plan(connection: Connection, newest: DatasetVersion, wish: Mapping[str, Any]) -> Planned:
    """`wish`: rules, add, and `after`, the number of the version they were made for."""
    looked_at(newest, wish.get("after"))
    rules, made = _made(connection, newest, wish)
    fresh = [label for label in made.labels if label not in newest.labels]

    def also(connection: Connection, version: DatasetVersion) -> None:
        for deployment in feeding(connection, version.dataset):
            change.know_labels(connection, deployments.get(connection, deployment), fresh)

    return Planned(newest, made.labels, made.items, "labels", f"labels changed: {rules.sentence()}", rules, also)


def preview(connection: Connection, newest: DatasetVersion, wish: Mapping[str, Any]) -> LabelPreview:
    rules, made = _made(connection, newest, wish)
    concerned = [_concerned(connection, one, newest, rules, made) for one in feeding(connection, newest.dataset)]
    counted = count_labels(made.labels, made.items)
    return LabelPreview(newest, rules.sentence(), made, count_images(made.items), counted, tuple(concerned))


def feeding(connection: Connection, dataset: str) -> list[str]:
    """The deployments whose reviews go to the dataset."""
    return [one for one, chosen in store.everywhere(connection).items() if chosen.feedback.dataset == dataset]


def _made(connection: Connection, newest: DatasetVersion, wish: Mapping[str, Any]) -> tuple[Relabelling, Relabelled]:
    rules = Relabelling.from_json(wish)
    items = keep_tested(datasets.items(connection, newest.id), follow_sides(connection, newest.dataset, Sides()))
    return rules, relabel(newest.task, newest.labels, items, rules)


def _concerned(
    connection: Connection, deployment_id: str, newest: DatasetVersion, rules: Relabelling, made: Relabelled
) -> Concerned:
    deployment = deployments.get(connection, deployment_id)
    try:
        champion = registry.get(connection, deployment.champion).labels if deployment.champion else ()
    except NotFound:
        champion = ()
    names = became(connection, newest)
    parts: list[str] = []
    for label in champion:
        before = names.now(label)
        after = frozenset(name for one in before for name in rules.may_become(one))
        if after == before:
            continue
        parts.append(f"'{label}' counts as {' or '.join(sorted(after))}" if after else f"'{label}' counts no more")
    said = (
        f"its champion goes on answering with its own labels; {'; '.join(parts)}"
        if parts
        else "its champion's labels are not touched"
    )
    fresh = [label for label in made.labels if label not in deployment.labels]
    said += f"; reviews can use {', '.join(fresh)}" if fresh else ""
    split = [label for label in newest.labels if len(rules.may_become(label)) > 1 and label not in made.labels]
    if split:
        said += f"; reviews that wait and say {', '.join(split)} enter where the rules tell which one is meant"
    return Concerned(deployment.id, deployment.name, f"{said[0].upper()}{said[1:]}.")
