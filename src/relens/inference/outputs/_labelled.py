"""What the readers of boxes, labels and scores share: three outputs known by their names, or by what only one of them can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from relens.inference.graph import Graph, Value
from relens.inference.outputs._boxes import Indices, Numbers, best


class Parts(NamedTuple):
    """The names of the outputs; `masks` is None where there are none."""

    boxes: str
    labels: str
    scores: str
    masks: str | None


def parts(values: Iterable[tuple[str, int, int | None, str]]) -> Parts | None:
    """Which output is which, of (name, axes without the batch, last side, element type); None where one is missing."""
    found: dict[str, str] = {}
    for name, axes, last, dtype in values:
        whole = dtype.startswith(("int", "uint"))
        kind = None
        if axes == 2 and last in (4, None) and not whole:
            kind = "boxes"
        elif axes == 1:
            kind = "labels" if whole else "scores"
        elif axes in (3, 4) and not whole:
            kind = "masks"
        if kind is None or kind in found:
            return None
        found[kind] = name
    if not {"boxes", "labels", "scores"} <= set(found):
        return None
    return Parts(found["boxes"], found["labels"], found["scores"], found.get("masks"))


def in_graph(graph: Graph) -> tuple[Parts, bool] | None:
    """The parts a file declares, and whether its outputs have a batch axis."""
    for batched in (False, True):
        found = parts(_kind(value, batched) for value in graph.answers)
        if found is not None:
            return found, batched
    return None


def in_answer(outputs: Mapping[str, Any]) -> Parts | None:
    """The parts of one image's answer."""
    return parts(
        (n, v.ndim, v.shape[-1] if v.ndim else None, str(v.dtype)) for n, v in outputs.items() if n != "features"
    )


def said(outputs: Mapping[str, Any], found: Parts, first_label: int) -> tuple[Numbers, Numbers, Indices, Indices]:
    """(boxes, confidences, labels, rows) above the floor, the most confident first; labels below `first_label` are left out."""
    scores, labels = outputs[found.scores].astype(np.float64), outputs[found.labels].astype(np.int64)
    order = best(np.where(labels >= first_label, scores, -1.0))
    return outputs[found.boxes][order], scores[order], (labels[order] - first_label).astype(np.intp), order


def _kind(value: Value, batched: bool) -> tuple[str, int, int | None, str]:
    return value.name, len(value.shape) - batched, value.shape[-1] if value.shape else None, value.dtype
