"""Evaluates a model version on annotated images with the production predict code: what is judged is what will answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from relens.datasets.item import Item
from relens.inference.load import LoadedVersion
from relens.inference.predict import predict
from relens.infra.storage import NoBytes
from relens.metrics.average_precision import ApStore
from relens.metrics.classification import confusion, report
from relens.metrics.kinds.average_precision import matches_of
from relens.metrics.matching import LabelMatch, match_image
from relens.metrics.metric import Judged
from relens.training.evaluation import SCORES
from relens.training.threshold import best_f1
from relens.vision.annotation import Annotation
from relens.vision.prediction import Detection, Prediction

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Scores, and what a paired comparison needs of each image, all in the order of `assets`.

    `store` holds the matches of a detector by asset, `correct` says of a classifier whether it was right; the other is None.
    `matches` are a detector's per image; `said` and `true` a classifier's label per image (None: it said nothing), `confidences` how sure it was.
    `missing` images could not be read any more. `advised_threshold` is the confidence of the best F1 (classification: 0).
    """

    task: str
    scores: dict[str, float | None]
    labels: dict[str, dict[str, Any]]
    assets: tuple[str, ...]
    groups: tuple[str, ...]
    sources: tuple[str | None, ...]
    advised_threshold: float | None
    store: ApStore | None = None
    correct: tuple[bool, ...] | None = None
    matches: tuple[Mapping[Any, LabelMatch], ...] = ()
    said: tuple[str | None, ...] = ()
    true: tuple[str, ...] = ()
    confidences: tuple[float, ...] = ()
    confusion: list[list[int]] | None = None
    missing: int = 0

    @property
    def images(self) -> int:
        return len(self.assets)


def evaluate(
    loaded: LoadedVersion,
    items: Sequence[Item],
    read: Callable[[str], bytes],
    progress: Progress = lambda done, total: None,
    names: Mapping[str, str | None] = MappingProxyType({}),
) -> Evaluated:
    """`read(asset)` gives an image's bytes. A label of the dataset that the model does not know is one it never finds.

    `names`: what the model's labels are called in `items`, where that differs; None: what it says of it does not count.

    Raises what `predict` raises; a classification image without a label is passed over.
    """
    whole_image = loaded.manifest.task == "classification"
    wanted = [item for item in items if item.annotations or not whole_image]
    own = tuple(
        dict.fromkeys(name for one in loaded.manifest.labels.names if (name := names.get(one, one)) is not None)
    )
    judged: _Classified | _Detected = _Classified(own) if whole_image else _Detected(loaded.manifest.task, own)
    kept: list[Item] = []
    for done, item in enumerate(wanted):
        progress(done, len(wanted))
        try:
            data = read(item.asset)
        except NoBytes:
            continue
        judged.add(item, in_other_words(predict(data, loaded).prediction, names))
        kept.append(item)
    progress(len(wanted), len(wanted))
    return judged.conclude(kept, len(wanted) - len(kept))


def in_other_words(said: Prediction, names: Mapping[str, str | None]) -> Prediction:
    """With its labels called as `names` has it."""
    if not names:
        return said
    called = ((found, names.get(found.label, found.label)) for found in said.detections)
    return replace(said, detections=tuple(replace(found, label=name) for found, name in called if name is not None))


@dataclass
class _Detected:
    task: str
    labels: tuple[str, ...]
    matches: list[Mapping[Any, LabelMatch]] = field(default_factory=list)

    def add(self, item: Item, prediction: Prediction) -> None:
        if self.task == "segmentation":
            said_of = Judged(
                item.asset, prediction.detections, item.annotations, 0.0, prediction.width, prediction.height
            )
            self.matches.append(matches_of(said_of))
            return
        # A detector may be judged on outlines: what it is asked for is their boxes.
        said = [detection for detection in prediction.detections if detection.shape is not None]
        true = [one for one in item.annotations if one.shape is not None]
        self.matches.append(
            match_image(
                _boxes(said),
                [detection.confidence for detection in said],
                [detection.label for detection in said],
                _boxes(true),
                [annotation.label for annotation in true],
                [annotation.crowd for annotation in true],
                [annotation.area for annotation in true],
            )
        )

    def conclude(self, items: Sequence[Item], missing: int) -> Evaluated:
        store = ApStore(_all_labels(self.labels, items))
        for item, matches in zip(items, self.matches, strict=True):
            store.insert(item.asset, matches)
        summary = store.summary()
        by_label = summary.pop("labels")
        best = best_f1([match for matches in self.matches for match in matches.values()])
        found = {name: summary.get(name) for name in SCORES}
        found |= {"precision": best.precision, "recall": best.recall, "f1": best.f1}
        return Evaluated(
            task=self.task,
            scores=found,
            labels={str(label): dict(numbers) for label, numbers in by_label.items()},
            assets=tuple(item.asset for item in items),
            groups=tuple(item.group for item in items),
            sources=tuple(item.source for item in items),
            advised_threshold=best.threshold,
            store=store,
            matches=tuple(self.matches),
            missing=missing,
        )


@dataclass
class _Classified:
    own: tuple[str, ...]
    said: list[str | None] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)

    def add(self, item: Item, prediction: Prediction) -> None:
        self.said.append(prediction.detections[0].label if prediction.detections else None)
        self.confidences.append(prediction.detections[0].confidence if prediction.detections else 0.0)

    def conclude(self, items: Sequence[Item], missing: int) -> Evaluated:
        labels = _all_labels(self.own, items)
        index = {label: place for place, label in enumerate(labels)}
        true = [item.annotations[0].label for item in items]
        # A model that said nothing was wrong: one more column keeps that from looking like any label.
        matrix = confusion(
            [index[label] for label in true],
            [index.get(str(label), len(labels)) for label in self.said],
            len(labels) + 1,
        )
        rates = report(matrix, [*labels, ""])
        found: dict[str, float | None] = dict.fromkeys(SCORES)
        found |= {"accuracy": rates.accuracy, "balanced_accuracy": rates.balanced_accuracy, "macro_f1": rates.macro.f1}
        found |= {"precision": rates.macro.precision, "recall": rates.macro.recall, "f1": rates.macro.f1}
        return Evaluated(
            task="classification",
            scores=found,
            labels={
                label: {
                    "precision": rates.labels[label].precision,
                    "recall": rates.labels[label].recall,
                    "f1": rates.labels[label].f1,
                    "positives": int(rates.labels[label].support),
                    "predicted": int(rates.labels[label].predicted),
                }
                for label in labels
            },
            assets=tuple(item.asset for item in items),
            groups=tuple(item.group for item in items),
            sources=tuple(item.source for item in items),
            advised_threshold=0.0 if items else None,
            correct=tuple(said == label for said, label in zip(self.said, true, strict=True)),
            said=tuple(self.said),
            true=tuple(true),
            confidences=tuple(self.confidences),
            confusion=[[int(count) for count in row] for row in matrix[: len(labels), : len(labels)]],
            missing=missing,
        )


def _all_labels(labels: Sequence[str], items: Sequence[Item]) -> tuple[str, ...]:
    """The model's labels in their order, then those only the images have."""
    own = dict.fromkeys(labels)
    extra = sorted({one.label for item in items for one in item.annotations} - own.keys())
    return (*own, *extra)


def _boxes(things: Sequence[Detection | Annotation]) -> npt.NDArray[np.float64]:
    corners = [thing.shape.box().corners() for thing in things if thing.shape is not None]
    return np.array(corners, dtype=np.float64).reshape(-1, 4)
