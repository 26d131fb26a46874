"""Classifiers that may say several labels of one image: (N, C), each label by its own sigmoid, which is in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from relens.inference.graph import Graph
from relens.inference.outputs._rows import pick, row
from relens.inference.preprocess import Placement
from relens.inference.reader import MOST, Declared, Found

NAME = "multilabel"


class Multilabel:
    title = "Several labels of one image (sigmoid)"
    tasks = ("classification",)

    def refusal(self, graph: Graph) -> str | None:
        found = row(graph)
        if found is None:
            return "it has not one output (N, classes)"
        if found.made_by != "Sigmoid" and graph.metadata.get("relens.outputs") != NAME:
            return "its output does not come from a sigmoid"
        return None

    def declared(self, graph: Graph) -> Declared:
        found = row(graph)
        return Declared("classification", classes=found.shape[1] if found else None, resize="stretch", assumed=True)

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        chances = pick(outputs).astype(np.float64)
        if chances.min() < 0 or chances.max() > 1:
            raise ValueError("a confidence outside 0 to 1: for logits, name the reader 'multilabel_logits'")
        order = np.argsort(-chances, kind="stable")[:MOST]
        return Found(order, chances[order].astype(np.float32))


READER = Multilabel()
