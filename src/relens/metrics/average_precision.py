"""Average precision of a detector, kept exact while reviews come in, change and go.

An image is matched once (`matching`); here its rows join per-label lists in order of confidence, and only labels that
were touched are computed again. Equal to pycocotools; unknown is None, never 0.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relens.kit.errors import Invalid, NotFound
from relens.metrics.influence import Influence, influence
from relens.metrics.matching import AREAS, IOU_THRESHOLDS, LabelMatch
from relens.metrics.precision_recall import MOST_PER_IMAGE, RECALLS, WeightedRows, plain_average_precisions
from relens.metrics.ranked_rows import Key, RankedRows

Floats = NDArray[np.float64]
Weights = Mapping[Any, float]

AVERAGED = {"map50_95": tuple(range(len(IOU_THRESHOLDS))), "map50": (0,), "map75": (5,)}
"""The summary's names, and the IoU thresholds (by index) each is the mean over."""


class UnknownLabel(Invalid):
    """A match or a question names a label this store was not made for."""


class UnknownImage(NotFound):
    """The image is not in the store."""


class Counts(NamedTuple):
    """Detections that found an object, that found none, and objects not found. Weighted if weights were given."""

    tp: float
    fp: float
    fn: float


class Curve(NamedTuple):
    """Interpolated precision at 101 recalls, and the confidence at which each recall is reached (0 where it never is)."""

    recall: Floats
    precision: Floats
    confidence: Floats


class _LabelNumbers(NamedTuple):
    """`ap` (R, 10, 4) by IoU and area; `recall` (R, 10, 6): AREAS with 100 detections, then all areas with 1 and 10."""

    ap: Floats
    recall: Floats


