"""Who is compared with whom, and on which images: test images that neither has learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from relens.datasets import store as datasets
from relens.datasets.item import Item
from relens.datasets.names_now import became
from relens.datasets.version import DatasetVersion
from relens.deployments.deployment import Deployment
from relens.kit.errors import Conflict, NotFound
from relens.loop import feedback_rows, store
from relens.loop.feedback import newest_version
from relens.loop.gate import Labels
from relens.loop.vocabulary import Vocabulary, vocabulary
from relens.monitoring import store as monitoring
from relens.registry import store as registry
from relens.registry.model_version import ModelVersion
from relens.review.drawn import drawn_among


class CannotJudge(Conflict):
    """There is nothing to compare the candidate with, or on."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Who is compared with whom, on which images; `seen` test images were left out because one of them was trained on them.

    `items` are in the common names of `vocabulary`. `weights` by asset: those of random checks are as 1 / probability of being drawn, and 1 on average; every other image has 1.
    """

    champion: ModelVersion
    candidate: ModelVersion
    data: DatasetVersion
    items: tuple[Item, ...]
    seen: int
    newer: int
    vocabulary: Vocabulary
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def labels(self) -> Labels:
        return self.vocabulary.labels


def trial_of(
    connection: Connection, deployment: Deployment, candidate: ModelVersion, dataset_version: str | None
) -> Trial:
    if deployment.champion is None:
        raise CannotJudge(f"'{deployment.name}' has no champion to compare with")
    champion = registry.get(connection, deployment.champion)
    data = test_data(connection, deployment, candidate, dataset_version)
    words = words_of(connection, champion, candidate, data)
    shared = set(words.labels.shared)
    kept = map(words.item, datasets.items(connection, data.id, ("test",)))
    test = [_only(item, shared) for item in kept if _is_about(item, shared)]
    own = _trained_on(connection, deployment, champion)
    learned = _trained_on(connection, deployment, candidate)
    items = tuple(item for item in test if item.asset not in own and item.asset not in learned)
    newer = len(learned - own) if own else 0
    weights = _weights(connection, data, items)
    return Trial(champion, candidate, data, items, len(test) - len(items), newer, words, weights)


def words_of(
    connection: Connection, champion: ModelVersion, candidate: ModelVersion, data: DatasetVersion
) -> Vocabulary:
    """What the labels of both are called in `data`, by what became of them since each was trained."""
    since = [_number_in(connection, version, data) for version in (champion, candidate)]
    return vocabulary(champion.labels, candidate.labels, became(connection, data), *since)


def _number_in(connection: Connection, version: ModelVersion, data: DatasetVersion) -> int | None:
    """The number of the version of the same dataset that it was trained on."""
    if version.dataset_version is None:
        return None
    try:
        trained_on = datasets.get(connection, version.dataset_version)
    except NotFound:
        return None
    return trained_on.number if trained_on.dataset == data.dataset else None


def _weights(connection: Connection, data: DatasetVersion, items: Sequence[Item]) -> dict[str, float]:
    """Random checks of one deployment speak for its traffic together: the sure answers among them were drawn more seldom, and count for more.

    On average they weigh what an image of an import weighs: how much the traffic matters beside the imported test images is for
    whoever chose those to say, not for the number of images that arrived.
    """
    found = feedback_rows.predictions_of(connection, data.dataset, [item.asset for item in items])
    chances = drawn_among(connection, [prediction for _, prediction in found.values()])
    weights: dict[str, float] = {}
    for deployment in {one for one, _ in found.values()}:
        known = {
            asset: 1 / chance
            for asset, (one, prediction) in found.items()
            if one == deployment and (chance := chances.get(prediction))
        }
        weights |= {asset: weight * len(known) / sum(known.values()) for asset, weight in known.items()}
    return weights


def test_data(
    connection: Connection, deployment: Deployment, candidate: ModelVersion, dataset_version: str | None
) -> DatasetVersion:
    """The version whose test images decide: as told, else the newest of the dataset that the deployment feeds or was trained on."""
    if dataset_version is not None:
        return datasets.get(connection, dataset_version)
    if fed := store.policies(connection, deployment.id).feedback.dataset:
        return newest_version(connection, fed)
    training = monitoring.get_training_data(connection, deployment.id)
    for reference in (training.dataset_version if training else None, candidate.dataset_version):
        if reference is not None:
            return newest_version(connection, datasets.get(connection, reference).dataset)
    raise CannotJudge(
        f"nobody knows which test images '{deployment.name}' should be judged on: choose its training data or a feedback loop dataset first"
    )


def _trained_on(connection: Connection, deployment: Deployment, version: ModelVersion) -> frozenset[str]:
    """The images a version has learned from or was tuned on, also by way of those it was trained on from; empty where nobody knows."""
    seen: set[str] = set()
    training = monitoring.get_training_data(connection, deployment.id)
    own: ModelVersion | None = version
    passed: set[str] = set()
    while own is not None and own.id not in passed:
        passed.add(own.id)
        reference = own.dataset_version
        if reference is None and training is not None and training.model_version == own.id:
            reference = training.dataset_version
        if reference is not None:
            seen |= _learned_from(connection, reference)
        own = registry.get(connection, own.parent) if own.parent is not None else None
    return frozenset(seen)


def _learned_from(connection: Connection, dataset_version: str) -> set[str]:
    try:
        return {item.asset for item in datasets.items(connection, dataset_version, ("train", "validation"))}
    except NotFound:
        return set()


def _is_about(item: Item, shared: set[str]) -> bool:
    """A classified image of a label that only one of them knows says nothing about the two."""
    whole_image = any(annotation.shape is None for annotation in item.annotations)
    return not whole_image or item.annotations[0].label in shared


def _only(item: Item, shared: set[str]) -> Item:
    return replace(item, annotations=tuple(annotation for annotation in item.annotations if annotation.label in shared))
