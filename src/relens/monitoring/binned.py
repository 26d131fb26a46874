"""Which condition of the log's query language finds what is in a bin of sizes or of image statistics: above its lower edge, up to its upper one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from relens.metrics.kinds import box_size, image_size
from relens.metrics.kinds.image_statistics import STATISTICS
from relens.predictions.complete import quoted
from relens.predictions.query_detections import of_size

Each = Callable[[Iterable[str | None]], list[str | None]]
"""Queries of a window for these conditions."""
_LISTS = {"side": "sides", "share": "shares", "ratio": "ratios"}


def box_sizes(found: dict[str, Any], label: str | None, each: Each) -> dict[str, Any]:
    """The value of "box_size": rows with their `query`, and `size_queries`."""
    made = dict(found)
    for measure, name in _LISTS.items():
        below = _edges_below(box_size.EDGES[measure])
        wanted = [_detection(measure, below[row["up_to"]], row["up_to"], label) for row in found[name]]
        made[name] = _with_queries(found[name], each(wanted))
    filled = [size for size in found["sizes"] if found["sizes"][size]]
    wanted = [_detection("side", *box_size.SIZES[size], label) for size in filled]
    return made | {"size_queries": dict(zip(filled, each(wanted), strict=True))}


def image_sizes(found: dict[str, Any], each: Each) -> dict[str, Any]:
    """The value of "image_size": rows with their `query`, and `ratio_queries`."""
    made = dict(found)
    for name in ("width", "height"):
        rows = found[name]["counts"]
        made[name] = {**found[name], "counts": _with_queries(rows, each(_between(name, image_size.EDGES[name], rows)))}
    made["areas"] = _with_queries(found["areas"], each(_between("area", image_size.EDGES["area"], found["areas"])))
    edges = [None, *image_size.RATIO_EDGES.tolist(), None]
    filled = [(name, i) for i, name in enumerate(image_size.RATIOS) if found["ratios"][name]]
    queries = each(_above_up_to("aspect", edges[i], edges[i + 1]) for _, i in filled)
    return made | {"ratio_queries": dict(zip([name for name, _ in filled], queries, strict=True))}


def looks(found: dict[str, Any], each: Each) -> dict[str, Any]:
    """The value of "image_statistics": each statistic with `bin_queries`, one beside each of its `counts`."""
    made = {}
    for name, one in found.items():
        edges = [None, *STATISTICS[name][1].tolist(), None]
        wanted = [_above_up_to(name, edges[i], edges[i + 1]) if n else None for i, n in enumerate(one["counts"])]
        made[name] = {**one, "bin_queries": each(wanted)}
    return made


def _between(field: str, edges: Any, rows: Sequence[dict[str, Any]]) -> list[str]:
    below = _edges_below(edges)
    return [_above_up_to(field, below[row["up_to"]], row["up_to"]) for row in rows]


def _above_up_to(field: str, above: float | None, upto: float | None) -> str:
    limits = [f"{field} > {_number(above)}"] if above is not None else []
    return " and ".join([*limits, *([f"{field} <= {_number(upto)}"] if upto is not None else [])])


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def _edges_below(edges: Any) -> dict[float | None, float | None]:
    """The lower edge of each bin by its upper one; None: it has none."""
    ends = [None, *np.asarray(edges).tolist(), None]
    return dict(zip(ends[1:], ends[:-1], strict=True))


def _detection(measure: str, above: float | None, upto: float | None, label: str | None) -> str:
    return f"detection = {quoted(of_size(measure, above, upto, label))}"


def _with_queries(rows: Sequence[dict[str, Any]], queries: Sequence[str | None]) -> list[dict[str, Any]]:
    return [{**row, "query": query} for row, query in zip(rows, queries, strict=True)]
