"""torchvision's Mask R-CNN: boxes, labels and scores as its detectors have, and `masks` (K, 1, height, width), from 0 to 1.

Masks are as large as the input and positive above one half. Label 0 is the background.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relens.inference.graph import Graph
from relens.inference.outputs._labelled import in_answer, in_graph, said
from relens.inference.outputs._masks import segmented
from relens.inference.preprocess import Placement
from relens.inference.reader import Declared, Found


class TorchvisionSegment:
    title = "torchvision Mask R-CNN"
    tasks = ("segmentation",)

    def refusal(self, graph: Graph) -> str | None:
        found = in_graph(graph)
        if found is None or found[0].masks is None:
            return "it has not four outputs boxes (K, 4), labels (K,) of integers, scores (K,) and masks (K, 1, height, width)"
        return None

    def declared(self, graph: Graph) -> Declared:
        found = in_graph(graph)
        unbatched = () if found is None or found[1] else tuple(value.name for value in graph.answers)
        return Declared("segmentation", background=True, unbatched=unbatched)

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        found = in_answer(outputs)
        if found is None or found.masks is None:
            raise KeyError("boxes, labels, scores and masks")
        boxes, confidences, labels, rows = said(outputs, found, first_label=1)
        masks = outputs[found.masks]
        masks = masks[:, 0] if masks.ndim == 4 else masks

        def field(i: int, down: slice, across: slice) -> Any:
            return masks[rows[i], down, across] - 0.5

        return segmented(boxes, confidences, labels, field, masks.shape[1:], placement)


READER = TorchvisionSegment()
