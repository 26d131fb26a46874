"""What the readers of detectors share: from scores per anchor to the few boxes that are said."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from relens.inference.preprocess import Placement
from relens.inference.reader import FLOOR, MOST, Found
from relens.inference.suppress import suppress

Numbers = npt.NDArray[np.floating]
Indices = npt.NDArray[np.intp]
# Beyond this no input reaches; a box out there is clipped, so that its area stays a number.
FAR = 1e5


def likely(scores: Numbers) -> tuple[Indices, Numbers, Indices]:
    """(anchors, confidences, labels) of scores (C, A): the best label of each anchor, where it reaches the floor."""
    # The largest of each column is found several times faster than where it stands; few columns need to know that.
    anchors = np.flatnonzero(scores.max(axis=0) >= FLOOR)
    chosen = scores[:, anchors]
    labels = chosen.argmax(axis=0)
    return anchors, chosen[labels, np.arange(len(anchors))], labels


def apart(boxes: Numbers, confidences: Numbers, labels: Indices, placement: Placement, *, iou: float) -> Found:
    """After suppression within each label: boxes (n, 4) x1 y1 x2 y2 in input pixels."""
    kept = stay(boxes, confidences, labels, iou=iou)
    return placed(boxes[kept], confidences[kept], labels[kept], placement)


def stay(boxes: Numbers, confidences: Numbers, labels: Indices, *, iou: float) -> Indices:
    """Which of them stay after suppression within each label, the most confident first; boxes without an area go."""
    boxes = np.clip(boxes, -FAR, FAR)
    there = np.flatnonzero((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
    return there[suppress(boxes[there], confidences[there], labels[there], iou=iou, most=MOST)]


def corners(centred: Numbers) -> Numbers:
    """x1 y1 x2 y2 of boxes (n, 4) written as centre x, centre y, width, height."""
    centres, sides = np.split(centred.astype(np.float64), 2, axis=1)
    return np.hstack((centres - sides / 2, centres + sides / 2))


def best(confidences: Numbers, most: int = MOST) -> Indices:
    """The indices of the `most` highest ones that reach the floor, the highest first; of equals, the first stays first."""
    order = np.argsort(-confidences, kind="stable")[:most]
    return order[confidences[order] >= FLOOR]


def placed(boxes: Numbers, confidences: Numbers, labels: Indices, placement: Placement) -> Found:
    """The same in pixels of the original; what lies wholly outside it, in the padding, is left out."""
    there = placement.back(np.clip(boxes, -FAR, FAR))
    inside = (there[:, 2] > there[:, 0]) & (there[:, 3] > there[:, 1])
    return Found(labels[inside], np.clip(confidences[inside], 0.0, 1.0).astype(np.float32), there[inside])
