"""What the answers are worth at the threshold: precision, recall and F1, what is taken for what, and what to fix."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from relens.metrics.confusion import ERRORS
from relens.metrics.intervals import jeffreys
from relens.metrics.kinds.average_precision import matches_of
from relens.metrics.metric import WITH_SHAPES, Judged, Supervised, Value
from relens.metrics.mistakes import NOTHING, Found, Mistakes, found_at, of_image

BACKGROUND = "background"
"""As a row: invented; as a column: missed."""


class _Image(NamedTuple):
    """One reviewed image at the threshold it was answered with; `found` by label."""

    found: dict[str, Found]
    mistakes: Mistakes


class _Sum:
    """Images together."""

    def __init__(self) -> None:
        self.images: Counter[str] = Counter()
        """By label: in how many it was said or is true."""
        self.tp: Counter[str] = Counter()
        self.fp: Counter[str] = Counter()
        self.fn: Counter[str] = Counter()
        self.taken: Counter[tuple[str, str]] = Counter()
        self.kinds: Counter[tuple[str, str]] = Counter()

    def add(self, image: _Image, times: int = 1) -> None:
        for label, (tp, fp, fn) in image.found.items():
            self.images[label] += times
            self.tp[label] += times * tp
            self.fp[label] += times * fp
            self.fn[label] += times * fn
        for total, one in ((self.taken, image.mistakes.taken), (self.kinds, image.mistakes.kinds)):
            for key, n in one.items():
                total[key] += times * n

    def of(self, label: str) -> Found:
        return Found(self.tp[label], self.fp[label], self.fn[label])

    def all(self) -> Found:
        return Found(self.tp.total(), self.fp.total(), self.fn.total())


class Answers:
    """A bench that counts each image once, at the threshold it was answered with."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = list(labels)
        self._images: dict[str, _Image] = {}
        self._total = _Sum()

    def insert(self, image: Judged) -> None:
        self.remove(image.key)
        there = {d.label for d in image.answered} | {a.label for a in image.annotations}
        matches = matches_of(image)
        found = {label: found_at(matches[label], image.threshold) for label in there if label in matches}
        self._images[image.key] = _Image(found, of_image(image))
        self._total.add(self._images[image.key])

    def remove(self, key: str) -> None:
        if (known := self._images.pop(key, None)) is not None:
            self._total.add(known, -1)

    def value(self, keys: Collection[str] | None = None, label: str | None = None) -> Value:
        total = self._sum(keys)
        labels = [*self._labels, *sorted({one for one, n in total.images.items() if n} - set(self._labels))]
        shown = labels if label is None else [label]
        names = labels if label is None else [one for one in labels if one == label or _confused(total, label, one)]
        return {
            **_rates(total.all() if label is None else total.of(label)),
            "labels": {one: _rates(total.of(one)) for one in shown},
            "confusion": {
                "labels": [*names, BACKGROUND],
                "counts": [
                    [_cell(total, true, said, label) for said in (*names, NOTHING)] for true in (*names, NOTHING)
                ],
            },
            "errors": {kind: sum(total.kinds[one, kind] for one in shown) for kind in ERRORS},
        }

    def point(self, keys: Collection[str], label: str | None = None) -> Value:
        total = self._sum(keys)
        rates = _rates(total.all() if label is None else total.of(label))
        return {"n": len(keys), **{name: rates[name] for name in ("precision", "recall", "f1", "tp", "fp", "fn")}}

    def _sum(self, keys: Collection[str] | None) -> _Sum:
        if keys is None:
            return self._total
        total = _Sum()
        for key in keys:
            total.add(self._images[key])
        return total


def _confused(total: _Sum, label: str, other: str) -> bool:
    return bool(total.taken[label, other] or total.taken[other, label])


def _cell(total: _Sum, true: str, said: str, label: str | None) -> int:
    """With a label only what it was taken for, and what was taken for it."""
    return total.taken[true, said] if label is None or label in (true, said) else 0


def _rates(found: Found) -> Value:
    tp, fp, fn = found
    return {
        "tp": tp,
        "fp": fp,
        "fn": fn,
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
    source="Kinds of mistakes as in TIDE (Bolya et al. 2020, arXiv:2008.08115); Jeffreys intervals (Brown, Cai and DasGupta 2001, Statistical Science 16)",
    needs="reviews",
    tasks=WITH_SHAPES,
    unit="share",
    bench=Answers,
)
