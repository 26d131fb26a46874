"""What an image looks like, as a query asks for it: `brightness < 0.2`. The numbers stand in the log as the bytes of small floats, of which no database
makes numbers; written in hexadecimal, the highest byte first, they lie in the order of the numbers, the negative ones the other way round.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, and_, exists, func, not_, or_

from relens.inference.features import NAMES
from relens.metrics.kinds.image_statistics import STATISTICS
from relens.predictions.query_boxes import edge
from relens.predictions.tables import feature

_BYTES = 4
_INFINITE, _NEGATIVE, _NEGATIVE_INFINITE = "7f800000", "80000000", "ff800000"


def is_look(name: str) -> bool:
    return name in STATISTICS


def some_look(name: str, operator: str, values: tuple[Any, ...], row: Any, dialect: str) -> ColumnElement[bool]:
    """Whether the number of the line at `row["log_seq"]` is so; false where there is none."""
    here = [feature.c.log_seq == row["log_seq"], func.length(feature.c.scalars) == _BYTES * len(NAMES)]
    key = _key(NAMES.index(name), dialect)
    known = not_(or_(and_(key > _INFINITE, key < _NEGATIVE), key > _NEGATIVE_INFINITE))
    if operator == "empty":
        return not_(exists().where(*here, known))
    numbers = [edge(STATISTICS[name][1], float(value)) for value in values]
    return exists().where(*here, known, or_(*(_compared(key, operator, number) for number in numbers)))


def _compared(key: Any, operator: str, value: float) -> ColumnElement[bool]:
    if operator in ("=", "in"):
        return and_(_up_to(key, value, True), not_(_up_to(key, value, False)))
    found = _up_to(key, value, operator in ("<=", ">"))
    return not_(found) if operator in (">", ">=") else found


def _up_to(key: Any, value: float, itself: bool) -> ColumnElement[bool]:
    """Whether the number is not larger than `value`, or smaller than it."""
    with np.errstate(over="ignore"):
        most = np.float32(value)
        if float(most) > value or (not itself and float(most) == value):
            most = np.nextafter(most, np.float32(-np.inf))
    # Of the two zeros the negative one is the last of the negative numbers.
    written = struct.pack(">f", most + np.float32(0)).hex()
    return and_(key >= _NEGATIVE, key >= written) if most < 0 else or_(key >= _NEGATIVE, key <= written)


def _key(place: int, dialect: str) -> Any:
    """Eight letters: the bytes of one number, of which the lowest comes first in the log."""
    found: Any = None
    for at in range(_BYTES * (place + 1), _BYTES * place, -1):
        byte: Any = func.substr(feature.c.scalars, at, 1)
        text: Any = func.encode(byte, "hex") if dialect == "postgresql" else func.lower(func.hex(byte))
        found = text if found is None else found.concat(text)
    return found.collate("C") if dialect == "postgresql" else found
