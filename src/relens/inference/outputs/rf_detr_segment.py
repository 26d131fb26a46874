"""RF-DETR's segmenters: `dets`, `labels` as its detectors have, and `masks` (N, Q, h, w), logits over the whole input.

Pinned to rfdetr 1.11 `PostProcess`: masks are not cut at their boxes; here the part beyond the box's edge is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relens.inference.graph import Graph
from relens.inference.outputs._detr import best_pairs, corners_in_input, declared, refusal
from relens.inference.outputs._masks import segmented
from relens.inference.preprocess import Placement
from relens.inference.reader import Declared, Found

MARGIN = 0.1


class RfDetrSegment:
    title = "RF-DETR segment"
    tasks = ("segmentation",)

    def refusal(self, graph: Graph) -> str | None:
        masks = graph.output("masks")
        if masks is None or len(masks.shape) != 4 or graph.output("dets") is None:
            return "it has no outputs called 'dets', 'labels' and 'masks'"
        return refusal(graph, background=False)

    def declared(self, graph: Graph) -> Declared:
        return declared(graph, "segmentation")

    def read(self, outputs: Mapping[str, Any], placement: Placement) -> Found:
        queries, confidences, labels = best_pairs(outputs["labels"])
        boxes = corners_in_input(outputs["dets"][queries], placement)
        masks = outputs["masks"]
        # A mask may reach a little over its box, which was said by another head.
        more = (boxes[:, 2:] - boxes[:, :2]) * MARGIN
        boxes[:, :2] -= more
        boxes[:, 2:] += more
        return segmented(
            boxes,
            confidences,
            labels,
            lambda i, rows, columns: masks[queries[i], rows, columns],
            masks.shape[1:],
            placement,
        )


READER = RfDetrSegment()
