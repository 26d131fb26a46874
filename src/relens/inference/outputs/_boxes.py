"""What the readers of detectors share: from boxes and scores per anchor to the few that are said."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from relens.inference.preprocess import Placement
from relens.inference.reader import FLOOR, MOST, Found
from relens.inference.suppress import suppress

Numbers = npt.NDArray[np.floating]
Indices = npt.NDArray[np.intp]


def of_scores(boxes: Numbers, scores: Numbers, placement: Placement, *, iou: float) -> Found:
    """From boxes (A, 4) x1 y1 x2 y2 in input pixels and scores (C, A): the best label of each anchor, then suppression."""
    labels = scores.argmax(axis=0)
    confidences = np.take_along_axis(scores, labels[None], axis=0)[0]
    likely = np.flatnonzero(confidences >= FLOOR)
    boxes, labels, confidences = boxes[likely], labels[likely], confidences[likely]
    kept = suppress(boxes, confidences, labels, iou=iou, most=MOST)
    return placed(boxes[kept], confidences[kept], labels[kept], placement)


def placed(boxes: Numbers, confidences: Numbers, labels: Indices, placement: Placement) -> Found:
    """The same in pixels of the original; what lies wholly outside it, in the padding, is left out."""
    there = placement.back(boxes)
    inside = (there[:, 2] > there[:, 0]) & (there[:, 3] > there[:, 1])
    return Found(labels[inside], np.clip(confidences[inside], 0.0, 1.0).astype(np.float32), there[inside])
