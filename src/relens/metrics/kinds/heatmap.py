"""Where in the image each label is found."""

from collections.abc import Mapping, Sequence

import numpy as np

from relens.metrics import heatmap
from relens.metrics.images import Images
from relens.metrics.metric import NOTHING_REACHED, WITH_SHAPES, Observed, State, States, Summed, Value
from relens.metrics.reference import Reference


def observe(images: Sequence[Observed], reference: Reference | None) -> Mapping[str, State]:
    """Per label int64[1024]: centres of answered boxes on a 32 x 32 grid, row by row from the top left."""
    several = Images.of(images)
    said = several.answers
    x1, y1, x2, y2 = said.corners.T
    centres = np.stack([(x1 + x2) / 2 / several.width[said.image], (y1 + y2) / 2 / several.height[said.image]], axis=1)
    return {label: heatmap.cells(centres[where]) for label, where in said.placed_by_label.items()}


def value(states: States, reference: Reference | None) -> Value:
    """All labels together: of one label the map is asked for by itself, because maps are large."""
    together = sum(states.values(), start=np.zeros(heatmap.SIDE**2, dtype=np.int64))
    return {
        "side": heatmap.SIDE,
        **_sparse(together),
        "labels": {label: {"count": int(state.sum())} for label, state in sorted(states.items())},
    }


def _sparse(cells: State) -> Value:
    """`cells` holds [index, count] for the cells that are not empty; most are."""
    filled = np.flatnonzero(cells)
    return {"count": int(cells.sum()), "cells": [[int(i), int(cells[i])] for i in filled]}


METRIC = Summed(
    title="Heatmap",
    definition="Where the centres of answered boxes lie, per label; every image is stretched to one square.",
    formula="counts on a 32 × 32 grid; index = row × 32 + column from the top left",
    source="A count of our own",
    needs="predictions",
    lacks=NOTHING_REACHED,
    tasks=WITH_SHAPES,
    unit="detections",
    observe=observe,
    value=value,
)
