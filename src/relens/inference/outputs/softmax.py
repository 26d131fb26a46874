"""Classifiers with one row per image: probabilities (N, C), or logits, which become probabilities here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from relens.inference.graph import Graph
from relens.inference.outputs._rows import pick, row
from relens.inference.outputs._ultralytics import names, size
from relens.inference.preprocess import Placement
from relens.inference.reader import MOST, Declared, Found

NAME = "softmax"


class Softmax:
    title = "One label of many (softmax)"
    tasks = ("classification",)

    def refusal(self, graph: Graph) -> str | None:
        task = graph.metadata.get("task", "classify")
        if task != "classify":
            return f"its metadata say task '{task}', not 'classify'"
        found = row(graph)
        if found is None:
            return "it has not one output (N, classes)"
        named = graph.metadata.get("relens.outputs")
        if named not in (None, NAME) or (found.made_by == "Sigmoid" and named != NAME):
            return "each of its labels has a sigmoid of its own"
        return None

    def declared(self, graph: Graph) -> Declared:
        found = row(graph)
        labels = names(graph)
        return Declared(
            "classification",
            classes=found.shape[1] if found else None,
            labels=labels,
            size=size(graph),
            # Ultralytics' classifiers are trained on the middle of the image.
            resize="crop" if labels else "stretch",
            assumed=labels is None,
        )

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        confidences = probabilities(pick(outputs))
        order = np.argsort(-confidences, kind="stable")[:MOST]
        return Found(order, confidences[order])


def probabilities(numbers: Any) -> Any:
    """`numbers` (C,) themselves where they are a distribution already, else their softmax."""
    shares = np.asarray(numbers, np.float64)
    if not (shares.min() >= 0 and abs(shares.sum() - 1) <= 1e-3):
        shares = np.exp(shares - shares.max())
        shares /= shares.sum()
    return np.clip(shares, 0.0, 1.0).astype(np.float32)


READER = Softmax()
