"""Detectors that do everything themselves: `boxes` (N, K, 4) in input pixels, `labels` (N, K) from 0, `scores` (N, K).

So are the deployment exports of RT-DETR, D-FINE and DEIM, whose second input `orig_target_sizes` becomes a constant here, and of
many tools. Without a batch axis it is taken only when it is named, because torchvision's own count from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relens.inference.graph import Graph
from relens.inference.outputs._boxes import placed
from relens.inference.outputs._labelled import in_answer, in_graph, said
from relens.inference.preprocess import Placement
from relens.inference.reader import Declared, Found

NAME = "labelled_boxes"
SIZES = "orig_target_sizes"


class LabelledBoxes:
    title = "Boxes, labels from 0, scores"
    tasks = ("detection",)

    def refusal(self, graph: Graph) -> str | None:
        found = in_graph(graph)
        if found is None or found[0].masks is not None:
            return "it has not three outputs boxes (N, K, 4), labels (N, K) of integers and scores (N, K)"
        named = graph.metadata.get("relens.outputs")
        if named not in (None, NAME) or (not found[1] and named != NAME):
            return f"its outputs have no batch axis, as torchvision's, which count labels from 1 (name the reader '{NAME}' if these do not)"
        return None

    def declared(self, graph: Graph) -> Declared:
        found = in_graph(graph)
        unbatched = () if found is None or found[1] else tuple(value.name for value in graph.answers)
        sizes = tuple(value.name for value in graph.inputs if value.name == SIZES)
        return Declared("detection", resize="stretch" if sizes else "letterbox", unbatched=unbatched, fixed=sizes)

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        found = in_answer(outputs)
        if found is None:
            raise KeyError("boxes, labels and scores")
        boxes, confidences, labels, _ = said(outputs, found, first_label=0)
        return placed(boxes, confidences, labels, placement)


READER = LabelledBoxes()
