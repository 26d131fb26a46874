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
    labels = scores.argmax(axis=0)
    confidences = np.take_along_axis(scores, labels[None], axis=0)[0]
    anchors = np.flatnonzero(confidences >= FLOOR)
    return anchors, confidences[anchors], labels[anchors]


def apart(boxes: Numbers, confidences: Numbers, labels: Indices, placement: Placement, *, iou: float) -> Found:
    """After suppression within each label: boxes (n, 4) x1 y1 x2 y2 in input pixels."""
    boxes = np.clip(boxes, -FAR, FAR)
    there = np.flatnonzero((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
    kept = there[suppress(boxes[there], confidences[there], labels[there], iou=iou, most=MOST)]
    return placed(boxes[kept], confidences[kept], labels[kept], placement)


def placed(boxes: Numbers, confidences: Numbers, labels: Indices, placement: Placement) -> Found:
    """The same in pixels of the original; what lies wholly outside it, in the padding, is left out."""
    there = placement.back(np.clip(boxes, -FAR, FAR))
    inside = (there[:, 2] > there[:, 0]) & (there[:, 3] > there[:, 1])
    return Found(labels[inside], np.clip(confidences[inside], 0.0, 1.0).astype(np.float32), there[inside])
