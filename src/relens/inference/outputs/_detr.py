"""What the readers of the DETR family share: two outputs by name, boxes as shares of the input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from relens.inference.graph import Graph, Value
from relens.inference.outputs._boxes import FAR, Indices, Numbers, best, corners
from relens.inference.preprocess import Placement
from relens.inference.reader import MOST, Declared

# By name: with three classes the two shapes are alike.
_NAMES = (("pred_boxes", "logits"), ("dets", "labels"))
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def pair(names: Iterable[str]) -> tuple[str, str]:
    """The names of the boxes and of the logits; the first pair there is where neither is whole."""
    there = set(names)
    return next((pair for pair in _NAMES if there >= set(pair)), _NAMES[0])


def refusal(graph: Graph, *, background: bool) -> str | None:
    """Why this is no such model; `background`: whether the logits keep a last column for "nothing there"."""
    boxes_name, logits_name = pair(value.name for value in graph.outputs)
    boxes, logits = graph.output(boxes_name), graph.output(logits_name)
    if boxes is None or logits is None:
        return "it has no outputs called 'pred_boxes' and 'logits', or 'dets' and 'labels'"
    if len(boxes.shape) != 3 or boxes.shape[2] not in (4, None):
        return f"its output '{boxes_name}' is not (N, Q, 4)"
    if len(logits.shape) != 3 or logits.dtype not in ("float32", "float16"):
        return f"its output '{logits_name}' is not (N, Q, C) of floats"
    if boxes_name == "pred_boxes" and background != _one_more_than_labels(graph, logits):
        if background:
            return "it has not one column more than labels, for 'nothing there': give the labels without that column"
        return "it has one column more than labels: a DETR or YOLOS, whose last column means 'nothing there'"
    if background and boxes_name == "dets":
        return "it is an RF-DETR, which has a sigmoid for each label"
    return None


def declared(graph: Graph, task: str) -> Declared:
    """RF-DETR keeps a last column it never trains; with the labels of all others given, that column goes."""
    boxes, name = pair(value.name for value in graph.outputs)
    logits = graph.output(name)
    classes = logits.shape[2] if logits else None
    spare = boxes == "dets" and logits is not None and classes is not None and _one_more_than_labels(graph, logits)
    # RF-DETR normalises outside the graph; Transformers' exports of RT-DETR and D-FINE take shares of 255.
    mean, std = _IMAGENET if boxes == "dets" else (None, None)
    return Declared(
        task,
        classes=classes - 1 if spare and classes else classes,
        resize="stretch",
        mean=mean,
        std=std,
        without_last=(name,) if spare else (),
    )


def imagenet(graph: Graph, task: str) -> Declared:
    """For DETR and YOLOS: ImageNet's mean and deviation, one column more than labels."""
    logits = graph.output("logits")
    classes = logits.shape[2] if logits else None
    mean, std = _IMAGENET
    return Declared(task, classes=classes - 1 if classes else None, resize="stretch", mean=mean, std=std)


def best_pairs(logits: Any) -> tuple[Indices, Numbers, Indices]:
    """(queries, confidences, labels) of the best Q pairs of query and label, each by its own sigmoid."""
    queries, classes = logits.shape
    confidences = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64).ravel(), -60, 60)))
    order = best(confidences, min(queries, MOST))
    return order // classes, confidences[order], order % classes


def corners_in_input(shares: Numbers, placement: Placement) -> Numbers:
    """x1 y1 x2 y2 in input pixels."""
    size = np.asarray([placement.input_width, placement.input_height] * 2)
    return np.asarray(corners(np.clip(shares, -FAR, FAR)) * size)


def _one_more_than_labels(graph: Graph, logits: Value) -> bool:
    return graph.labels is not None and logits.shape[2] == len(graph.labels) + 1
