"""Segmenters exported by Ultralytics: `output0` as its detectors have with mask coefficients beside, `output1` the prototypes.

`output0` is (N, 4 + classes + M, A), or (N, boxes, 6 + M) when suppression is in the graph; `output1` is (N, M, h, w). A mask is
positive where its coefficients times the prototypes are, within its box. Pinned to Ultralytics 8.4 `ops.process_mask`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from relens.inference.graph import Graph, Shape
from relens.inference.outputs._boxes import FAR, best, corners, likely, stay
from relens.inference.outputs._masks import MOST_OUTLINES, segmented
from relens.inference.outputs._ultralytics import names, size
from relens.inference.preprocess import Placement
from relens.inference.reader import Declared, Found

IOU = 0.7
_TASK = "segment"


class UltralyticsSegment:
    title = "Ultralytics segment"
    tasks = ("segmentation",)

    def refusal(self, graph: Graph) -> str | None:
        task = graph.metadata.get("task", _TASK)
        if task != _TASK:
            return f"its metadata say task '{task}', not '{_TASK}'"
        shapes = [value.shape for value in graph.answers]
        if sorted(map(len, shapes)) != [3, 4] or _masks(shapes) is None:
            return "it has not two outputs, (N, 4 + classes + masks, anchors) and (N, masks, height, width)"
        first = next(shape for shape in shapes if len(shape) == 3)
        if not _end_to_end(first, _masks(shapes)) and (first[1] is None or first[1] < 5 + (_masks(shapes) or 0)):
            return "its first output has no room for boxes, classes and mask coefficients"
        return None

    def declared(self, graph: Graph) -> Declared:
        shapes = [value.shape for value in graph.answers]
        first, masks = next(shape for shape in shapes if len(shape) == 3), _masks(shapes)
        open_ended = _end_to_end(first, masks) or first[1] is None or masks is None
        classes = None if open_ended else (first[1] or 0) - 4 - (masks or 0)
        return Declared("segmentation", classes, names(graph), size(graph))

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        array = next(value for name, value in outputs.items() if value.ndim == 2 and name != "features")
        prototypes = next(value for value in outputs.values() if value.ndim == 3)
        masks = len(prototypes)
        if _end_to_end((1, *array.shape), masks):
            rows = array[best(array[:, 4])]
            boxes, confidences, parts = rows[:, :4], rows[:, 4], rows[:, 6:]
            labels = np.clip(rows[:, 5], -1, FAR).astype(np.intp)
        else:
            anchors, confidences, labels = likely(array[4:-masks])
            boxes = corners(np.clip(array[:4, anchors].T, -FAR, FAR))
            kept = stay(boxes, confidences, labels, iou=IOU)
            boxes, confidences, labels = boxes[kept], confidences[kept], labels[kept]
            parts = array[-masks:, anchors[kept]].T
        grid = prototypes.shape[1:]
        flat = np.clip(prototypes.reshape(masks, -1), -FAR, FAR).astype(np.float32)
        fields = (np.clip(parts[:MOST_OUTLINES], -FAR, FAR).astype(np.float32) @ flat).reshape(-1, *grid)

        def field(i: int, rows: slice, columns: slice) -> Any:
            return fields[i, rows, columns]

        return segmented(boxes, confidences, labels, field, grid, placement)


def _masks(shapes: list[Shape]) -> int | None:
    return next((shape[1] for shape in shapes if len(shape) == 4), None)


def _end_to_end(shape: Shape, masks: int | None) -> bool:
    return masks is not None and shape[2] == 6 + masks


READER = UltralyticsSegment()