class ApStore:
    """The matches of one model version on reviewed images. Image keys are all int or all str; they order equal scores."""

    def __init__(self, labels: Iterable[Hashable]) -> None:
        self.labels: tuple[Hashable, ...] = tuple(labels)
        self._rows = {label: RankedRows() for label in self.labels}
        self._slots: dict[Key, int] = {}
        self._keys: list[Key] = []
        self._images: dict[Key, tuple[Hashable, ...]] = {}
        self._fresh: dict[Hashable, _LabelNumbers] = {}
        self._ap: dict[Hashable, Floats] = {}

    def __len__(self) -> int:
        return len(self._images)

    def __contains__(self, image_key: Key) -> bool:
        return image_key in self._images

    @property
    def image_keys(self) -> list[Key]:
        """Keys of the images held, ascending."""
        return sorted(self._images)

    def insert(self, image_key: Key, matches: Mapping[Any, LabelMatch]) -> None:
        """Hold one image, in place of what was held of it before. An image without matches still counts as an image.

        Raises UnknownLabel, and then nothing has changed.
        """
        for label in matches:
            self._known(label)
        if image_key in self._images:
            self.remove(image_key)
        slot = self._slot(image_key)
        for label, match in matches.items():
            self._rows[label].insert(slot, match)
            self._forget(label)
        self._images[image_key] = tuple(matches)

    def remove(self, image_key: Key) -> None:
        """Forget one image. Raises UnknownImage."""
        labels = self._images.pop(image_key, None)
        if labels is None:
            raise UnknownImage(f"image {image_key!r} is not held here", image_key=image_key)
        for label in labels:
            self._rows[label].remove(self._slots[image_key])
            self._forget(label)

    def part(self, image_keys: Iterable[Key]) -> "ApStore":
        """The same matches of some of the images, in the order they stand in here: nothing is matched or sorted again. Raises UnknownImage."""
        some = ApStore(self.labels)
        some._slots, some._keys = dict(self._slots), list(self._keys)
        for key in image_keys:
            if key not in self._images:
                raise UnknownImage(f"image {key!r} is not held here", image_key=key)
            some._images[key] = self._images[key]
        kept = np.zeros(len(self._keys), dtype=bool)
        kept[[self._slots[key] for key in some._images]] = True
        some._rows = {label: rows.part(kept, self._keys) for label, rows in self._rows.items()}
        return some

    def mean_average_precision(self) -> float | None:
        """map50_95 alone, without what the sizes and recalls would cost."""
        return self.averages()["map50_95"]

    def averages(self, labels: Iterable[Hashable] | None = None) -> dict[str, float | None]:
        """AVERAGED alone, of all labels or of some."""
        wanted = [label for label in (self.labels if labels is None else labels) if label in self._rows]
        touched = [label for label in wanted if label not in self._ap]
        rows = [(self._rows[label].read(self._keys), int(self._rows[label].total[0])) for label in touched]
        self._ap |= zip(touched, plain_average_precisions(rows), strict=True)
        table = np.array([self._ap[label] for label in wanted]).reshape(-1, len(IOU_THRESHOLDS))
        return {name: _mean(table[:, ious]) for name, ious in AVERAGED.items()}

    def forget_answers(self) -> None:
        """Of what was computed nothing is kept; the matches are."""
        self._fresh.clear()
        self._ap.clear()

    def summary(self, weights: Weights | None = None, labels: Iterable[Hashable] | None = None) -> dict[str, Any]:
        """COCO's twelve numbers and, under "labels", each label's ap50_95, ap50, positives and detections.

        `weights` maps image keys to weights (missing: 0); `labels`: only of these. None where there is nothing to measure.
        """
        by_slot = None if weights is None else self._by_key(weights)
        wanted = [label for label in (self.labels if labels is None else labels) if label in self._rows]
        numbers = [self._numbers(label, by_slot) for label in wanted]
        ap = np.array([n.ap[0] for n in numbers]).reshape(-1, len(IOU_THRESHOLDS), len(AREAS))
        recall = np.array([n.recall[0] for n in numbers]).reshape(-1, len(IOU_THRESHOLDS), len(AREAS) + 2)
        summary: dict[str, Any] = {name: _mean(ap[:, ious, 0]) for name, ious in AVERAGED.items()}
        summary |= {f"map_{area}": _mean(ap[:, :, a]) for a, area in enumerate(AREAS) if a}
        summary |= {"ar1": _mean(recall[:, :, 4]), "ar10": _mean(recall[:, :, 5]), "ar100": _mean(recall[:, :, 0])}
        summary |= {f"ar_{area}": _mean(recall[:, :, a]) for a, area in enumerate(AREAS) if a}
        summary["labels"] = {
            label: {"ap50_95": _mean(ap[k, :, 0]), "ap50": _mean(ap[k, :1, 0]), **self._sizes(label)}
            for k, label in enumerate(wanted)
        }
        return summary

    def replicates(
        self,
        weights: ArrayLike,
        statistic: str = "map50_95",
        labels: Iterable[Hashable] | None = None,
        smooth: bool = False,
    ) -> Floats:
        """One of AVERAGED for each row of `weights` (R, images in the order of `image_keys`), of all labels or of some.

        float64[R]; NaN where there is nothing to measure. Labels absent under a row's weights are left out there. `smooth`: of every recall
        instead of 101 of them, for differences that the steps between these would drown.
        """
        by_slot = self._by_slot(np.atleast_2d(np.asarray(weights, dtype=np.float64)))
        total, measured = np.zeros((2, len(by_slot)))
        for label in self.labels if labels is None else [one for one in labels if one in self._rows]:
            ranked = self._rows[label]
            if not ranked.positives:
                continue
            for some in _pieces(len(by_slot), len(ranked.read(self._keys))):
                weighted = WeightedRows(ranked, self._keys, by_slot[some])
                of = weighted.area_under if smooth else weighted.average_precision
                ap = np.mean([of(iou, 0) for iou in AVERAGED[statistic]], axis=0)
                total[some] += np.nan_to_num(ap)
                measured[some] += ~np.isnan(ap)
        return np.where(measured > 0, total / np.maximum(measured, 1), np.nan)

    def influence(
        self, weights: ArrayLike, statistic: str = "map50_95", labels: Iterable[Hashable] | None = None
    ) -> Influence:
        """How far each image (in the order of `image_keys`) moves one of AVERAGED under these weights, of all labels or of some."""
        by_slot = self._by_slot(np.atleast_2d(np.asarray(weights, dtype=np.float64)))[0]
        wanted = [self._rows[label] for label in (self.labels if labels is None else labels) if label in self._rows]
        found = influence(wanted, self._keys, by_slot, AVERAGED[statistic])
        return found._replace(by_image=found.by_image[[self._slots[key] for key in self.image_keys]])

    def curve(self, label: Hashable, iou: float = 0.5, weights: Weights | None = None) -> Curve | None:
        """Precision against recall over objects of every size; None without an object of this label."""
        self._known(label)
        weighted = self._weighted(label, self._by_key(weights))
        if weighted.positives[0, 0] <= 0:
            return None
        t = _iou_index(iou)
        precision, reached = (values[0] for values in weighted.envelope(t, 0))
        steps = np.diff(reached, prepend=0)
        found = np.flatnonzero(weighted.rows.hits[:, 0] & np.uint16(1 << t))
        rest = np.zeros(len(RECALLS) - int(steps.sum()))
        confidence = np.repeat(-weighted.rows.negated[found], steps)
        return Curve(RECALLS, np.concatenate([np.repeat(precision, steps), rest]), np.concatenate([confidence, rest]))

    def at_threshold(
        self, confidence: float, iou: float = 0.5, weights: Weights | None = None
    ) -> dict[Hashable, Counts]:
        """What each label's tp, fp and fn are when only detections of at least this confidence are said."""
        counts, by_slot, bit = {}, self._by_key(weights), np.uint16(1 << _iou_index(iou))
        for label in self.labels:
            weighted = self._weighted(label, by_slot)
            said = int(np.searchsorted(weighted.rows.negated, -confidence, side="right"))
            w = weighted.weights[0, :said]
            tp = float(w[(weighted.rows.hits[:said, 0] & bit) != 0].sum())
            counted = float(w[(weighted.rows.ignored[:said, 0] & bit) == 0].sum())
            counts[label] = Counts(tp, counted - tp, float(weighted.positives[0, 0]) - tp)
        return counts

    def _numbers(self, label: Hashable, by_slot: Floats | None) -> _LabelNumbers:
        if by_slot is not None:
            return _label_numbers(self._weighted(label, by_slot))
        if label not in self._fresh:
            self._fresh[label] = _label_numbers(self._weighted(label, self._by_key(None)))
        return self._fresh[label]

    def _weighted(self, label: Hashable, by_slot: Floats) -> WeightedRows:
        return WeightedRows(self._rows[label], self._keys, by_slot)

    def _by_key(self, weights: Weights | None) -> Floats:
        if weights is None:
            return np.ones((1, len(self._keys)))
        return np.array([[weights.get(key, 0.0) for key in self._keys]], dtype=np.float64).reshape(1, -1)

    def _by_slot(self, weights: Floats) -> Floats:
        by_slot = np.zeros((len(weights), len(self._keys)))
        by_slot[:, [self._slots[key] for key in self.image_keys]] = weights
        return by_slot

    def _sizes(self, label: Hashable) -> dict[str, int]:
        ranked = self._rows[label]
        _, positives = ranked.positives_table()
        return {"positives": int(positives[:, 0].sum()), "detections": len(ranked.read(self._keys))}

    def _forget(self, label: Hashable) -> None:
        self._fresh.pop(label, None)
        self._ap.pop(label, None)

    def _slot(self, image_key: Key) -> int:
        if image_key not in self._slots:
            self._slots[image_key] = len(self._keys)
            self._keys.append(image_key)
        return self._slots[image_key]

    def _known(self, label: Hashable) -> None:
        if label not in self._rows:
            raise UnknownLabel(f"label {label!r} is not among the labels measured here", label=str(label))


def _label_numbers(weighted: WeightedRows) -> _LabelNumbers:
    ious = range(len(IOU_THRESHOLDS))
    ap = [[weighted.average_precision(t, a) for a in range(len(AREAS))] for t in ious]
    cuts = [(a, MOST_PER_IMAGE[2]) for a in range(len(AREAS))] + [(0, most) for most in MOST_PER_IMAGE[:2]]
    recall = np.stack([weighted.recall(area, most) for area, most in cuts], axis=2)
    return _LabelNumbers(np.moveaxis(np.array(ap), 2, 0), recall)


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def _iou_index(iou: float) -> int:
    index = int(np.argmin(np.abs(IOU_THRESHOLDS - iou)))
    if abs(IOU_THRESHOLDS[index] - iou) > 1e-6:
        raise Invalid(f"IoU {iou} is not one of 0.50, 0.55, .. 0.95: the matching was done at those", iou=iou)
    return index


def _pieces(replicates: int, rows: int, cells: int = 4_000_000) -> Sequence[slice]:
    """Slices of the replicates that keep a (replicates, rows) array within about 32 MB."""
    size = max(1, cells // max(rows, 1))
    return [slice(start, start + size) for start in range(0, replicates, size)]
