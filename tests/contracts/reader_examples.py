"""For every reader: models in its layout, and its post-processing once more, in plain loops from the vendor's description."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from relens.inference.reader import FLOOR, MOST
from relens.testing import tiny_models
from relens.testing.readers import PLACEMENT, Example, Outputs, Row

Anchor = tuple[int, float, tuple[float, ...]]
WIDTH, HEIGHT = PLACEMENT.input_width, PLACEMENT.input_height
GRID = (40, 120)


def naive_detections(anchors: list[Anchor], iou: float | None, masks: Any = None, most: int = MOST) -> list[Row]:
    """Best first; one by one against those kept; led back to the original; what is then empty goes. Plain Python."""

    def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
        width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        if width <= 0 or height <= 0:
            return 0.0
        union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
        return width * height / union

    kept: list[tuple[int, Anchor]] = []
    for number, row in sorted(enumerate(anchors), key=lambda one: -one[1][1]):
        rivals = [other for _, other in kept if iou is not None and other[0] == row[0]]
        if row[1] >= FLOOR and len(kept) < most and all(overlap(row[2], other[2]) <= (iou or 1) for other in rivals):
            kept.append((number, row))
    found = []
    for number, (label, confidence, (x1, y1, x2, y2)) in kept:
        box = ((x1 - 3) / 0.5, (y1 + 7) / 0.25, (x2 - 3) / 0.5, (y2 + 7) / 0.25)
        box = tuple(min(max(v, 0.0), most) for v, most in zip(box, (900.0, 700.0) * 2, strict=True))
        if box[2] > box[0] and box[3] > box[1]:
            mask = None if masks is None else naive_mask(masks(number), (x1, y1, x2, y2))
            found.append(Row(label, confidence, box, mask))
    return found


def naive_mask(logits: np.ndarray, box: tuple[float, ...]) -> np.ndarray:
    """Enlarged to the input as `interpolate(mode="bilinear")` does, then cut at zero, at the box, and at the image."""
    rows, columns = logits.shape
    y = np.clip((np.arange(HEIGHT) + 0.5) * rows / HEIGHT - 0.5, 0, rows - 1)
    x = np.clip((np.arange(WIDTH) + 0.5) * columns / WIDTH - 0.5, 0, columns - 1)
    top, left = np.minimum(y.astype(int), rows - 2), np.minimum(x.astype(int), columns - 2)
    dy, dx = (y - top)[:, None], (x - left)[None, :]
    large = (
        logits[top][:, left] * (1 - dy) * (1 - dx) + logits[top][:, left + 1] * (1 - dy) * dx
        + logits[top + 1][:, left] * dy * (1 - dx) + logits[top + 1][:, left + 1] * dy * dx
    )  # fmt: skip
    across, down = np.arange(WIDTH)[None, :] + 0.5, np.arange(HEIGHT)[:, None] + 0.5
    inside = (across >= box[0]) & (across < box[2]) & (down >= box[1]) & (down < box[3])
    shown = (across >= 3) & (across < 3 + 450) & (down >= -7) & (down < -7 + 175)
    return (large > 0) & inside & shown


def crowd(seed: int, count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (count, 4) around a few things, some of them off the image, and scores (count, classes)."""
    chance = np.random.default_rng(seed)
    centre, size = chance.uniform(-20, 460, (12, 2)), chance.uniform(10, 120, (12, 2))
    thing = chance.integers(0, 12, count)
    middle = centre[thing] + chance.normal(0, 5, (count, 2))
    half = size[thing] * chance.uniform(0.8, 1.2, (count, 2)) / 2
    scores = chance.beta(0.3, 4, (count, classes)) * chance.uniform(0, 1, (count, 1))
    return np.hstack((middle - half, middle + half)).astype(np.float32), scores.astype(np.float32)


def blobs(seed: int, count: int, shape: tuple[int, int] = GRID) -> np.ndarray:
    """Smooth fields (count, h, w) that are positive in some places, as prototypes and masks are."""
    chance = np.random.default_rng([seed, 7])
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    fields = []
    for _ in range(count):
        waves = [
            chance.normal()
            * np.sin(x * chance.uniform(0.02, 0.25) + y * chance.uniform(0.02, 0.25) + chance.uniform(0, 6))
            for _ in range(4)
        ]
        fields.append(sum(waves) + 0.4)
    return np.asarray(fields, np.float32)


