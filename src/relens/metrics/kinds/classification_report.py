"""How often the best label is right, for which labels, and what is taken for what."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from relens.metrics import classification
from relens.metrics.classification import Averages, ClassificationReport, LabelRates
from relens.metrics.metric import Judged, Supervised, Value
from relens.metrics.mistakes import NOTHING, of_image

NO_ANSWER = "(no answer)"
"""Nothing reached the threshold: a column of its own, which costs recall and no precision."""


class Taken:
    """A bench that holds what each image is and what it was taken for. Images with exactly one true label count."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = list(labels)
        self._images: dict[str, tuple[str, str, frozenset[str]]] = {}
        """By key: the true label, the best label at or above the threshold (NOTHING: none), and every label that was said."""

    def insert(self, image: Judged) -> None:
        self._images.pop(image.key, None)
        for true, said in of_image(image).taken:
            self._images[image.key] = (true, said, frozenset(found.label for found in image.detections))

    def remove(self, key: str) -> None:
        self._images.pop(key, None)

    def value(self, keys: Collection[str] | None = None, label: str | None = None) -> Value:
        taken, names = self._taken(keys)
        columns = [*names, NO_ANSWER]
        counts = np.array([[taken[true, said] for said in (*names, NOTHING)] for true in (*names, NOTHING)])
        found = classification.report(counts, columns)
        if label is not None:
            return _of_label(found, counts, columns, label)
        return {
            "accuracy": found.accuracy,
            "accuracy_interval": found.accuracy_interval,
            "balanced_accuracy": found.balanced_accuracy,
            "precision": found.macro.precision,
            "recall": found.macro.recall,
            "macro_f1": found.macro.f1,
            "weighted": _averages(found.weighted),
            "labels": {str(one): _rates(rates) for one, rates in found.labels.items() if one != NO_ANSWER},
            "confusion": {"rows": names, "columns": columns, "labels": columns, "counts": counts[:-1].tolist()},
            "images": int(found.images),
        }

    def point(self, keys: Collection[str], label: str | None = None) -> Value:
        whole = self.value(keys, label)
        names = ("accuracy", "balanced_accuracy", "macro_f1") if label is None else ("f1", "support")
        return {"n": len(keys), **{name: whole[name] for name in ("precision", "recall", *names)}}

    def _taken(self, keys: Collection[str] | None) -> tuple[Counter[tuple[str, str]], list[str]]:
        known = self._images.values() if keys is None else [self._images[key] for key in keys if key in self._images]
        taken = Counter((true, said) for true, said, _ in known)
        there = {true for true, _ in taken}.union(*(others for *_, others in known))
        return taken, [*self._labels, *sorted(there - set(self._labels))]


def _of_label(found: ClassificationReport, counts: Any, columns: list[str], label: str) -> Value:
    """One label's row: how it is found, and what it is confused with. Averages over labels say nothing of it."""
    if label not in found.labels:
        return {
            "precision": None,
            "recall": None,
            "f1": None,
            "support": 0,
            "predicted": 0,
            "labels": {},
            "images": int(found.images),
        }
    at = columns.index(label)
    names = [one for k, one in enumerate(columns[:-1]) if k == at or counts[at, k] or counts[k, at]]
    near = [*names, NO_ANSWER]
    cells = [[int(counts[columns.index(t), columns.index(s)]) if label in (t, s) else 0 for s in near] for t in names]
    own = _rates(found.labels[label])
    return {
        **own,
        "labels": {label: own},
        "confusion": {"rows": names, "columns": near, "labels": near, "counts": cells},
        "images": int(found.images),
    }


def _averages(averages: Averages) -> Value:
    return {"precision": averages.precision, "recall": averages.recall, "f1": averages.f1}


def _rates(rates: LabelRates) -> Value:
    return {
        "precision": rates.precision,
        "precision_interval": rates.precision_interval,
        "recall": rates.recall,
        "recall_interval": rates.recall_interval,
        "f1": rates.f1,
        "support": int(rates.support),
        "predicted": int(rates.predicted),
    }


METRIC = Supervised(
    title="Classification report",
    definition="Accuracy, precision, recall and F1 of the best label on reviewed images, per label and averaged, "
    "and which label is taken for which. Intervals are Jeffreys 95 %.",
    formula="accuracy = right / reviewed; macro counts each label once, weighted by its support; rows true, columns said",
    source="Definitions as in scikit-learn's classification_report; Jeffreys intervals (Brown, Cai and DasGupta 2001, Statistical Science 16)",
    needs="reviews",
    tasks=("classification",),
    unit="share",
    bench=Taken,
)
