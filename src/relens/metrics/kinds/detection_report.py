"""What the answers are worth at the threshold: precision, recall and F1, what is taken for what, and what to fix."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from relens.metrics import confusion
from relens.metrics.average_precision import Counts
from relens.metrics.intervals import jeffreys
from relens.metrics.kinds.average_precision import matched
from relens.metrics.metric import WITH_SHAPES, Boxes, Judged, Supervised, Value, labels_among

BACKGROUND = "background"
"""As a row: invented; as a column: missed."""


def judge(judged: Sequence[Judged], labels: Sequence[str]) -> Value:
    """Each image is judged at the threshold it was answered with."""
    answered = [replace(image, detections=image.answered) for image in judged]
    names = labels_among(answered, labels)
    by_label = {str(label): counts for label, counts in matched(answered, labels).at_threshold(0.0).items()}
    mistakes = confusion.DetectionCounts(
        np.zeros((len(names) + 1, len(names) + 1), np.int64), np.zeros(len(confusion.ERRORS), np.int64)
    )
    for image in answered:
        mistakes += _mistakes(image, names)
    everything = Counts(*(sum(counts[i] for counts in by_label.values()) for i in range(3)))
    return {
        **_rates(everything),
        "labels": {label: _rates(counts) for label, counts in by_label.items()},
        "confusion": {"labels": [*names, BACKGROUND], "counts": mistakes.confusion.tolist()},
        "errors": dict(zip(confusion.ERRORS, mistakes.errors.tolist(), strict=True)),
    }


def _mistakes(image: Judged, names: Sequence[str]) -> confusion.DetectionCounts:
    index = {name: i for i, name in enumerate(names)}
    said, true = Boxes.of(image.detections), Boxes.of(image.annotations)
    return confusion.count(
        said.corners,
        [d.confidence for d in image.detections if d.shape is not None],
        [index[label] for label in said.labels],
        true.corners,
        [index[label] for label in true.labels],
        [a.crowd for a in image.annotations if a.shape is not None],
        labels=len(names),
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
    judge=judge,
)