def best_of_each(boxes: np.ndarray, scores: np.ndarray) -> list[Anchor]:
    return [
        (max(range(len(row)), key=lambda c: row[c]), max(row), tuple(box))
        for box, row in zip(boxes.tolist(), scores.tolist(), strict=True)
    ]


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def softmax_of(values: list[float]) -> list[float]:
    powers = [math.exp(value) for value in values]
    return [power / sum(powers) for power in powers]


def centred(boxes: np.ndarray) -> np.ndarray:
    return np.hstack(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2])).astype(np.float32)


def cornered(rows: np.ndarray) -> np.ndarray:
    return np.asarray([[x - w / 2, y - h / 2, x + w / 2, y + h / 2] for x, y, w, h in rows.tolist()])


def compact(seed: int) -> tuple[Outputs, list[Row]]:
    boxes, scores = crowd(seed, 400, 3)
    return {"boxes": boxes, "scores": scores}, naive_detections(best_of_each(boxes, scores), 0.65)


def ultralytics_raw(seed: int) -> tuple[Outputs, list[Row]]:
    boxes, scores = crowd(seed, 700, 5)
    rows = np.hstack((centred(boxes), scores)).T
    return {"output0": rows}, naive_detections(best_of_each(cornered(rows[:4].T), scores), 0.7)


def ultralytics_end_to_end(seed: int) -> tuple[Outputs, list[Row]]:
    boxes, scores = crowd(seed, 300, 5)
    rows = [(*box, confidence, label) for label, confidence, box in best_of_each(boxes, scores)]
    return {"output0": np.asarray(rows, np.float32)}, naive_detections(best_of_each(boxes, scores), None)


def ultralytics_segment(seed: int) -> tuple[Outputs, list[Row]]:
    boxes, scores = crowd(seed, 300, 4)
    prototypes, parts = blobs(seed, 8), np.random.default_rng(seed).normal(0, 1, (300, 8)).astype(np.float32)
    rows = np.hstack((centred(boxes), scores, parts)).T

    def mask(number: int) -> np.ndarray:
        return sum(float(parts[number, k]) * prototypes[k] for k in range(8))

    anchors = best_of_each(cornered(rows[:4].T), scores)
    return {"output0": rows, "output1": prototypes}, naive_detections(anchors, 0.7, mask, most=100)


def ultralytics_segment_end_to_end(seed: int) -> tuple[Outputs, list[Row]]:
    boxes, scores = crowd(seed, 60, 4)
    prototypes, parts = blobs(seed, 8), np.random.default_rng(seed).normal(0, 1, (60, 8)).astype(np.float32)
    anchors = best_of_each(boxes, scores)
    rows = [(*box, confidence, label, *parts[i]) for i, (label, confidence, box) in enumerate(anchors)]

    def mask(number: int) -> np.ndarray:
        return np.tensordot(parts[number], prototypes, 1)

    return {"output0": np.asarray(rows, np.float32), "output1": prototypes}, naive_detections(anchors, None, mask)


def ultralytics_rtdetr(seed: int) -> tuple[Outputs, list[Row]]:
    boxes, scores = crowd(seed, 300, 3)
    anchors = best_of_each(boxes, scores)
    rows = centred(boxes) / np.asarray([WIDTH, HEIGHT] * 2)
    if seed % 2:
        array = np.hstack((rows, scores))
    else:
        array = np.hstack((rows, [[confidence, label] for label, confidence, _ in anchors]))
    return {"output0": array.astype(np.float32)}, naive_detections(anchors, None)


def detr(seed: int) -> tuple[Outputs, list[Row]]:
    boxes, _ = crowd(seed, 80, 4)
    logits = np.random.default_rng(seed).normal(-3, 3, (80, 4)).astype(np.float32)
    shares = centred(boxes) / np.asarray([WIDTH, HEIGHT] * 2)
    pairs = [
        (label, sigmoid(float(logits[query, label])), tuple(boxes[query].tolist()))
        for query in range(80)
        for label in range(4)
    ]
    names = ("pred_boxes", "logits") if seed % 2 else ("dets", "labels")
    best = sorted(pairs, key=lambda row: -row[1])[:80]
    outputs: Outputs = dict(zip(names, (shares.astype(np.float32), logits), strict=True))
    return outputs, naive_detections(best, None)


