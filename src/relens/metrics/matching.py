"""Which detections found an object, in one image and for one label, at ten IoU thresholds and four object sizes.

Bit for bit what pycocotools decides, so that numbers can be compared with published ones. This is done once per
reviewed image; everything later (average precision, curves, bootstrap) reads the masks made here.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Masks = NDArray[np.uint16]
L = TypeVar("L", bound=Hashable)

IOU_THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10)
AREAS = ("all", "small", "medium", "large")
AREA_RANGES: Floats = np.array([[0, 1e10], [0, 32**2], [32**2, 96**2], [96**2, 1e10]], dtype=np.float64)
"""Square pixels, both ends inside."""
MOST_DETECTIONS = 100
"""Per image and label; the less confident rest is not looked at."""

_BITS = 1 << np.arange(len(IOU_THRESHOLDS), dtype=np.uint16)
_REACH: Floats = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)


@dataclass(frozen=True, eq=False)
class LabelMatch:
    """What one image says about one label. Bit t of a mask belongs to IOU_THRESHOLDS[t], column a to AREAS[a].

    `scores` float64[n] falling; `hits` uint16[n, 4]: found a real object; `ignored` uint16[n, 4]: counts neither way
    (a crowd, or an object of another size); `positives` int64[4]: objects to be found.
    """

    scores: Floats
    hits: Masks
    ignored: Masks
    positives: NDArray[np.int64]


def iou_matrix(dt_boxes: ArrayLike, gt_boxes: ArrayLike, gt_crowd: ArrayLike | None = None) -> Floats:
    """Overlap of each detection with each object, (n, m); boxes are x1 y1 x2 y2.

    For a crowd the union is the detection alone. Computed from x y width height in the order of operations of
    pycocotools' C code: a last bit decides at a threshold.
    """
    dt, gt = _xywh(dt_boxes)[:, None, :], _xywh(gt_boxes)[None, :, :]
    width = np.minimum(dt[..., 2] + dt[..., 0], gt[..., 2] + gt[..., 0]) - np.maximum(dt[..., 0], gt[..., 0])
    height = np.minimum(dt[..., 3] + dt[..., 1], gt[..., 3] + gt[..., 1]) - np.maximum(dt[..., 1], gt[..., 1])
    dt_area, gt_area = dt[..., 2] * dt[..., 3], gt[..., 2] * gt[..., 3]
    shared = width * height
    union = np.broadcast_to(dt_area, shared.shape) + gt_area - shared
    if gt_crowd is not None:
        union = np.where(np.asarray(gt_crowd, dtype=bool), dt_area, union)
    ious: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=(width > 0) & (height > 0))
    return ious


def match(
    dt_boxes: ArrayLike,
    scores: ArrayLike,
    gt_boxes: ArrayLike,
    gt_crowd: ArrayLike | None = None,
    gt_area: ArrayLike | None = None,
    *,
    ious: Floats | None = None,
    dt_area: ArrayLike | None = None,
) -> LabelMatch:
    """Match one label's detections with its objects in one image: the most confident chooses first.

    Boxes (n, 4) x1 y1 x2 y2 in pixels. `gt_area` defaults to the boxes' area; give the masks' area for segmentation,
    together with `ious` (n, m) and `dt_area` (n,), all in the order in which the detections are given.
    """
    confidence = np.asarray(scores, dtype=np.float64).ravel()
    order = np.argsort(-confidence, kind="stable")[:MOST_DETECTIONS]
    crowd = np.zeros(len(_xywh(gt_boxes)), dtype=bool) if gt_crowd is None else np.asarray(gt_crowd, dtype=bool).ravel()
    if ious is None:
        ious = iou_matrix(_boxes(dt_boxes)[order], gt_boxes, crowd)
    else:
        ious = np.asarray(ious, dtype=np.float64).reshape(len(confidence), len(crowd))[order]
    objects_area = _areas(gt_boxes) if gt_area is None else np.asarray(gt_area, dtype=np.float64).ravel()
    detections_area = (_areas(dt_boxes) if dt_area is None else np.asarray(dt_area, dtype=np.float64).ravel())[order]
    passed_over = crowd | _out_of_range(objects_area)
    matched, matched_ignored = _greedy(ious, crowd, passed_over)
    ignored = matched_ignored | (~matched & _out_of_range(detections_area).T[:, None, :])
    return LabelMatch(
        confidence[order],
        _packed(matched & ~ignored),
        _packed(ignored),
        np.count_nonzero(~passed_over, axis=1).astype(np.int64),
    )


def match_image(
    dt_boxes: ArrayLike,
    dt_scores: ArrayLike,
    dt_labels: Sequence[L],
    gt_boxes: ArrayLike,
    gt_labels: Sequence[L],
    gt_crowd: ArrayLike | None = None,
    gt_area: ArrayLike | None = None,
    *,
    ious: Floats | None = None,
    dt_area: ArrayLike | None = None,
) -> dict[L, LabelMatch]:
    """`match` for every label that occurs among the image's detections or objects.

    `ious` (n, m) of all detections and objects, with `dt_area`: overlaps that are not those of the boxes (masks).
    """
    dt, gt, scores = _boxes(dt_boxes), _boxes(gt_boxes), np.asarray(dt_scores, dtype=np.float64).ravel()
    crowd = np.zeros(len(gt), dtype=bool) if gt_crowd is None else np.asarray(gt_crowd, dtype=bool).ravel()
    area = _areas(gt) if gt_area is None else np.asarray(gt_area, dtype=np.float64).ravel()
    found, wanted = _places(dt_labels), _places(gt_labels)
    none: list[int] = []
    matches: dict[L, LabelMatch] = {}
    for label in found | wanted:
        d, g = found.get(label, none), wanted.get(label, none)
        if ious is None:
            matches[label] = match(dt[d], scores[d], gt[g], crowd[g], area[g])
        else:
            own = None if dt_area is None else np.asarray(dt_area, dtype=np.float64)[d]
            matches[label] = match(dt[d], scores[d], gt[g], crowd[g], area[g], ious=ious[np.ix_(d, g)], dt_area=own)
    return matches


def _greedy(
    ious: Floats, crowd: NDArray[np.bool_], passed_over: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(matched, matched with something ignored), each (detections, thresholds, areas).

    All thresholds and areas advance together. A real object is preferred to an ignored one whatever the overlap; of
    equal overlaps the later object wins; a crowd can be matched again.
    """
    n, m = ious.shape
    shape = (len(IOU_THRESHOLDS), len(AREAS))
    matched, with_ignored = np.zeros((2, n, *shape), dtype=bool)
    if m == 0:
        return matched, with_ignored
    taken = np.zeros((*shape, m), dtype=bool)
    for d in np.flatnonzero(ious.max(axis=1) >= _REACH[0]):
        reachable = (ious[d] >= _REACH[:, None])[:, None, :] & ~taken
        real = reachable & ~passed_over
        has_real = real.any(axis=2)
        choice = np.where(has_real[..., None], real, reachable)
        overlap = np.where(choice, ious[d], -1.0)
        best = m - 1 - np.argmax(overlap[..., ::-1], axis=2)
        hit = choice.any(axis=2)
        matched[d], with_ignored[d] = hit, hit & ~has_real
        at = np.nonzero(hit)
        chosen = best[at]
        taken[(*at, chosen)] = ~crowd[chosen]
    return matched, with_ignored


def _out_of_range(area: Floats) -> NDArray[np.bool_]:
    """(4, n): the area lies outside AREA_RANGES[a]."""
    return (area < AREA_RANGES[:, :1]) | (area > AREA_RANGES[:, 1:])


def _packed(masks: NDArray[np.bool_]) -> Masks:
    """(n, thresholds, areas) of bool as one uint16 per area."""
    return np.asarray((masks * _BITS[None, :, None]).sum(axis=1), dtype=np.uint16)


def _boxes(boxes: ArrayLike) -> Floats:
    return np.asarray(boxes, dtype=np.float64).reshape(-1, 4)


def _xywh(boxes: ArrayLike) -> Floats:
    xyxy = _boxes(boxes)
    return np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)


def _areas(boxes: ArrayLike) -> Floats:
    xywh = _xywh(boxes)
    return np.asarray(xywh[:, 2] * xywh[:, 3], dtype=np.float64)


def _places(labels: Sequence[L]) -> dict[L, list[int]]:
    places: dict[L, list[int]] = {}
    for index, label in enumerate(labels):
        places.setdefault(label, []).append(index)
    return places
