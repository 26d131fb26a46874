"""What Ultralytics writes into the metadata of every file it exports, as Python literals."""

from __future__ import annotations

from relens.inference.graph import Graph


def names(graph: Graph) -> tuple[str, ...] | None:
    """The labels by index, from {0: 'cat', 1: 'dog'} or a list; None when there are none or they leave gaps."""
    written = graph.declared_literal("names")
    if isinstance(written, list | tuple):
        written = dict(enumerate(written))
    if not isinstance(written, dict) or set(written) != set(range(len(written))) or not written:
        return None
    return tuple(str(written[index]) for index in range(len(written)))


def size(graph: Graph) -> tuple[int, int] | None:
    """The input's (width, height): Ultralytics writes [height, width], or one number for both."""
    written = graph.declared_literal("imgsz")
    if isinstance(written, int):
        return written, written
    if isinstance(written, list | tuple) and len(written) == 2 and all(isinstance(side, int) for side in written):
        return written[1], written[0]
    return None


def is_rtdetr(graph: Graph) -> bool:
    """Whether it is an RT-DETR, whose boxes are shares of the image."""
    said = graph.metadata.get("head", "") + graph.metadata.get("description", "")
    return "rtdetr" in said.lower().replace("-", "")
