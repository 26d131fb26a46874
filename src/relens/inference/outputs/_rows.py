"""What the readers of classifiers share: the one output with a number for each label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from relens.inference.graph import Graph, Value

_KNOWN = ("probabilities", "logits", "output0", "output")


def row(graph: Graph) -> Value | None:
    """The output (N, classes); None where there is none, or it is not alone and has no usual name."""
    rows = [value for value in graph.answers if len(value.shape) == 2]
    known = [value for name in _KNOWN for value in rows if value.name == name]
    return known[0] if known else (rows[0] if len(rows) == len(graph.answers) == 1 else None)


def pick(outputs: Mapping[str, Any]) -> Any:
    """The same in the answer to one image: (classes,)."""
    known = [name for name in _KNOWN if name in outputs]
    others = [name for name, value in outputs.items() if name != "features" and np.ndim(value) == 1]
    return outputs[(known or others)[0]]
