"""Classifiers with one row per image: probabilities (N, C), or logits, which become probabilities here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from relens.inference.graph import Graph, Value
from relens.inference.outputs._ultralytics import names, size
from relens.inference.preprocess import Placement
from relens.inference.reader import MOST, Declared, Found

_KNOWN = ("probabilities", "logits", "output0", "output")


class Softmax:
    title = "One label of many (softmax)"
    tasks = ("classification",)

    def refusal(self, graph: Graph) -> str | None:
        task = graph.metadata.get("task", "classify")
        if task != "classify":
            return f"its metadata say task '{task}', not 'classify'"
        if _row(graph) is None:
            return "it has not one output (N, classes)"
        return None

    def declared(self, graph: Graph) -> Declared:
        row = _row(graph)
        labels = names(graph)
        return Declared(
            "classification",
            classes=row.shape[1] if row else None,
            labels=labels,
            size=size(graph),
            # Ultralytics' classifiers are trained on the middle of the image.
            resize="crop" if labels else "stretch",
        )

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        known = [name for name in _KNOWN if name in outputs] or [name for name in outputs if name != "features"]
        confidences = probabilities(outputs[known[0]])
        order = np.argsort(-confidences, kind="stable")[:MOST]
        return Found(order, confidences[order])


def probabilities(row: Any) -> Any:
    """The row (C,) itself where it is a distribution already, else its softmax."""
    row = np.asarray(row, np.float64)
    if not (row.min() >= 0 and abs(row.sum() - 1) <= 1e-3):
        row = np.exp(row - row.max())
        row /= row.sum()
    return np.clip(row, 0.0, 1.0).astype(np.float32)


def _row(graph: Graph) -> Value | None:
    rows = [value for value in graph.outputs if len(value.shape) == 2 and value.name != "features"]
    known = [value for name in _KNOWN for value in rows if value.name == name]
    return known[0] if known else (rows[0] if len(rows) == 1 else None)


READER = Softmax()