def detr_softmax(seed: int) -> tuple[Outputs, list[Row]]:
    boxes, _ = crowd(seed, 90, 4)
    logits = np.random.default_rng(seed).normal(0, 3, (90, 5)).astype(np.float32)
    shares = (centred(boxes) / np.asarray([WIDTH, HEIGHT] * 2)).astype(np.float32)
    chances = [softmax_of(row)[:-1] for row in logits.tolist()]
    anchors = best_of_each(boxes, np.asarray(chances))
    return {"pred_boxes": shares, "logits": logits}, naive_detections(anchors, None)


def rf_detr_segment(seed: int) -> tuple[Outputs, list[Row]]:
    boxes, _ = crowd(seed, 40, 3)
    logits = np.random.default_rng(seed).normal(-3, 3, (40, 3)).astype(np.float32)
    masks = blobs(seed, 40, (20, 60))
    shares = (centred(boxes) / np.asarray([WIDTH, HEIGHT] * 2)).astype(np.float32)
    found = []
    for score, query, label in sorted(
        ((sigmoid(float(logits[q, c])), q, c) for q in range(40) for c in range(3)), key=lambda one: -one[0]
    )[:40]:
        x1, y1, x2, y2 = boxes[query].tolist()
        more = (x2 - x1) * 0.1, (y2 - y1) * 0.1
        if score >= FLOOR:
            mask = naive_mask(masks[query], (x1 - more[0], y1 - more[1], x2 + more[0], y2 + more[1]))
            found.append(Row(label, score, (), mask))
    return {"dets": shares, "labels": logits, "masks": masks}, found


def labelled(seed: int, first: int) -> tuple[Outputs, list[Anchor]]:
    boxes, scores = crowd(seed, 200, 4)
    anchors = best_of_each(boxes, scores)
    labels = np.asarray([label + first for label, _, _ in anchors], np.int64)
    confidences = np.asarray([confidence for _, confidence, _ in anchors], np.float32)
    return {"boxes": boxes, "labels": labels, "scores": confidences}, anchors


def torchvision(seed: int) -> tuple[Outputs, list[Row]]:
    outputs, anchors = labelled(seed, 1)
    outputs["labels"][::9] = 0
    return outputs, naive_detections([a for i, a in enumerate(anchors) if i % 9], None)


def labelled_boxes(seed: int) -> tuple[Outputs, list[Row]]:
    outputs, anchors = labelled(seed, 0)
    return outputs, naive_detections(anchors, None)


def torchvision_segment(seed: int) -> tuple[Outputs, list[Row]]:
    outputs, anchors = labelled(seed, 1)
    few = slice(0, 40)
    outputs = {name: values[few] for name, values in outputs.items()}
    fields = blobs(seed, 40, (HEIGHT, WIDTH))
    outputs["masks"] = (1 / (1 + np.exp(-fields)))[:, None]
    return outputs, naive_detections(anchors[few], None, lambda number: fields[number])


def softmax(seed: int) -> tuple[Outputs, list[Row]]:
    logits = np.random.default_rng(seed).normal(0, 5, 12)
    shares = softmax_of(logits.tolist())
    written = logits if seed % 2 else np.asarray(shares)
    rows = sorted((Row(i, share) for i, share in enumerate(shares)), key=lambda row: -row.confidence)
    return {"logits" if seed % 2 else "probabilities": written.astype(np.float32)}, rows


def multilabel(seed: int, logits: bool = False) -> tuple[Outputs, list[Row]]:
    numbers = np.random.default_rng(seed).normal(-1, 3, 12).astype(np.float32)
    chances = [sigmoid(value) for value in numbers.tolist()]
    rows = sorted((Row(i, chance) for i, chance in enumerate(chances)), key=lambda row: -row.confidence)
    return {"output": numbers if logits else np.asarray(chances, np.float32)}, rows


