"""What the answers are worth at the threshold: precision, recall and F1, what is taken for what, and what to fix."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from relens.metrics import confusion
from relens.metrics.average_precision import Counts
from relens.metrics.intervals import jeffreys
from relens.metrics.kinds.average_precision import Ranked, matches_of
from relens.metrics.mask_overlap import overlaps
from relens.metrics.metric import WITH_SHAPES, Boxes, Judged, Supervised, Value, labels_among

BACKGROUND = "background"
"""As a row: invented; as a column: missed."""


class Answers:
    """A bench that counts each image once, at the threshold it was answered with."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._known = list(labels)
        self._labels = list(labels)
        self._ranked = Ranked(labels)
        self._images: dict[str, Judged] = {}
        self._mistakes: dict[str, confusion.DetectionCounts] = {}
        self._total: confusion.DetectionCounts | None = None

    def insert(self, image: Judged) -> None:
        answered = replace(image, detections=image.answered)
        if fresh := labels_among([answered], self._labels)[len(self._labels) :]:
            self._labels = [*self._known, *sorted({*self._labels[len(self._known) :], *fresh})]
            self._mistakes = {key: _mistakes(one, self._labels) for key, one in self._images.items()}
            self._total = None
        self.remove(image.key)
        self._ranked.hold(image.key, matches_of(answered))
        self._images[image.key] = answered
        self._mistakes[image.key] = _mistakes(answered, self._labels)
        if self._total is not None:
            self._total += self._mistakes[image.key]

    def remove(self, key: str) -> None:
        self._ranked.remove(key)
        self._images.pop(key, None)
        if (mistakes := self._mistakes.pop(key, None)) is not None and self._total is not None:
            self._total -= mistakes

    def value(self, keys: Collection[str] | None = None) -> Value:
        found = self._ranked.store(keys).at_threshold(0.0)
        by_label = {label: found.get(label, Counts(0, 0, 0)) for label in self._labels}
        mistakes = self._sum(keys)
        everything = Counts(*(sum(counts[i] for counts in by_label.values()) for i in range(3)))
        return {
            **_rates(everything),
            "labels": {label: _rates(counts) for label, counts in by_label.items()},
            "confusion": {"labels": [*self._labels, BACKGROUND], "counts": mistakes.confusion.tolist()},
            "errors": dict(zip(confusion.ERRORS, mistakes.errors.tolist(), strict=True)),
        }

    def _sum(self, keys: Collection[str] | None) -> confusion.DetectionCounts:
        if keys is None and self._total is not None:
            return self._total
        total = _none(len(self._labels))
        for key in self._mistakes if keys is None else keys:
            total += self._mistakes[key]
        if keys is None:
            self._total = total
        return total


def _none(labels: int) -> confusion.DetectionCounts:
    return confusion.DetectionCounts(
        np.zeros((labels + 1, labels + 1), np.int64), np.zeros(len(confusion.ERRORS), np.int64)
    )


def _mistakes(image: Judged, names: Sequence[str]) -> confusion.DetectionCounts:
    index = {name: i for i, name in enumerate(names)}
    said, true = Boxes.of(image.detections), Boxes.of(image.annotations)
    masks = overlaps(image)
    return confusion.count(
        said.corners,
        [d.confidence for d in image.detections if d.shape is not None],
        [index[label] for label in said.labels],
        true.corners,
        [index[label] for label in true.labels],
        [a.crowd for a in image.annotations if a.shape is not None],
        labels=len(names),
        ious=None if masks is None else masks.ious,
    )


def _rates(counts: Counts) -> Value:
    tp, fp, fn = counts
    return {
        "tp": int(tp),
        "fp": int(fp),
        "fn": int(fn),
        "precision": tp / (tp + fp) if tp + fp else None,
        "precision_interval": jeffreys(tp, tp + fp),
        "recall": tp / (tp + fn) if tp + fn else None,
        "recall_interval": jeffreys(tp, tp + fn),
        "f1": 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None,
    }


METRIC = Supervised(
    title="Detection report",
    definition="Precision, recall and F1 of the answered detections on reviewed images, which label is taken for which, "
    "and what kind of mistakes there are. Intervals are Jeffreys 95 % and take detections as independent.",
    formula="a detection is right when it overlaps a free object of its label with IoU ≥ 0.5; "
    "confusion rows are true, columns said, the last is background; errors as in TIDE",
    needs="reviews",
    tasks=WITH_SHAPES,
    unit="share",
    bench=Answers,
)
