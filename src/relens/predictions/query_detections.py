"""Conditions on one and the same detection of an answer: where its centre lies, how sure it is, how large, what it is.

"cell 12,7": the centre lies in this column and row of a grid of 32 by 32; "confidence 0.48 to 0.5": from the first up to, but not, the second (1 belongs to the
last); "side 32 to 96", "share above 0.5", "ratio up to 1" (of its box: the root of its area in pixels, the share of the image, width / height): above the first,
up to the second; "… of bolt": and its label is this one. No index knows of detections, so lines are read one by one, as far as a page's time reaches.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sqlalchemy import JSON, ColumnElement, Float, and_, cast, func, literal, select, true

from relens.metrics.heatmap import SIDE
from relens.metrics.kinds.confidence import BINS
from relens.predictions import query_boxes
from relens.predictions.query_boxes import Within, of_box
from relens.predictions.tables import prediction

_WRITTEN = re.compile(
    r"(?:cell (?P<column>\d{1,2}),(?P<row>\d{1,2})|confidence (?P<low>[01](?:\.\d+)?) to (?P<high>[01](?:\.\d+)?))(?: of (?P<label>.+))?",
    re.DOTALL,
)


class Wanted(NamedTuple):
    """What one detection has to be like; None: anything."""

    cell: tuple[int, int] | None
    confidence: tuple[float, float] | None
    label: str | None
    size: Within | None = None


def of_cell(column: int, row: int, label: str | None) -> str:
    """As it is written in a query."""
    return f"cell {column},{row}{_of(label)}"


def of_confidence(low: float, high: float, label: str | None) -> str:
    return f"confidence {low:g} to {high:g}{_of(label)}"


def of_size(measure: str, above: float | None, upto: float | None, label: str | None) -> str:
    """`measure`: side, share or ratio. Above the first, up to the second."""
    return f"{of_box(measure, above, upto)}{_of(label)}"


def _of(label: str | None) -> str:
    return "" if label is None else f" of {label}"


def read(written: str) -> Wanted:
    """Raises ValueError with a sentence."""
    if sized := query_boxes.WRITTEN.fullmatch(written.strip()):
        return Wanted(None, None, sized["label"], query_boxes.within(sized))
    found = _WRITTEN.fullmatch(written.strip())
    if found is None:
        raise ValueError(
            "write it as 'cell 12,7' (column, row), as 'confidence 0.48 to 0.5', as 'side 32 to 96', 'share above 0.5' or 'ratio up to 1', "
            "or with ' of LABEL' behind"
        )
    cell = None if found["column"] is None else (int(found["column"]), int(found["row"]))
    if cell is not None and max(cell) >= SIDE:
        raise ValueError(f"columns and rows are 0 to {SIDE - 1}")
    confidence = None if found["low"] is None else (float(found["low"]), float(found["high"]))
    if confidence is not None and not 0 <= confidence[0] < confidence[1] <= 1:
        raise ValueError("confidences go from a smaller one to a larger one, between 0 and 1")
    return Wanted(cell, confidence, found["label"])


def some_detection(written: str, dialect: str) -> ColumnElement[bool]:
    """Whether some answered detection of the line is so; `prediction` must be joined."""
    wanted = read(written)
    each = _each(dialect)
    sure = _number(each, dialect, "confidence")
    parts: list[ColumnElement[bool]] = [sure >= prediction.c.threshold]
    if wanted.label is not None:
        parts.append(_text(each, dialect, "label") == wanted.label)
    if wanted.confidence is not None:
        # Counted as the histogram counts: 0.58 * 50 is a little less than 29.
        low, high = (round(one * BINS, 9) for one in wanted.confidence)
        parts += [sure * BINS >= low, *([sure * BINS < high] if wanted.confidence[1] < 1 else [])]
    if wanted.cell is not None:
        for first, place, side in zip((0, 1), wanted.cell, (prediction.c.width, prediction.c.height), strict=True):
            corners = (_number(each, dialect, "box", at) for at in (first, first + 2))
            # The division first, as the heatmap does it: a centre on an edge would fall elsewhere.
            share = sum(corners, start=literal(0.0, Float)) / 2 / cast(side, Float)
            parts += [share * SIDE >= place] if place else [share.is_not(None)]
            parts += [share * SIDE < place + 1] if place < SIDE - 1 else []
    if wanted.size is not None:
        x1, y1, x2, y2 = (_number(each, dialect, "box", at) for at in range(4))
        parts += query_boxes.conditions(wanted.size, x2 - x1, y2 - y1)
    return select(literal(1)).select_from(each).where(and_(true(), *parts)).correlate(prediction).exists()


def _each(dialect: str) -> Any:
    if dialect == "postgresql":
        return func.json_array_elements(cast(prediction.c.detections, JSON)).table_valued("value").render_derived()
    return func.json_each(prediction.c.detections).table_valued("value")


def _text(each: Any, dialect: str, name: str) -> ColumnElement[str]:
    if dialect == "postgresql":
        return func.json_extract_path_text(each.c.value, name)
    return func.json_extract(each.c.value, f"$.{name}")


def _number(each: Any, dialect: str, name: str, place: int | None = None) -> ColumnElement[float]:
    if dialect == "postgresql":
        path = (name,) if place is None else (name, str(place))
        return cast(func.json_extract_path_text(each.c.value, *path), Float)
    return func.json_extract(each.c.value, f"$.{name}" if place is None else f"$.{name}[{place}]", type_=Float)
