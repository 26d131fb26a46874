"""Random detection data and the reference implementation's verdict on it."""

import contextlib
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from relens.metrics.average_precision import ApStore
from relens.metrics.matching import match_image


@dataclass
class Scene:
    """One image: boxes are x y width height as COCO has them."""

    gt: NDArray[np.float64]
    gt_labels: list[int]
    crowd: NDArray[np.bool_]
    dt: NDArray[np.float64]
    dt_labels: list[int]
    scores: NDArray[np.float64]


def random_scene(rng: np.random.Generator, labels: int = 4, most: int = 8, decimals: int = 1) -> Scene:
    """Objects of all sizes, some crowds; detections near them or anywhere; confidences with many ties."""
    n, extra = int(rng.integers(0, most)), int(rng.integers(0, most))
    size = np.exp(rng.uniform(2, 5.5, (n, 2)))
    gt = np.concatenate([np.round(rng.uniform(0, 300, (n, 2))), np.round(size)], axis=1)
    near = gt[rng.integers(0, n, extra)] if n else np.empty((0, 4))
    near = near + rng.normal(0, 0.08, near.shape) * np.tile(near[:, 2:], 2)
    anywhere = np.concatenate([rng.uniform(0, 300, (extra, 2)), np.exp(rng.uniform(2, 5, (extra, 2)))], axis=1)
    dt = np.concatenate([near, anywhere, gt[: n // 2]])
    dt[:, 2:] = np.maximum(dt[:, 2:], 1)
    gt_labels = rng.integers(0, labels, n).tolist()
    return Scene(
        gt,
        gt_labels,
        rng.random(n) < 0.15,
        dt,
        rng.integers(0, labels, len(dt) - n // 2).tolist() + gt_labels[: n // 2],
        np.round(rng.random(len(dt)), decimals),
    )


def xyxy(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def xywh_after_round_trip(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the boxes are as x y width height once they were x1 y1 x2 y2: the last bit may differ."""
    corners = xyxy(boxes)
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)


def insert(store: ApStore, key: int | str, scene: Scene) -> None:
    store.insert(
        key,
        match_image(xyxy(scene.dt), scene.scores, scene.dt_labels, xyxy(scene.gt), scene.gt_labels, scene.crowd),
    )


def reference(scenes: dict[int, Scene], labels: int) -> COCOeval:
    """pycocotools on the same data, accumulated and summarised."""
    annotations, detections = [], []
    for image, scene in sorted(scenes.items()):
        for box, label, crowd in zip(xywh_after_round_trip(scene.gt), scene.gt_labels, scene.crowd, strict=True):
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image, "category_id": label, "bbox": box.tolist()}
                | {"area": float(box[2] * box[3]), "iscrowd": int(crowd)}
            )
        for box, label, score in zip(xywh_after_round_trip(scene.dt), scene.dt_labels, scene.scores, strict=True):
            detections.append({"image_id": image, "category_id": label, "bbox": box.tolist(), "score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": image} for image in sorted(scenes)],
            "categories": [{"id": label} for label in range(labels)],
            "annotations": annotations,
        }
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(detections) if detections else _no_detections(truth), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def _no_detections(truth: COCO) -> COCO:
    empty = COCO()
    empty.dataset = {**truth.dataset, "annotations": []}
    empty.createIndex()
    return empty
