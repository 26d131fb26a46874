"""Classifiers that may say several labels of one image: (N, C) logits, whose sigmoid is taken here. Only when it is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from relens.inference.graph import Graph
from relens.inference.outputs._rows import pick, row
from relens.inference.preprocess import Placement
from relens.inference.reader import MOST, Declared, Found

NAME = "multilabel_logits"


class MultilabelLogits:
    title = "Several labels of one image (logits)"
    tasks = ("classification",)

    def refusal(self, graph: Graph) -> str | None:
        if row(graph) is None:
            return "it has not one output (N, classes)"
        if graph.metadata.get("relens.outputs") != NAME:
            return "logits of one label and of several look alike, so it must be named"
        return None

    def declared(self, graph: Graph) -> Declared:
        found = row(graph)
        return Declared("classification", classes=found.shape[1] if found else None, resize="stretch", assumed=True)

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        chances = 1 / (1 + np.exp(-np.clip(pick(outputs).astype(np.float64), -60, 60)))
        order = np.argsort(-chances, kind="stable")[:MOST]
        return Found(order, chances[order].astype(np.float32))


READER = MultilabelLogits()
