"""Which lines lack a value that is searched and sorted by: where NULL stands for it, and where a number does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from relens.predictions.tables import prediction, signal

_STANDS_FOR_NONE = {"latency_ms": 0.0}
"""Of columns that are never NULL: nothing takes no time at all."""


def may_lack(name: str) -> bool:
    """Whether a line need not have a value in this column of `signal` or `prediction`."""
    table = signal if name in signal.c else prediction
    return name in _STANDS_FOR_NONE or bool(table.c[name].nullable)


def lacks(name: str, column: Any) -> ColumnElement[bool]:
    """True of a line without a value in `column`, which is the column of this name, or what stands for it."""
    found: ColumnElement[bool] = column == _STANDS_FOR_NONE[name] if name in _STANDS_FOR_NONE else column.is_(None)
    return found


def has(name: str, column: Any) -> ColumnElement[bool]:
    """The opposite, as a stretch of an index on the column."""
    found: ColumnElement[bool] = column > _STANDS_FOR_NONE[name] if name in _STANDS_FOR_NONE else column.is_not(None)
    return found


def known(name: str, value: Any) -> Any:
    """What was read from the column; None where the line lacks it."""
    return None if value == _STANDS_FOR_NONE.get(name) else value