def arrays(*labels: str, given: bool = False, metadata: dict[str, str] | None = None, **shapes: Any) -> bytes:
    """A model that answers with zeros of these shapes; a dtype after a shape makes it whole numbers."""
    written = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    own = {} if given else {"relens.labels": str(list(labels)).replace("'", '"')}
    return tiny_models.constant(written, metadata={**own, **(metadata or {})})


def labelled_model(batch: bool, masks: bool = False) -> bytes:
    lead = (1,) if batch else ()
    zeros: dict[str, Any] = {
        "boxes": np.zeros((*lead, 9, 4), np.float32),
        "labels": np.zeros((*lead, 9), np.int64),
        "scores": np.zeros((*lead, 9), np.float32),
    }
    if masks:
        zeros["masks"] = np.zeros((*lead, 9, 1, 64, 64), np.float32)
    return tiny_models.constant(zeros)


def ultralytics_model(task: str, **shapes: Any) -> bytes:
    names = {"names": "{0: 'a', 1: 'b', 2: 'c', 3: 'd'}", "task": task, "imgsz": "[64, 64]"}
    return arrays(given=True, metadata=names, **shapes)


def rtdetr_model(columns: int, names: str) -> bytes:
    metadata = {"task": "detect", "names": names, "description": "Ultralytics RT-DETR-l model", "head": "RTDETRDecoder"}
    return arrays(given=True, metadata=metadata, output0=(1, 300, columns))


AB = {"labels": ("a", "b")}
EXAMPLES: dict[str, list[Example]] = {
    "compact_detect": [Example(tiny_models.detector, compact)],
    "detr": [
        Example(lambda: arrays("a", "b", pred_boxes=(1, 30, 4), logits=(1, 30, 2)), detr),
        Example(lambda: arrays("a", "b", dets=(1, 30, 4), labels=(1, 30, 2)), detr),
        Example(lambda: arrays("a", "b", dets=(1, 30, 4), labels=(1, 30, 3)), detr),
    ],
    "detr_softmax": [Example(lambda: arrays("a", "b", pred_boxes=(1, 30, 4), logits=(1, 30, 3)), detr_softmax)],
    "labelled_boxes": [
        Example(lambda: labelled_model(batch=True), labelled_boxes, AB),
        Example(lambda: labelled_model(batch=False), labelled_boxes, AB, named=True),
    ],
    "multilabel": [Example(lambda: tiny_models.multilabel(), multilabel)],
    "multilabel_logits": [
        Example(lambda: tiny_models.multilabel(logits=True), lambda seed: multilabel(seed, True), named=True)
    ],
    "rf_detr_segment": [
        Example(lambda: arrays("a", "b", dets=(1, 9, 4), labels=(1, 9, 3), masks=(1, 9, 16, 16)), rf_detr_segment)
    ],
    "softmax": [
        Example(tiny_models.classifier, softmax),
        Example(lambda: tiny_models.classifier(logits=True), softmax),
    ],
    "torchvision": [
        Example(lambda: labelled_model(batch=False), torchvision, AB),
        Example(lambda: labelled_model(batch=True), torchvision, {"labels": ("__background__", "a")}, named=True),
    ],
    "torchvision_segment": [Example(lambda: labelled_model(batch=False, masks=True), torchvision_segment, AB)],
    "ultralytics_detect": [
        Example(lambda: tiny_models.detector(layout="ultralytics"), ultralytics_raw),
        Example(lambda: tiny_models.detector(layout="ultralytics_end2end"), ultralytics_end_to_end),
    ],
    "ultralytics_rtdetr": [
        Example(lambda: rtdetr_model(6, "{0: 'a', 1: 'b'}"), ultralytics_rtdetr),
        Example(lambda: rtdetr_model(7, "{0: 'a', 1: 'b', 2: 'c'}"), ultralytics_rtdetr),
    ],
    "ultralytics_segment": [
        Example(lambda: tiny_models.segmenter(), ultralytics_segment),
        Example(
            lambda: ultralytics_model("segment", output0=(1, 300, 14), output1=(1, 8, 16, 16)),
            ultralytics_segment_end_to_end,
        ),
    ],
}
