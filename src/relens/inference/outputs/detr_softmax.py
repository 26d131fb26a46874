"""Detectors of the DETR family whose last column means "nothing there": DETR and YOLOS.

Each query says one label: the best of its softmax without the last column. The file cannot say so itself: it is known by its
labels, which are one fewer than its columns. Pinned to Transformers 5.23 `DetrImageProcessor.post_process_object_detection`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from relens.inference.graph import Graph
from relens.inference.outputs._boxes import best, placed
from relens.inference.outputs._detr import corners_in_input, imagenet, pair, refusal
from relens.inference.preprocess import Placement
from relens.inference.reader import Declared, Found


class DetrSoftmax:
    title = "DETR, YOLOS (a last column for nothing)"
    tasks = ("detection",)

    def refusal(self, graph: Graph) -> str | None:
        return refusal(graph, background=True)

    def declared(self, graph: Graph) -> Declared:
        return imagenet(graph, "detection")

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        boxes, logits = pair(outputs)
        numbers = outputs[logits].astype(np.float64)
        powers = np.exp(numbers - numbers.max(axis=1, keepdims=True))
        chances = (powers / powers.sum(axis=1, keepdims=True))[:, :-1]
        labels = chances.argmax(axis=1)
        confidences = chances[np.arange(len(labels)), labels]
        order = best(confidences)
        there = corners_in_input(outputs[boxes][order], placement)
        return placed(there, confidences[order], labels[order], placement)


READER = DetrSoftmax()
