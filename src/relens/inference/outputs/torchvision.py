"""torchvision's detectors: `boxes` (K, 4) in input pixels, `labels` (K,), `scores` (K,), without a batch axis.

Label 0 is the background and never said: the first label given is 1 (a leading "__background__" among the given ones is that 0).
Suppression is in the graph. Pinned to torchvision 0.28 `GeneralizedRCNN`, RetinaNet, FCOS and SSD.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relens.inference.graph import Graph
from relens.inference.outputs._boxes import placed
from relens.inference.outputs._labelled import in_answer, in_graph, said
from relens.inference.preprocess import Placement
from relens.inference.reader import Declared, Found

NAME = "torchvision"


class Torchvision:
    title = "torchvision (boxes, labels from 1, scores)"
    tasks = ("detection",)

    def refusal(self, graph: Graph) -> str | None:
        found = in_graph(graph)
        if found is None:
            return "it has not three outputs boxes (K, 4), labels (K,) of integers and scores (K,)"
        if found[0].masks is not None:
            return "it has masks: it is a segmenter"
        named = graph.metadata.get("relens.outputs")
        if (found[1] and named != NAME) or named == "labelled_boxes":
            return "its outputs have a batch axis or count labels from 0, which torchvision's do not"
        return None

    def declared(self, graph: Graph) -> Declared:
        found = in_graph(graph)
        unbatched = () if found is None or found[1] else tuple(value.name for value in graph.answers)
        return Declared("detection", background=True, unbatched=unbatched)

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        found = in_answer(outputs)
        if found is None:
            raise KeyError("boxes, labels and scores")
        boxes, confidences, labels, _ = said(outputs, found, first_label=1)
        return placed(boxes, confidences, labels, placement)


READER = Torchvision()
