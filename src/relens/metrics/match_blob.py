"""The matches of one image as bytes, so that a restart reads them instead of matching again.

Layout, little-endian: length of a JSON header (uint32); the header, [[label, detections], ..]; then per label scores
(float64), hits and ignored (uint16, four areas each) and objects to be found (int64, four areas). 24 bytes a detection.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relens.kit.errors import Invalid
from relens.metrics.matching import AREAS, LabelMatch

_WIDTH = len(AREAS)


class BrokenBlob(Invalid):
    """The bytes are not what `pack` wrote."""


def pack(matches: Mapping[Any, LabelMatch]) -> bytes:
    """Labels must be what JSON keeps as it is: text or whole numbers."""
    header = json.dumps([[label, len(match.scores)] for label, match in matches.items()]).encode()
    parts = [np.array([len(header)], dtype="<u4").tobytes(), header]
    for match in matches.values():
        parts += [
            match.scores.astype("<f8").tobytes(),
            match.hits.astype("<u2").tobytes(),
            match.ignored.astype("<u2").tobytes(),
            match.positives.astype("<i8").tobytes(),
        ]
    return b"".join(parts)


def unpack(blob: bytes) -> dict[Any, LabelMatch]:
    """What was packed. Raises BrokenBlob."""
    try:
        start = 4 + int.from_bytes(blob[:4], "little")
        counted = json.loads(blob[4:start])
        reader = _Reader(blob, start)
        matches = {
            label: LabelMatch(
                reader.read("<f8", n).astype(np.float64),
                reader.read("<u2", n * _WIDTH).astype(np.uint16).reshape(n, _WIDTH),
                reader.read("<u2", n * _WIDTH).astype(np.uint16).reshape(n, _WIDTH),
                reader.read("<i8", _WIDTH).astype(np.int64),
            )
            for label, n in counted
        }
    except (ValueError, TypeError) as error:
        raise BrokenBlob(f"stored matches cannot be read ({error}); match the image again") from error
    if reader.at != len(blob):
        raise BrokenBlob("stored matches are longer than they say; match the image again")
    return matches


class _Reader:
    """Takes arrays from the bytes, one after the other."""

    def __init__(self, blob: bytes, at: int) -> None:
        self.blob, self.at = blob, at

    def read(self, kind: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.blob, dtype=kind, count=count, offset=self.at) if count else np.empty(0, dtype=kind)
        self.at += values.nbytes
        return values
