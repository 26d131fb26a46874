"""What a detector takes for what, and what kind of mistakes it makes: counts per image that add.

Labels are indices below `labels`. Crowds are no objects: a detection of the crowd's label that lies on one is left out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relens.metrics.matching import iou_matrix

Counts = NDArray[np.int64]

OVERLAP, BACKGROUND_OVERLAP = 0.5, 0.1
ERRORS = ("label", "location", "label_and_location", "duplicate", "background", "missed")
"""TIDE's Cls, Loc, Both, Dupe, Bkg and Miss (Bolya et al. 2020), which tell people what to fix."""


@dataclass(frozen=True, eq=False)
class DetectionCounts:
    """`confusion` int64[labels + 1, labels + 1]: rows true, columns said, last is background.

    `by_label` int64[labels, 6], columns as ERRORS: under the label that was said, what is missed under the label that is true.
    """

    confusion: Counts
    by_label: Counts

    @property
    def errors(self) -> Counts:
        """int64[6] as ERRORS."""
        return np.asarray(self.by_label.sum(axis=0), dtype=np.int64)

    def __add__(self, other: "DetectionCounts") -> "DetectionCounts":
        return DetectionCounts(self.confusion + other.confusion, self.by_label + other.by_label)


def count(
    dt_boxes: ArrayLike,
    dt_scores: ArrayLike,
    dt_labels: ArrayLike,
    gt_boxes: ArrayLike,
    gt_labels: ArrayLike,
    gt_crowd: ArrayLike | None = None,
    *,
    labels: int,
    threshold: float = 0.0,
    ious: NDArray[np.float64] | None = None,
) -> DetectionCounts:
    """One image's counts, of the detections with at least this confidence. Boxes (n, 4) x1 y1 x2 y2 in pixels.

    `ious` (n, m), in the order in which they are given, where not boxes are compared.
    """
    scores = np.asarray(dt_scores, dtype=np.float64).ravel()
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= threshold]
    said = np.asarray(dt_labels, dtype=np.int64).ravel()[order]
    true = np.asarray(gt_labels, dtype=np.int64).ravel()
    crowd = np.zeros(len(true), dtype=bool) if gt_crowd is None else np.asarray(gt_crowd, dtype=bool).ravel()
    if ious is None:
        ious = iou_matrix(np.asarray(dt_boxes, dtype=np.float64).reshape(-1, 4)[order], gt_boxes, crowd)
    else:
        ious = ious.reshape(len(scores), len(crowd))[order]
    same = said[:, None] == true[None, :]
    on_crowd = ((ious >= OVERLAP) & same)[:, crowd].any(axis=1)
    ious, same, true = ious[:, ~crowd], same[:, ~crowd], true[~crowd]
    return DetectionCounts(
        _confusion(ious, said, true, on_crowd, labels),
        _errors(ious, same, on_crowd, said, true, labels),
    )


def _confusion(
    ious: NDArray[np.float64], said: Counts, true: Counts, on_crowd: NDArray[np.bool_], labels: int
) -> Counts:
    """Matched whatever the label; of equal overlaps the object of the said label is taken."""
    matrix = np.zeros((labels + 1, labels + 1), dtype=np.int64)
    matched = _assigned(ious + 1e-9 * (said[:, None] == true[None, :]), ious >= OVERLAP)
    left_out = (matched < 0) & on_crowd
    rows = np.where(matched >= 0, np.append(true, labels)[matched], labels)
    np.add.at(matrix, (rows[~left_out], said[~left_out]), 1)
    unfound = np.setdiff1d(np.arange(len(true)), matched)
    matrix[:labels, labels] += np.bincount(true[unfound], minlength=labels)
    return matrix


def _errors(
    ious: NDArray[np.float64],
    same: NDArray[np.bool_],
    on_crowd: NDArray[np.bool_],
    said: Counts,
    true: Counts,
    labels: int,
) -> Counts:
    """Each false detection is one kind of error, asked in TIDE's order; an object it nearly found is not missed too."""
    counts = np.zeros((labels, len(ERRORS)), dtype=np.int64)
    matched = _assigned(ious, (ious >= OVERLAP) & same)
    used = np.isin(np.arange(ious.shape[1]), matched)
    excused = used.copy()
    for d in np.flatnonzero((matched < 0) & ~on_crowd):
        kind, nearly = _kind(ious[d], same[d], used)
        counts[said[d], ERRORS.index(kind)] += 1
        if nearly is not None:
            excused[nearly] = True
    counts[:, ERRORS.index("missed")] = np.bincount(true[~excused], minlength=labels)
    return counts


def _kind(ious: NDArray[np.float64], same: NDArray[np.bool_], used: NDArray[np.bool_]) -> tuple[str, int | None]:
    """The error of one false detection, and the object it would have found without it."""
    if len(ious) == 0:
        return "background", None
    own, other, taken = np.where(same, ious, 0), np.where(same, 0, ious), np.where(same & used, ious, 0)
    if BACKGROUND_OVERLAP <= own.max() < OVERLAP:
        return "location", int(own.argmax())
    if other.max() >= OVERLAP:
        return "label", int(other.argmax())
    if taken.max() >= OVERLAP:
        return "duplicate", None
    return ("background" if ious.max() <= BACKGROUND_OVERLAP else "label_and_location"), None


def _assigned(preference: NDArray[np.float64], allowed: NDArray[np.bool_]) -> Counts:
    """Each detection in turn takes the free, allowed object it prefers: (n,) indices, -1 for none."""
    free = np.ones(preference.shape[1], dtype=bool)
    assigned = np.full(len(preference), -1, dtype=np.int64)
    for d in np.flatnonzero(allowed.any(axis=1)):
        choice = allowed[d] & free
        if choice.any():
            assigned[d] = int(np.where(choice, preference[d], -1).argmax())
            free[assigned[d]] = False
    return assigned
