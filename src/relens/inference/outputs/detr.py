"""Detectors of the DETR family with a sigmoid per label: RT-DETR, D-FINE (Transformers), RF-DETR.

Boxes (N, Q, 4) are centre x, centre y, width, height as shares of the input, logits are (N, Q, C). Every pair of query and
label stands for itself, the best Q pairs are said, and nothing is suppressed: the queries were trained not to repeat each other.
A model that keeps a last column for "nothing there" (DETR, YOLOS) is another family.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from relens.inference.graph import Graph
from relens.inference.outputs._boxes import placed
from relens.inference.preprocess import Placement
from relens.inference.reader import FLOOR, MOST, Declared, Found

# By name: with three classes the two shapes are alike.
_NAMES = (("pred_boxes", "logits"), ("dets", "labels"))
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class Detr:
    title = "DETR family (RT-DETR, D-FINE, RF-DETR)"
    tasks = ("detection",)

    def refusal(self, graph: Graph) -> str | None:
        pair = _pair({value.name for value in graph.outputs})
        if pair is None:
            return "it has no outputs called 'pred_boxes' and 'logits', or 'dets' and 'labels'"
        boxes, logits = (graph.output(name) for name in pair)
        if boxes is None or len(boxes.shape) != 3 or boxes.shape[2] not in (4, None):
            return f"its output '{pair[0]}' is not (N, Q, 4)"
        if logits is None or len(logits.shape) != 3 or logits.dtype not in ("float32", "float16"):
            return f"its output '{pair[1]}' is not (N, Q, C) of floats"
        return None

    def declared(self, graph: Graph) -> Declared:
        pair = _pair({value.name for value in graph.outputs})
        logits = graph.output(pair[1]) if pair else None
        # RF-DETR normalises outside the graph; Transformers' exports of the others take shares of 255.
        mean, std = _IMAGENET if pair == _NAMES[1] else (None, None)
        return Declared("detection", classes=logits.shape[2] if logits else None, resize="stretch", mean=mean, std=std)

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        pair = _pair(set(outputs)) or _NAMES[0]
        shares, logits = outputs[pair[0]], outputs[pair[1]]
        queries, classes = logits.shape
        confidences = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64).ravel(), -60, 60)))
        order = np.argsort(-confidences, kind="stable")[: min(queries, MOST)]
        order = order[confidences[order] >= FLOOR]
        centres, halves = np.split(shares[order // classes].astype(np.float64), 2, axis=1)
        corners = np.hstack((centres - halves / 2, centres + halves / 2))
        boxes = corners * np.tile((placement.input_width, placement.input_height), 2)
        return placed(boxes, confidences[order], order % classes, placement)


def _pair(names: set[str]) -> tuple[str, str] | None:
    return next((pair for pair in _NAMES if names >= set(pair)), None)


READER = Detr()
