"""Detectors of the DETR family with a sigmoid per label: RT-DETR, D-FINE (Transformers), RF-DETR.

Boxes (N, Q, 4) are centre x, centre y, width, height as shares of the input, logits are (N, Q, C). Every pair of query and
label stands for itself, the best Q pairs are said, and nothing is suppressed: the queries were trained not to repeat each other.
Pinned to Transformers 5.23 `RTDetrImageProcessor.post_process_object_detection` and rfdetr 1.11 `PostProcess`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relens.inference.graph import Graph
from relens.inference.outputs._boxes import placed
from relens.inference.outputs._detr import best_pairs, corners_in_input, declared, pair, refusal
from relens.inference.preprocess import Placement
from relens.inference.reader import Declared, Found


class Detr:
    title = "DETR family (RT-DETR, D-FINE, RF-DETR)"
    tasks = ("detection",)

    def refusal(self, graph: Graph) -> str | None:
        if graph.output("masks") is not None:
            return "it has masks: it is a segmenter"
        return refusal(graph, background=False)

    def declared(self, graph: Graph) -> Declared:
        return declared(graph, "detection")

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        boxes, logits = pair(outputs)
        queries, confidences, labels = best_pairs(outputs[logits])
        return placed(corners_in_input(outputs[boxes][queries], placement), confidences, labels, placement)


READER = Detr()
