"""Detectors exported by Ultralytics: `output0` is (N, 4 + classes, A), or (N, M, 6) when suppression is in the graph.

The rows of the first are centre x, centre y, width, height in input pixels and one score per class; the columns of the second
x1, y1, x2, y2, score, class. The metadata (names, task, imgsz, end2end) are Python literals.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from relens.inference.graph import Graph
from relens.inference.outputs._boxes import FAR, apart, best, corners, likely, placed
from relens.inference.outputs._ultralytics import is_rtdetr, names, size
from relens.inference.preprocess import Placement
from relens.inference.reader import Declared, Found

IOU = 0.7
_TASK = "detect"


class UltralyticsDetect:
    title = "Ultralytics detect"
    tasks = ("detection",)

    def refusal(self, graph: Graph) -> str | None:
        task = graph.metadata.get("task", _TASK)
        if task != _TASK:
            return f"its metadata say task '{task}', not '{_TASK}'"
        if is_rtdetr(graph):
            return "it is an RT-DETR, whose boxes are shares of the image"
        outputs = graph.answers
        if len(outputs) != 1 or len(outputs[0].shape) != 3:
            return "it has not one output (N, 4 + classes, anchors) or (N, boxes, 6)"
        middle, last = outputs[0].shape[1:]
        if last != 6 and (middle is None or middle < 5 or (last is not None and last < middle)):
            return f"its output {outputs[0]} is neither (N, 4 + classes, anchors) nor (N, boxes, 6)"
        return None

    def declared(self, graph: Graph) -> Declared:
        shape = graph.answers[0].shape
        classes = None if _end_to_end(shape[1:]) or shape[1] is None else shape[1] - 4
        return Declared("detection", classes, names(graph), size(graph))

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        array = next(value for name, value in outputs.items() if name != "features")
        return _read_end_to_end(array, placement) if _end_to_end(array.shape) else _read_raw(array, placement)


def _end_to_end(shape: tuple[int | None, ...]) -> bool:
    return shape[-1] == 6


def _read_raw(array: Any, placement: Placement) -> Found:
    anchors, confidences, labels = likely(array[4:])
    boxes = corners(np.clip(array[:4, anchors].T, -FAR, FAR))
    return apart(boxes, confidences, labels, placement, iou=IOU)


def _read_end_to_end(array: Any, placement: Placement) -> Found:
    order = best(array[:, 4])
    labels = np.clip(array[order, 5], -1, FAR).astype(np.intp)
    return placed(array[order, :4], array[order, 4], labels, placement)


READER = UltralyticsDetect()
