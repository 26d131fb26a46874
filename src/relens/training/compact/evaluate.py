"""What the run says of itself on its validation images; the product's own evaluation judges the result."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relens.training.compact.data import Floats, Indices

THRESHOLDS = np.linspace(0.5, 0.95, 10)


@dataclass(frozen=True)
class Found:
    """One image's detections, most confident first: boxes (n, 4), confidences (n,), labels (n,)."""

    boxes: Floats
    confidences: Floats
    labels: Indices


def pairwise_overlap(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """IoU (n, m) of boxes (n, 4) and (m, 4), as exact as these are."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(-1)
    areas = (a[:, 2:] - a[:, :2]).prod(1)[:, None] + (b[:, 2:] - b[:, :2]).prod(1)[None]
    return np.asarray(shared / (areas - shared + 1e-9))


def choose(boxes: Floats, scores: Floats, least: float = 0.01, iou: float = 0.65, most: int = 300) -> Found:
    """Detections of one image from boxes (A, 4) and scores (A, C): the best label of each box, then non-maximum suppression within labels.

    Second-best labels are never answered, and to count them would promise what the product's evaluation does not find.
    """
    best = scores.argmax(1)
    highest = scores[np.arange(len(scores)), best]
    cell = np.flatnonzero(highest > least)
    cell = cell[np.argsort(-highest[cell], kind="stable")[:2000]]
    label, confidence = best[cell], highest[cell]
    # In float64: at label 4 a float32 has thirty-seconds of a pixel left, and boxes at the limit go the other way than in the product.
    apart = boxes[cell].astype(np.float64) + label[:, None] * 1e5
    free = np.ones(len(apart), bool)
    kept = []
    for i in range(len(apart)):
        if free[i]:
            kept.append(i)
            if len(kept) == most:
                break
            free[i + 1 :] &= pairwise_overlap(apart[i : i + 1], apart[i + 1 :])[0] <= iou
    return Found(boxes[cell[kept]], confidence[kept], label[kept])


def mean_average_precision(found: Sequence[Found], truths: Sequence[tuple[Floats, Indices]]) -> dict[str, float]:
    """mAP at IoU 0.5 and over 0.5..0.95 for images in the same order; labels without a truth do not count."""
    present = sorted({int(label) for _, labels in truths for label in labels})
    if not present:
        return {}
    table = np.asarray([_average_precisions(found, truths, label) for label in present])
    return {"map50": round(float(table[:, 0].mean()), 4), "map50_95": round(float(table.mean()), 4)}


def _average_precisions(found: Sequence[Found], truths: Sequence[tuple[Floats, Indices]], label: int) -> list[float]:
    confidences, hits, total = [], [], 0
    for one, (boxes, labels) in zip(found, truths, strict=True):
        mine, theirs = one.labels == label, labels == label
        total += int(theirs.sum())
        confidences.append(one.confidences[mine])
        hits.append(_match(one.boxes[mine], boxes[theirs]))
    order = np.argsort(-np.concatenate(confidences), kind="stable")
    hit = np.concatenate(hits, 1)[:, order]
    return [_area(row, total) for row in hit]


def _match(boxes: Floats, truths: Floats) -> npt.NDArray[np.bool_]:
    """(thresholds, n): does each box, most confident first, take a truth of its own?"""
    hits = np.zeros((len(THRESHOLDS), len(boxes)), bool)
    if not len(boxes) or not len(truths):
        return hits
    iou = pairwise_overlap(boxes, truths)
    for row, threshold in zip(hits, THRESHOLDS, strict=True):
        free = iou.copy()
        for i in range(len(boxes)):
            best = int(free[i].argmax())
            if free[i, best] >= threshold:
                row[i] = True
                free[:, best] = -1
    return hits


def _area(hit: npt.NDArray[np.bool_], total: int) -> float:
    """Precision averaged at 101 recalls, as COCO does."""
    right = np.cumsum(hit)
    recall = right / total
    precision = right / np.arange(1, len(hit) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return float(np.append(precision, 0.0)[np.minimum(at, len(hit))].mean())
