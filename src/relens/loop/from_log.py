"""What two versions said of the same production images, from the log: as an evaluation would have it, without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from relens.loop.vocabulary import Names
from relens.metrics.average_precision import ApStore
from relens.metrics.kinds.average_precision import matches_of
from relens.metrics.metric import Judged
from relens.predictions.logged import Logged
from relens.review.scene import scene_of
from relens.training.evaluate import Evaluated
from relens.training.evaluation import SCORES
from relens.vision.annotation import Annotation


@dataclass(frozen=True, slots=True)
class Beside:
    """One reviewed image: the champion's answer, the shadow's to the same image, and what is true of it."""

    champion: Logged
    shadow: Logged
    annotations: tuple[Annotation, ...]
    probability: float


def evaluated(
    task: str, labels: Sequence[str], images: Sequence[Beside], *, shadow: bool, names: Names = MappingProxyType({})
) -> Evaluated:
    """One of the two versions on the images that have something to say about `labels`; an answer that failed said nothing.

    `names`: what the version's labels are called in `labels` and in the images' annotations.
    """
    pairs = [(_called(one.shadow if shadow else one.champion, names), one) for one in images]
    if task == "classification":
        return _classified(pairs)
    return _detected(task, labels, pairs)


def _called(line: Logged, names: Names) -> Logged:
    if not names:
        return line
    said = ((found, names.get(found.label, found.label)) for found in line.detections)
    return replace(line, detections=tuple(replace(found, label=name) for found, name in said if name is not None))


def _detected(task: str, labels: Sequence[str], pairs: Sequence[tuple[Logged, Beside]]) -> Evaluated:
    store = ApStore(labels)
    matches = []
    for line, one in pairs:
        judged = Judged(
            line.id,
            tuple(found for found in line.detections if found.label in labels),
            tuple(annotation for annotation in one.annotations if annotation.label in labels),
            line.threshold,
            line.width,
            line.height,
        )
        match = matches_of(judged)
        store.insert(one.champion.asset, match)
        matches.append(match)
    summary = store.summary()
    by_label = summary.pop("labels")
    return _of(
        task,
        pairs,
        scores={name: summary.get(name) for name in SCORES},
        labels={str(label): dict(numbers) for label, numbers in by_label.items()},
        store=store,
        matches=tuple(matches),
    )


def _classified(pairs: Sequence[tuple[Logged, Beside]]) -> Evaluated:
    # As on the test images, by what it finds likeliest: the threshold of that moment was made for the confidences of the champion.
    said = tuple(line.detections[0].label if line.detections else None for line, _ in pairs)
    true = tuple(one.annotations[0].label for _, one in pairs)
    correct = tuple(one == other for one, other in zip(said, true, strict=True))
    accuracy = sum(correct) / len(correct) if correct else None
    return _of("classification", pairs, scores={"accuracy": accuracy}, labels={}, correct=correct, said=said, true=true)


def _of(task: str, pairs: Sequence[tuple[Logged, Beside]], **found: Any) -> Evaluated:
    lines = [one.champion for _, one in pairs]
    return Evaluated(
        task=task,
        assets=tuple(line.asset for line in lines),
        groups=tuple(scene_of(line) for line in lines),
        sources=tuple(line.source for line in lines),
        advised_threshold=None,
        **found,
    )
