"""Numbers among a trainer's parameters: within their range, and whole where they count something."""

import math
from collections.abc import Mapping

from relens.training.trainer import BadParameters

WHOLE = frozenset({"epochs", "image_size", "batch", "seed"})


def check_number(name: str, value: object, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Raises BadParameters."""
    low, high = ranges[name]
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high or (name in WHOLE and value != int(value)):  # type: ignore[operator, call-overload]
        kind = "a whole number" if name in WHOLE else "a number"
        raise BadParameters(f"the parameter '{name}' is {kind} from {low:g} to {high:g}, not {str(value)[:40]!r}")
