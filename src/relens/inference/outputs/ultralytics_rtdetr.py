"""RT-DETRs exported by Ultralytics: one output (N, Q, 6) of centre x, centre y, width, height as shares, score and class.

Older ones (before 8.4) are (N, Q, 4 + classes), one score for each class. Images are stretched to the input. Pinned to
Ultralytics 8.4 `RTDETRPredictor.postprocess`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from relens.inference.graph import Graph
from relens.inference.outputs._boxes import FAR, best, placed
from relens.inference.outputs._detr import corners_in_input
from relens.inference.outputs._ultralytics import is_rtdetr, names, size
from relens.inference.preprocess import Placement
from relens.inference.reader import Declared, Found


class UltralyticsRtdetr:
    title = "Ultralytics RT-DETR"
    tasks = ("detection",)

    def refusal(self, graph: Graph) -> str | None:
        if not is_rtdetr(graph):
            return "its metadata do not say that it is an RT-DETR from Ultralytics"
        if len(graph.answers) != 1 or len(graph.answers[0].shape) != 3 or (graph.answers[0].shape[2] or 6) < 5:
            return "it has not one output (N, queries, 6) or (N, queries, 4 + classes)"
        return None

    def declared(self, graph: Graph) -> Declared:
        last = graph.answers[0].shape[2]
        classes = last - 4 if last not in (None, 6) else None
        return Declared("detection", classes, names(graph), size(graph), resize="stretch")

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        rows = next(value for name, value in outputs.items() if name != "features")
        # With two classes both forms are six wide; a score is hardly ever a whole number, a class always is.
        if rows.shape[1] == 6 and (rows[:, 5] == np.round(rows[:, 5])).all():
            confidences, labels = rows[:, 4], np.clip(rows[:, 5], -1, FAR).astype(np.intp)
        else:
            labels = rows[:, 4:].argmax(axis=1)
            confidences = rows[np.arange(len(rows)), 4 + labels]
        order = best(confidences)
        return placed(corners_in_input(rows[order, :4], placement), confidences[order], labels[order], placement)


READER = UltralyticsRtdetr()
