"""What an edge measured of an image it answered, so that drift is seen without the image."""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from relens.inference import features
from relens.predictions.said import BadPrediction

MOST = 4096


def scalars(written: Any) -> npt.NDArray[np.float32] | None:
    """In the order of `features.NAMES`; what was not measured is not known (NaN). Names of other versions are left out."""
    if written is None:
        return None
    if not isinstance(written, dict) or not all(_is_number(value) for value in written.values()):
        raise BadPrediction("scalars is an object of numbers by their names")
    return np.array([written.get(name, math.nan) for name in features.NAMES], dtype=np.float32)


def feature(written: Any) -> npt.NDArray[np.float16] | None:
    """The model's pooled features: base64 of little-endian half floats."""
    if written is None:
        return None
    try:
        data = base64.b64decode(written, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise BadPrediction("feature is base64 of half floats") from error
    if len(data) % 2 or not 0 < len(data) // 2 <= MOST:
        raise BadPrediction(f"feature is base64 of 1 to {MOST:,} half floats")
    vector = np.frombuffer(data, "<f2").astype(np.float16)
    if not np.isfinite(vector).all():
        raise BadPrediction("feature has a number that is not finite")
    return vector


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30
