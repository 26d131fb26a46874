"""Detectors of our own trainer: `boxes` (N, A, 4) in input pixels and `scores` (N, A, C), without suppression in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relens.inference.graph import Graph
from relens.inference.outputs._boxes import apart, likely
from relens.inference.preprocess import Placement
from relens.inference.reader import Declared, Found

IOU = 0.65


class CompactDetect:
    title = "Boxes and scores (Relens compact)"
    tasks = ("detection",)

    def refusal(self, graph: Graph) -> str | None:
        boxes, scores = graph.output("boxes"), graph.output("scores")
        if boxes is None or scores is None:
            return "it has no outputs called 'boxes' and 'scores'"
        if len(boxes.shape) != 3 or boxes.shape[2] not in (4, None) or len(scores.shape) != 3:
            return "its outputs 'boxes' and 'scores' are not (N, A, 4) and (N, A, C)"
        return None

    def declared(self, graph: Graph) -> Declared:
        scores = graph.output("scores")
        return Declared("detection", classes=scores.shape[2] if scores else None)

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        anchors, confidences, labels = likely(outputs["scores"].T)
        return apart(outputs["boxes"][anchors], confidences, labels, placement, iou=IOU)


READER = CompactDetect()
