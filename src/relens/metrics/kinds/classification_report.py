"""How often the best label is right, for which labels, and what is taken for what."""

from collections.abc import Sequence
from functools import partial

from relens.metrics import classification
from relens.metrics.classification import Averages, LabelRates
from relens.metrics.metric import Judged, Supervised, Value, Whole, labels_among

NO_ANSWER = "(no answer)"
"""Nothing reached the threshold: a column of its own, which costs recall and no precision."""


def judge(judged: Sequence[Judged], labels: Sequence[str]) -> Value:
    """Images with exactly one true label count; the answer is the best label at or above the threshold."""
    whole = [image for image in judged if len(image.annotations) == 1]
    names = labels_among(whole, labels)
    columns = [*names, NO_ANSWER]
    said = [columns.index(image.answered[0].label if image.answered else NO_ANSWER) for image in whole]
    true = [columns.index(image.annotations[0].label) for image in whole]
    counts = classification.confusion(true, said, len(columns))
    found = classification.report(counts, columns)
    return {
        "accuracy": found.accuracy,
        "accuracy_interval": found.accuracy_interval,
        "balanced_accuracy": found.balanced_accuracy,
        "precision": found.macro.precision,
        "recall": found.macro.recall,
        "macro_f1": found.macro.f1,
        "weighted": _averages(found.weighted),
        "labels": {str(label): _rates(rates) for label, rates in found.labels.items() if label != NO_ANSWER},
        "confusion": {"rows": names, "columns": columns, "labels": columns, "counts": counts[:-1].tolist()},
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
    needs="reviews",
    tasks=("classification",),
    unit="share",
    bench=partial(Whole, judge),
)
