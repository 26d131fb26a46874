"""What a benchmark prints: JSON that strict readers take. NaN and infinity, which are none, stand as null: nothing was said."""

import json
import math
from typing import Any


def as_line(report: Any, indent: int | None = None) -> str:
    """The report as one line, or indented for people."""
    return json.dumps(_known(report), indent=indent, allow_nan=False)


def _known(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: _known(inner) for name, inner in value.items()}
    return [_known(inner) for inner in value] if isinstance(value, list | tuple) else value
