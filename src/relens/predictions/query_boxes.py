"""How large the box of a detection is, as a query writes it: "side 32 to 96" (the root of its area in pixels), "share above 0.5" (of the image),
"ratio up to 1" (width / height). Above the first number, up to the second: as the bins of box sizes are counted, so that each finds its own.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Float, case, cast, func

from relens.metrics.kinds.box_size import EDGES
from relens.predictions.tables import prediction

_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
WRITTEN = re.compile(
    rf"(?P<measure>{'|'.join(EDGES)}) "
    rf"(?:above (?P<beyond>{_NUMBER})|up to (?P<most>{_NUMBER})|(?P<above>{_NUMBER}) to (?P<upto>{_NUMBER}))(?: of (?P<label>.+))?",
    re.DOTALL,
)
_NEAR = 1e-5


class Within(NamedTuple):
    """Above the first, up to the second; None: no limit."""

    measure: str
    above: float | None
    upto: float | None


def of_box(measure: str, above: float | None, upto: float | None) -> str:
    """As it is written in a query, without the label."""
    if above is None:
        return f"{measure} up to {upto:g}"
    return f"{measure} above {above:g}" if upto is None else f"{measure} {above:g} to {upto:g}"


def within(found: re.Match[str]) -> Within:
    """Raises ValueError with a sentence."""
    measure = found["measure"]
    above, upto = (
        None if text is None else edge(EDGES[measure], float(text))
        for text in (found["above"] or found["beyond"], found["upto"] or found["most"])
    )
    if above is not None and upto is not None and not above < upto:
        raise ValueError("sizes go from a smaller one to a larger one")
    return Within(measure, above, upto)


def edge(edges: Any, value: float) -> float:
    """The edge of a bin that was meant, where it was written with six digits; else the number itself."""
    nearest = float(edges[np.abs(edges - value).argmin()])
    return nearest if abs(nearest - value) <= _NEAR * abs(nearest) else value


def conditions(wanted: Within, width: Any, height: Any) -> list[ColumnElement[bool]]:
    """On the sides of a box, in the very steps the histogram takes: what lies on an edge would fall elsewhere."""
    above, upto = wanted.above, wanted.upto
    size: Any = width * height
    if wanted.measure == "side":
        # Compared as areas, whose edges are whole numbers up to a rounding.
        above, upto = (None if one is None else one * one * (1 + 1e-12) for one in (above, upto))
    if wanted.measure == "share":
        size = size / func.nullif(cast(prediction.c.width, Float) * cast(prediction.c.height, Float), 0.0)
        upto = None if upto is not None and upto >= 1 else upto  # what sticks out covers all of it
    if wanted.measure == "ratio":
        size = width / case((height > 1e-9, height), else_=1e-9)
    limits = [size > above] if above is not None else [size.is_not(None)]
    return [*limits, *([size <= upto] if upto is not None else [])]
